"""Readings of `clamp_your_own_model`: the paper's order on a plain model of tokens."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from induction_heads.machinery.reading import listed, prediction

Times = Mapping[str, int]  # `own_model.times`
SCORED = 0.5  # a head that gives the pattern more attention than all else together


def waits(times: Times) -> bool:
    """A plateau: a wait (above 0.9 ln 12) longer than the fall from there to 0.1 ln 12, as in `03_toy_model`."""
    return times["left"] > times["done"] - times["left"]


def reading_order(learnt: Mapping[str, Times]) -> list[str]:
    """Sequences until each level, by condition; the paper's order is that of Figure 5b."""
    none, one, pattern = (learnt[name] for name in ("no clamp", "step 1", "induction pattern"))
    ordered = pattern["learnt"] < one["learnt"] < none["learnt"]
    told = listed(f"{times['learnt']:,} ({name})" for name, times in learnt.items())
    plateaus = listed(name for name, times in learnt.items() if waits(times)) or "none"
    return [
        prediction(
            ordered and waits(none) and not waits(pattern),
            f"learnt after {told} sequences; with a plateau: {plateaus}",
        )
    ]


def reading_heads(
    at: Sequence[int],
    previous: Mapping[str, Float[np.ndarray, "time head"]],
    induced: Mapping[str, Float[np.ndarray, "time head"]],
) -> list[str]:
    """When each layer's best head first gives the pattern half of its attention, and who has it at the end."""
    formed = {name: (_first(at, previous[name]), _first(at, induced[name])) for name in previous}
    free, given = formed["no clamp"], formed["step 1"]
    first, second = (math.inf if time is None else time for time in free)
    together = max(first, second) < math.inf and abs(first - second) <= max(first, second) / 4
    sooner = given[1] is not None and given[1] < second
    left, most = previous["induction pattern"][-1], induced["induction pattern"][-1]
    others = np.delete(most, 0)
    return [
        prediction(
            bool(together and sooner),
            f"a head of each layer gives the pattern more than half of its attention from {_when(free[0])} (Layer 1) "
            f"and {_when(free[1])} (Layer 2) on without a clamp; with step 1 given Layer 2 does so from "
            f"{_when(given[1])} on",
        ),
        f"With the pattern given, the best head of Layer 1 ends at {left.max():.2f} and the best of Layer 2 that is "
        f"not clamped at {others.max():.2f}: "
        + (
            "nobody else has learnt the pattern."
            if max(left.max(), others.max()) < SCORED
            else "others have learnt it all the same."
        ),
    ]


def _first(at: Sequence[int], scores: Float[np.ndarray, "time head"]) -> int | None:
    above = scores.max(1) >= SCORED
    return int(at[int(above.argmax())]) if above.any() else None


def _when(sequences: int | None) -> str:
    return "never" if sequences is None else f"{sequences:,} sequences"
