"""Every run of the paper: the abrupt one, as many labels as pairs, the clamp, and the grid of data sets."""

import dataclasses

from induction_heads.machinery.short import Rows

from .network import EachLabelOnce, InContext, LabelsClamped
from .task import PAIRS

SEEDS = (0, 1, 2)
LOGITS = {"8 of 32": (8, 32), "4 of 32": (4, 32), "8 of 8": (8, 8), "4 of 4": (4, 4)}  # pairs and labels
DATA = {"(2048, 1)": (2048, 1), "(512, 4)": (512, 4), "(512, 0)": (512, 0), "(128, 1)": (128, 1)}  # classes and burst
FREE, CLAMPED, BLOCKED = "32 labels", "32 labels, previous token clamped", "8 labels"
AT_LABELS = "32 labels, clamped at labels alone"
NEW, ONCE = "8 labels, all classes new", "8 labels, none twice in a context"
SMOKE = {"steps": 6, "classes": 40, "tests": 20, "evaluate_every": 3}


def _run(profile: str, seed: int, steps: int, **settings) -> InContext:
    given = {"steps": steps, "seed": seed} | settings
    return InContext(**(given | (SMOKE if profile == "smoke" else {})))


def abrupt(profile: str, seed: int) -> Rows:
    return {FREE: _run(profile, seed, 1000)}


def equal(profile: str, seed: int) -> Rows:
    """As many labels as pairs; and so in two more settings: no class is ever known, and contexts hold every label."""
    run = _run(profile, seed, 1200, labels=PAIRS)
    return {
        BLOCKED: run,
        NEW: dataclasses.replace(run, fresh=1.0),
        ONCE: EachLabelOnce(**dataclasses.asdict(run)),
    }


def clamp(profile: str, seed: int) -> Rows:
    """The clamp at every token; and, in one more setting, where an induction head needs it."""
    run = _run(profile, seed, 1000)
    return {
        **abrupt(profile, seed),
        CLAMPED: dataclasses.replace(run, clamped=True),
        AT_LABELS: LabelsClamped(**dataclasses.asdict(run)),
    }


def data(profile: str, seed: int) -> Rows:
    return {
        name: _run(profile, seed, 4000, fresh=0.0, burst=burst, evaluate_every=200, classes=classes)
        for name, (classes, burst) in DATA.items()
    }
