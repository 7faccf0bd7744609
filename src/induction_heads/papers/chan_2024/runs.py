"""Every run of the paper: three sizes of the training set by two sizes of the noise, over the seeds."""

from induction_heads.machinery.short import Rows

from .network import Gate

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
