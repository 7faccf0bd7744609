"""Readings of `15_seeds`: Figure 18."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float, Num

from induction_heads.machinery.reading import in_words, prediction

from .words import percent

CLOSE = 0.9  # correlation with accuracy or loss alone: the criterion of claim figure-18


def reading_18(table: pd.DataFrame, never: int, of: int, longest: int) -> list[str]:
    """`strength.summary` of "ours" and "the paper"; `never` of the heads do not learn within `longest` sequences."""
    rows = {
        quantity: (table.loc[(quantity, "ours")], table.loc[(quantity, "the paper")])
        for quantity in ("accuracy", "loss")
    }
    close = all(abs(ours.r) > CLOSE for ours, _ in rows.values())
    said = "; ".join(f"with the {quantity} alone {_beside(ours, theirs)}" for quantity, (ours, theirs) in rows.items())
    speed, their_speed = table.loc[("learning time", "ours")], table.loc[("learning time", "the paper")]
    within = their_speed.low <= speed.r <= their_speed.high
    return [
        "*Success.* " + prediction(bool(close), f"strength correlates {said}"),
        f"*Speed.* Over all {speed.heads} heads strength and learning time have the rank correlation "
        f"{_beside(speed, their_speed)}; it explains {percent(speed['variance explained'])} of the variance of ranks, "
        f"{'within' if within else 'outside'} the interval of the paper's own points.",
        f"{never} of {of} heads do not learn alone within {longest:,} sequences and count as the slowest."
        if never
        else f"All {of} heads learn alone.",
    ]


def _beside(ours: pd.Series, theirs: pd.Series) -> str:
    return f"{_with_interval(ours)} (the paper: {_with_interval(theirs)})"


def _with_interval(row: pd.Series) -> str:
    return f"{row.r:+.2f} [{row.low:+.2f}, {row.high:+.2f}]"


def reading_18_by_seed(ours: pd.Series, theirs: pd.Series, by_chance: float) -> list[str]:
    """Rank correlations of strength with the learning time alone, seed by seed; "hardly" is what chance gives."""
    close, their_close = (values[values.abs() >= by_chance] for values in (ours, theirs))
    return [
        prediction(
            len(close) <= len(ours) / 2,
            f"for {in_words(len(close), len(ours))} the rank correlation of strength and learning time alone is one "
            f"that chance would not give eight heads ({by_chance} and more in size); ours go from {ours.min():+.2f} to "
            f"{ours.max():+.2f}, the paper's from {theirs.min():+.2f} to {theirs.max():+.2f}, {len(their_close)} of "
            f"{len(theirs)} of them as close",
        ),
        "Here a strong head is one that learns fast alone."
        if len(close) > len(ours) / 2
        else "Strength and speed alone are not the same thing here.",
    ]


def reading_18_through_training(
    seen: Num[np.ndarray, " checkpoint"],
    speed: Float[np.ndarray, "seed checkpoint"],
    success: Float[np.ndarray, "seed checkpoint"],
    learnt: Mapping[int, float],
) -> list[str]:
    """Rank correlations of strength through training with speed and success alone; `learnt` by seed."""
    medians, ends = np.nanmedian(speed, 0), np.nanmedian(success, 0)[-1]
    best, (first, last) = int(np.nanargmax(medians)), (min(learnt.values()), max(learnt.values()))
    during = seen[best] <= last
    return [
        prediction(
            bool(during and medians[-1] < medians[best]),
            f"strength goes with speed most closely after {seen[best]:,} sequences, {medians[best]:+.2f} (median of "
            f"seeds), {'before the last of the seeds has' if during else 'when all seeds have'} learnt the task "
            f"({first:,.0f} to {last:,.0f}); at the end it is {medians[-1]:+.2f}",
        ),
        f"With the final accuracy alone it ends at {ends:+.2f}.",
    ]


def reading_18_fastest(heads: pd.DataFrame) -> list[str]:
    """How strong the head is that learns first alone, in each seed."""
    places = {}
    for seed, rows in heads.groupby("seed"):
        ranks = rows["strength"].rank(ascending=False)
        places[seed] = int(ranks[rows["learning time"].idxmin()])
    strongest = sum(place == 1 for place in places.values())
    listed = ", ".join(f"number {place} (seed {seed})" for seed, place in places.items())
    return [f"The fastest head alone ends as the strongest in {in_words(strongest, len(places))}: {listed}."]
