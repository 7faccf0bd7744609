"""Readings of figure 8 (notebook 07_previous_token_heads)."""

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.reading import listed, number, prediction

from .words import beside

NEAR_ONE = 0.9  # attention to the token before, of a head that does nothing else
HARDLY = 1.5  # times as long: the criterion of claim figure-8
AS_WITHOUT = 0.1  # nats on unseen classes that still count as the same
CLEARLY = 2  # times the gap between unseen classes and the training set
STRONGEST, WEAKEST = "strongest previous-token head", "weakest previous-token head"
ONE = {STRONGEST: "the head that attends there most", WEAKEST: "the one that does least"}


def reading_8_heads(attention: Float[np.ndarray, " head"], even: float) -> list[str]:
    """Whether some head looks at the token before and the rest are anywhere; `even` is what spread attention gives."""
    highest, lowest = int(attention.argmax()), int(attention.argmin())
    between = int(((attention >= even) & (attention < NEAR_ONE)).sum())
    return [
        prediction(
            bool(attention.max() >= NEAR_ONE and attention.min() < even),
            f"L1H{highest} gives the token before {attention.max():.2f} of its attention, L1H{lowest} "
            f"{attention.min():.2f}, and {between} of the {len(attention)} lie between {even:.3f} (attention spread "
            f"evenly) and {NEAR_ONE}",
        )
    ]


def reading_8(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Whether one head, another, three or all change the learning time as predicted; `measures.learning` tables."""
    times, paper = ours["learnt after"].fillna(np.inf), theirs["learnt after"]
    none, single, three, every = times["no clamp"], times[list(ONE)], times["three heads"], times["all heads"]
    told = listed([f"{text} {beside(times[name], paper[name])}" for name, text in ONE.items()])
    return [
        f"Learnt after so many sequences: no clamp {beside(none, paper['no clamp'])}; {told}; "
        f"three heads {beside(three, paper['three heads'])}; all eight {beside(every, paper['all heads'])}.",
        "*One head.* " + _one_head(none, single),
        "*Three heads.* "
        + prediction(bool(three < single.min()), f"{number(three)} against {number(single.min())} with one"),
        "*All eight.* "
        + prediction(
            bool(every > max(none, three, single.max())), f"{number(every)} against {number(none)} with no clamp"
        ),
        _which_is_faster(single, paper),
    ]


def _one_head(none: float, single: pd.Series) -> str:
    came_true = bool(single.max() < none and single.max() <= HARDLY * single.min())
    if not np.isfinite(single.max()):
        return prediction(False, "with one of the two heads clamped the task is not learnt")
    numbers = f"the slower of the two takes {single.max() / single.min():.2f} times as long as the faster"
    if np.isfinite(none):
        numbers += f", and {single.max() / none:.2f} times as long as no clamp"
    return prediction(came_true, numbers)


def _which_is_faster(single: pd.Series, theirs: pd.Series) -> str:
    paper = theirs[list(ONE)]
    same = single.idxmin() == paper.idxmin()
    return (
        f"The faster of the two is {ONE[single.idxmin()]}, {'as' if same else 'the other than'} in the paper, where "
        f"the slower takes {paper.max() / paper.min():.2f} times as long. Two heads of one seed do not tell which kind "
        "is faster."
    )


def reading_8_unseen(ends: pd.DataFrame) -> list[str]:
    """Whether the clamp of all heads hurts unseen classes; final `train` and `unseen` losses (nats) by row of "
    "figure 8."""
    gap, none = ends.unseen - ends.train, ends.unseen["no clamp"]
    others, every = gap.drop("all heads"), gap["all heads"]
    worse = bool(every >= CLEARLY * others.max())
    single = [f"{ends.unseen[name]:.3f} with {text}" for name, text in ONE.items()]
    as_none = all(abs(ends.unseen[name] - none) <= AS_WITHOUT for name in ONE)
    sentences = [
        "*All eight.* "
        + prediction(
            worse,
            f"unseen classes end {every:.3f} nats above the training set with all eight heads clamped, "
            f"{others.min():.3f} to {others.max():.3f} in the other runs (the bar: {CLEARLY} times the largest)",
        ),
        "*One head.* " + prediction(as_none, f"unseen classes end at {none:.3f} nats with no clamp, {listed(single)}"),
    ]
    if worse:
        return [
            *sentences,
            "The clamp of all heads does more than slow learning: what is learnt under it fits the training classes. "
            "A mixture in the values would do that; the mixture itself is not measured here.",
        ]
    return [*sentences, "That the mixture in the values is what hurts is not supported by these runs."]
