"""Every run of the paper: sweeps over the number of classes, the part of bursty sequences, and Zipf's exponent."""

from induction_heads.machinery.run import Run
from induction_heads.machinery.short import Rows
from induction_heads.networks.noisy_pairs import NoisyPairs

SEEDS = (0, 1, 2)
LABELS = 32
CLASSES = (128, 512, 1024, 2048, 4096)  # K
SHOWN = (0.0, 0.5, 0.9, 1.0)  # p, with 2,048 classes
ZIPF = (0.0, 0.5, 1.0, 1.5)  # z, with 2,048 classes and p = 0.9
MAIN, BURSTY = 2048, 0.9
STEPS, ZIPF_STEPS = 800, 1500
SETS = ("training", "context", "flip", "constrained", "weights")


def _run(profile: str, seed: int, steps: int, classes: int, shown: float = 1.0, zipf: float = 0.0) -> NoisyPairs:
    if profile == "smoke":
        return NoisyPairs(4, seed, classes // 8, 8, shown, zipf, tests=20, evaluate_every=2)
    return NoisyPairs(steps, seed, classes, LABELS, shown, zipf, evaluate_every=100)


def by_classes(profile: str, seed: int) -> Rows:
    rows: dict[str, Run] = {f"{k}": _run(profile, seed, STEPS, k) for k in CLASSES}
    return rows


def by_shown(profile: str, seed: int) -> Rows:
    rows: dict[str, Run] = {f"{p:g}": _run(profile, seed, STEPS, MAIN, p) for p in SHOWN}
    return rows


def by_zipf(profile: str, seed: int) -> Rows:
    """Exploratory: drawn for one seed, and no claim is made of it."""
    rows: dict[str, Run] = {f"{z:g}": _run(profile, seed, ZIPF_STEPS, MAIN, BURSTY, z) for z in ZIPF}
    return rows
