"""Every run of the paper: contexts of four and of eight pairs, each at its rate, over the seeds."""

from induction_heads.machinery.short import Rows

from .network import Induction

SEEDS = (0, 1, 2)
CONTEXTS = {"paper": (4, 8, 16, 32, 64, 128, 256), "smoke": (4, 8, 16, 32)}  # of the flow, by profile
SLOPES_FROM = 16  # pairs: below, slopes are still those of a small context


def networks(profile: str, seed: int) -> Rows:
    """N = 4 at rate 8, N = 8 at rate 16: time is steps times rate."""
    if profile == "smoke":
        return {"4 pairs": Induction(20, seed, 4, 8.0, 8, 16), "8 pairs": Induction(20, seed, 8, 16.0, 8, 16)}
    return {"4 pairs": Induction(700, seed, 4, 8.0), "8 pairs": Induction(800, seed, 8, 16.0)}
