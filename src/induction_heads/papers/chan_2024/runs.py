"""Every run of the paper: gates on three sizes of the training set by two of the noise, transformers on the smaller."""

from induction_heads.machinery.short import Rows

from .network import Gate
from .transformer import Transformer

SEEDS = (0, 1, 2)
SIZES, NOISES = (2**6, 2**10, 2**14), (0.2, 0.4)


def name(sequences: int, noise: float) -> str:
    return f"{sequences} sequences, noise {noise:g}"


def gates(profile: str, seed: int) -> Rows:
    rows = {}
    for noise in NOISES:
        for size in SIZES:
            if profile == "smoke":
                rows[name(size, noise)] = Gate(200, seed, size, noise, tests=20)
            else:
                rows[name(size, noise)] = Gate(1600, seed, size, noise)
    return rows


def transformers(profile: str, seed: int) -> Rows:
    """Beside the gates: the two smaller sets, the quieter noise. No claim is made of them."""
    few, some, _ = SIZES
    steps, tests = (200, 20) if profile == "smoke" else (1600, 500)
    return {name(size, NOISES[0]): Transformer(steps, seed, size, NOISES[0], tests) for size in (few, some)}
