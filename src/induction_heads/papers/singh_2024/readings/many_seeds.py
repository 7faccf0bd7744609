"""Readings of `16_many_seeds`: the main run over many initialisations."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.numbers import number, published
from induction_heads.machinery.reading import in_words, listed, prediction

from .words import percent

MORE = 0.9  # agree more: nine tenths of the variation or less
TENS_OF_PERCENT = 0.1  # the latest seed over the earliest, less one


def reading_seeds(table: pd.DataFrame, theirs: float) -> list[str]:
    """`many_seeds.by_seed`, and the paper's learning time in sequences."""
    learnt = table["change (sequences)"][np.isfinite(table["change (sequences)"])]
    heads, n = table["induction heads"], len(table)
    if learnt.empty:
        return [prediction(False, f"none of {n} seeds learns the task")]
    apart, varies = learnt.max() / learnt.min() - 1, (_variation(heads), _variation(learnt))
    sooner = float((learnt < theirs).mean())
    return [
        "*When.* "
        + prediction(
            bool(len(learnt) == n and apart >= TENS_OF_PERCENT),
            f"{in_words(len(learnt), n)} learn, after {number(float(learnt.min()))} to {number(float(learnt.max()))} "
            f"sequences (median {number(float(learnt.median()))}), {percent(apart)} apart",
        ),
        f"The paper's {published(theirs)} lies {_place(theirs, learnt)}: {percent(sooner)} of our seeds learn before "
        "it.",
        "*How many heads.* "
        + prediction(
            bool(varies[0] > varies[1]),
            f"{heads.min()} to {heads.max()} heads become induction heads, a standard deviation of "
            f"{percent(varies[0])} of the mean; learning times have {percent(varies[1])}",
        ),
    ]


def _variation(values: pd.Series) -> float:
    return float(values.std() / values.mean()) if len(values) > 1 else 0.0


def _place(value: float, ours: pd.Series) -> str:
    if value < ours.min():
        return "below our range"
    return "above our range" if value > ours.max() else "within our range"


def reading_strengths(ranked: Float[np.ndarray, "seed rank"], theirs: Float[np.ndarray, "seed rank"]) -> list[str]:
    """Strengths of each seed's heads by rank: whether seeds agree more on their sum than on how it is shared out."""
    sums, each = pd.Series(ranked.sum(1)), float(np.mean([_variation(pd.Series(rank)) for rank in ranked.T]))
    return [
        f"The strongest head of a seed has {ranked[:, 0].min():.2f} to {ranked[:, 0].max():.2f}, in the paper "
        f"{theirs[:, 0].min():.2f} to {theirs[:, 0].max():.2f}.",
        f"Summed over the heads, strength varies between seeds by {percent(_variation(sums))} (standard deviation over "
        f"mean), a rank by {percent(each)} on average: "
        + (
            "seeds agree more on the sum than on how it is shared out."
            if _variation(sums) < MORE * each
            else "seeds differ in the sum as much as in how it is shared out."
        ),
    ]


def reading_claims(shares: pd.DataFrame, whole: Sequence[str], sharp: Sequence[str]) -> list[str]:
    """`many_seeds.shares`; claims about the `whole` circuit were predicted for every seed, `sharp` ones for most."""
    known = {
        kind: shares.loc[[c for c in ids if c in shares.index]] for kind, ids in (("whole", whole), ("sharp", sharp))
    }
    fails = [f"{c} ({int(row.held)} of {int(row.of)})" for c, row in known["whole"].iterrows() if row.held < row.of]
    rare = [f"{c} ({int(row.held)} of {int(row.of)})" for c, row in known["sharp"].iterrows() if row.held <= row.of / 2]
    n = int(shares.of.max())
    everywhere = shares[shares.held == shares.of]
    said = [
        f"of the claims about the whole {listed(fails)} {_fall(fails)} short of every seed"
        if fails
        else "the claims about the whole hold for every seed",
        f"of the sharp ones {listed(rare)} {_hold(rare)} for half of the seeds or fewer"
        if rare
        else "each of the sharp ones holds for most",
    ]
    sure = f"{len(everywhere)} of {len(shares)} claims hold for every seed"
    if len(everywhere):
        sure += f"; with {n} of {n} at least {everywhere.low.max():.2f} of all initialisations do, with 95 % confidence"
    return [prediction(not fails and not rare, ", ".join(said)), f"{sure}."]


def _fall(names: Sequence[str]) -> str:
    return "falls" if len(names) == 1 else "fall"


def _hold(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"
