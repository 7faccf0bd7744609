"""Every run: two layers and one, the clamp, and doubly stochastic chains with forgetful ones and without."""

from induction_heads.machinery.short import Rows

from .network import Statistical

SEEDS = (0, 1, 2, 3, 4)
FEW = 3  # seeds of all but the stumbling block
TWO, ONE, CLAMPED = "two layers", "one layer", "two layers, previous token clamped"
PURE, MIXED = "doubly stochastic", "with forgetful chains"


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
