"""Every run: fixed and random triggers, keys that are not learnt, and two kinds of positions."""

from induction_heads.machinery.short import Rows

from .network import Memory

SEEDS = (0, 1, 2)
FIXED, RANDOM = "fixed triggers", "random triggers"
FROZEN = "keys as drawn"
ABSOLUTE, RELATIVE = "absolute positions", "relative positions"
MAPS_AT = (0, 75, 150, 300)  # steps


def _run(profile: str, seed: int, steps: int, maps_at: tuple[int, ...] = (), **settings) -> Memory:
    if profile == "smoke":
        small = {"width": 16, "tests": 8, "evaluate_every": 2}
        return Memory(8, seed, maps_at=tuple(at // 40 for at in maps_at), **(small | settings))
    return Memory(steps, seed, maps_at=maps_at, **settings)


def triggers(profile: str, seed: int) -> Rows:
    return {
        FIXED: _run(profile, seed, 300, MAPS_AT),
        RANDOM: _run(profile, seed, 300, fixed_triggers=False),
    }


def fixed(profile: str, seed: int) -> Rows:
    return {FIXED: triggers(profile, seed)[FIXED]}


def keys(profile: str, seed: int) -> Rows:
    return {
        RANDOM: triggers(profile, seed)[RANDOM],
        FROZEN: _run(profile, seed, 200, fixed_triggers=False, keys=False),
    }


def positions(profile: str, seed: int) -> Rows:
    return {ABSOLUTE: _run(profile, seed, 150), RELATIVE: _run(profile, seed, 150, relative=True)}
