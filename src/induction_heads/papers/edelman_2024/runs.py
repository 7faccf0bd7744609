"""Every run: layers, the clamp, doubly stochastic chains, the minimal model, and what the plateau hangs on."""

import dataclasses

from induction_heads.machinery.short import Rows

from .minimal import Minimal
from .network import Faster, Scalar, Statistical

SEEDS = (0, 1, 2, 3, 4)
FEW = 3  # seeds of all but the stumbling block
TWO, ONE, CLAMPED = "two layers", "one layer", "two layers, previous token clamped"
PURE, MIXED = "doubly stochastic", "with forgetful chains"
NUMBERS, FAST = "a number a lag", "three times the rate"


def _run(profile: str, seed: int, steps: int, **settings) -> Statistical:
    if profile == "smoke":
        return Statistical(**({"steps": 4, "seed": seed, "tests": 16} | settings | {"evaluate_every": 2}))
    return Statistical(**({"steps": steps, "seed": seed} | settings))


def layers(profile: str, seed: int) -> Rows:
    return {TWO: _run(profile, seed, 700), ONE: _run(profile, seed, 700, layers=1)}


def clamp(profile: str, seed: int) -> Rows:
    return {TWO: layers(profile, seed)[TWO], CLAMPED: _run(profile, seed, 400, clamped=True)}


def stumbling(profile: str, seed: int) -> Rows:
    settings = {"kind": "doubly stochastic", "evaluate_every": 10}
    return {
        PURE: _run(profile, seed, 350, **settings),
        MIXED: _run(profile, seed, 350, forgetful=21, **settings),
    }


def minimal(profile: str, seed: int) -> Rows:
    return {"minimal model": Minimal(4, seed, 16, 2) if profile == "smoke" else Minimal(300, seed)}


def fragile(profile: str, seed: int) -> Rows:
    """Two layers, with what makes the plateau short; drawn for one seed, and no claim is made of it."""
    two = _run(profile, seed, 700)
    settings = dataclasses.asdict(two)
    return {TWO: two, NUMBERS: Scalar(**settings), FAST: Faster(**settings)}
