"""Every run of the paper: all ranges of lengths, with four triggers and with eight, over the seeds."""

from induction_heads.machinery.short import Rows

from .network import CELLS, Grid

SEEDS = (0, 1, 2)
TRIGGERS = (4, 8)


def grids(profile: str, seed: int) -> Rows:
    size = {} if profile == "paper" else {"samples": 256, "tests": 64}
    return {f"{triggers} triggers": Grid(len(CELLS), seed, triggers, **size) for triggers in TRIGGERS}
