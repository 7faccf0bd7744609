"""Readings of `clamp_your_own_model`: the paper's order on a plain model of tokens."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from induction_heads.machinery.reading import in_words, listed, prediction

Times = Sequence[Mapping[str, int]]  # `own_model.times` of every seed
SCORED = 0.5  # a head that gives the pattern more attention than all else together


def waits(times: Mapping[str, int]) -> bool:
    """A plateau: a wait (above 0.9 ln 12) longer than the fall from there to 0.1 ln 12, as in `03_toy_model`."""
    return times["left"] > times["done"] - times["left"]


def reading_order(learnt: Mapping[str, Times]) -> list[str]:
    """Sequences until each level, by condition and seed; the paper's order is that of Figures 5b and 8."""
    none, one, every, pattern = (
        np.array([seed["learnt"] for seed in learnt[name]])
        for name in ("no clamp", "step 1, one head", "step 1, all heads", "induction pattern")
    )
    n = len(none)
    ordered, no_wait = (
        int(((pattern < one) & (one < none)).sum()),
        sum(not waits(t) for t in learnt["induction pattern"]),
    )
    slower, slowest = int((every > one).sum()), int((every > none).sum())
    return [
        "*Order.* "
        + prediction(
            bool(ordered == n and no_wait == n and all(map(waits, learnt["no clamp"]))),
            "with the pattern given the task is learnt before it is with step 1, and with step 1 before it is with "
            f"nothing, in {in_words(ordered, n)} ({_span(pattern)}, {_span(one)} and {_span(none)} sequences); a "
            f"plateau in {in_words(sum(map(waits, learnt['no clamp'])), n)} without a clamp and in "
            f"{in_words(n - no_wait, n)} with the pattern",
        ),
        "*All heads of Layer 1.* "
        + prediction(
            slower == n,
            f"given to all heads, step 1 is slower than given to one in {in_words(slower, n)} ({_span(every)} "
            f"sequences)",
        ),
        f"It is slower than no clamp at all, as in the paper's Figure 8, in {in_words(slowest, n)}"
        + ("." if slowest == n else ": in that the model of tokens differs from the paper's network."),
    ]


def _span(times: np.ndarray) -> str:
    return f"{times.min():,}" if times.min() == times.max() else f"{times.min():,} to {times.max():,}"


def reading_heads(
    at: Sequence[int],
    previous: Mapping[str, Float[np.ndarray, "time head"]],
    induced: Mapping[str, Float[np.ndarray, "time head"]],
) -> list[str]:
    """When each layer's best head first gives the pattern half of its attention, and who has it at the end."""
    formed = {name: (_first(at, previous[name]), _first(at, induced[name])) for name in previous}
    free, given = formed["no clamp"], formed["step 1, one head"]
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


def reading_text(losses: Mapping[str, Float[np.ndarray, " step"]], last: int = 20) -> list[str]:
    """Losses on text made on the spot; their order was predicted to be that on repeated blocks."""
    ends = {name: float(loss[-last:].mean()) for name, loss in losses.items()}
    return [
        prediction(
            ends["induction pattern"] < ends["step 1, one head"] < ends["no clamp"],
            f"over the last {last} steps the loss is "
            + listed(f"{loss:.2f} nats ({name})" for name, loss in ends.items()),
        ),
        f"Without a clamp the loss has fallen by {losses['no clamp'][:last].mean() - ends['no clamp']:.2f} nats in "
        "these steps, with the pattern given by "
        f"{losses['induction pattern'][:last].mean() - ends['induction pattern']:.2f}.",
    ]
