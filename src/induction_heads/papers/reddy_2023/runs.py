"""Every run of the paper: the abrupt one, as many labels as pairs, the clamp, and the grid of data sets."""

import dataclasses

from induction_heads.machinery.short import Rows

from .network import EachLabelOnce, InContext
from .task import PAIRS

SEEDS = (0, 1, 2)
LOGITS = {"8 of 32": (8, 32), "4 of 32": (4, 32), "8 of 8": (8, 8), "4 of 4": (4, 4)}  # pairs and labels
DATA = {"(2048, 1)": (2048, 1), "(512, 4)": (512, 4), "(512, 0)": (512, 0), "(128, 1)": (128, 1)}  # classes and burst
FREE, CLAMPED, BLOCKED = "32 labels", "32 labels, previous token clamped", "8 labels"
ONCE = "8 labels, none twice in a context"
SMOKE = {"steps": 6, "classes": 40, "tests": 20, "evaluate_every": 3}


def _run(profile: str, seed: int, steps: int, **settings) -> InContext:
    given = {"steps": steps, "seed": seed} | settings
    return InContext(**(given | (SMOKE if profile == "smoke" else {})))


def abrupt(profile: str, seed: int) -> Rows:
    return {FREE: _run(profile, seed, 1000)}


def blocked(profile: str, seed: int) -> Rows:
    return {BLOCKED: _run(profile, seed, 1200, labels=PAIRS)}


def once(profile: str, seed: int) -> Rows:
    """Beside `blocked`: contexts hold every label, so that none can be told from its absence."""
    run = _run(profile, seed, 1200, labels=PAIRS)
    return {BLOCKED: run, ONCE: EachLabelOnce(**dataclasses.asdict(run))}


def clamp(profile: str, seed: int) -> Rows:
    return {**abrupt(profile, seed), CLAMPED: _run(profile, seed, 1000, clamped=True)}


def data(profile: str, seed: int) -> Rows:
    """Not in reproduce-all: some twenty minutes."""
    return {
        name: _run(profile, seed, 4000, fresh=0.0, burst=burst, evaluate_every=200, classes=classes)
        for name, (classes, burst) in DATA.items()
    }
