"""Every run: two data sets for networks, one with as many labels as classes; the toy model depends on no seed."""

from induction_heads.machinery.short import Rows
from induction_heads.networks.noisy_pairs import NoisyPairs

SEEDS = (0, 1, 2)
EQUAL, FEW = "1,024 classes, as many labels", "2,048 classes, 32 labels"
TOY_STEPS = {"paper": 1, "smoke": 40}  # what the toy's are divided by


def networks(profile: str, seed: int) -> Rows:
    if profile == "smoke":
        return {
            EQUAL: NoisyPairs(4, seed, 32, 32, tests=20, evaluate_every=2),
            FEW: NoisyPairs(4, seed, 64, 8, tests=20, evaluate_every=2),
        }
    return {EQUAL: NoisyPairs(1500, seed, 1024, 1024), FEW: NoisyPairs(1500, seed, 2048, 32)}
