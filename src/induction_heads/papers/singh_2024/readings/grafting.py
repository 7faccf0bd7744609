"""Readings of figure 7 (notebook 06_grafting)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from induction_heads.machinery.reading import listed, number, prediction

from ..measures import PLATEAU
from .words import LN_2, beside, near, percent

MUCH_FASTER = 2  # times; the criterion of claim figure-7-own


def reading_7(ours: pd.DataFrame, theirs: pd.DataFrame, own: str) -> list[str]:
    """Whether grafts take the plateau away, and whether the own Layer 1 is learnt from faster.

    `measures.learning` of ours and of the paper's, by the names of ours.
    """
    none, grafts = ours.loc["no clamp"], ours.drop("no clamp")
    shares = [f"{percent(share)} with {name}" for name, share in grafts["its share"].items()]
    first = prediction(
        bool(grafts["its share"].max() < PLATEAU),
        f"the slowest tenth of the fall takes {listed(shares)} of the learning time; a plateau begins at "
        f"{percent(PLATEAU)}",
    )
    return [first, _without(none, theirs.loc["no clamp"]), *_own(grafts, theirs, own), *_slower_than_none(none, grafts)]


def _without(none: pd.Series, theirs: pd.Series) -> str:
    waits = none["its share"] >= PLATEAU
    told = f"Without a graft it takes {percent(none['its share'])} (the paper: {percent(theirs['its share'])})"
    if waits and near(float(none["its level"]), LN_2):
        return f"{told}, near ln 2: the plateau that the grafts take away."
    if waits:
        return f"{told}, at {number(none['its level'])} nats and not near ln 2."
    return (
        f"{told}, which is no plateau by that bar: this run without a graft has none to take away, "
        "so the paper's contrast is not seen here."
    )


def _own(grafts: pd.DataFrame, theirs: pd.DataFrame, own: str) -> list[str]:
    times, paper = grafts["learnt after"].fillna(np.inf), theirs["learnt after"]
    others = times.drop(own)
    told = listed([f"{beside(time, paper[name])} with {name}" for name, time in others.items()])
    numbers = f"learnt after {beside(times[own], paper[own], 'sequences')} with its own Layer 1, {told}"
    faster = bool(times[own] * MUCH_FASTER <= others.min())
    if np.isfinite(others.min()):
        numbers += f": {others.min() / times[own]:.1f} times as long at least" if np.isfinite(times[own]) else ""
    return [prediction(faster, numbers)]


def _slower_than_none(none: pd.Series, grafts: pd.DataFrame) -> list[str]:
    limit = np.nan_to_num(none["learnt after"], nan=np.inf)
    times = grafts["learnt after"].fillna(np.inf)
    slower = [f"{name} ({number(time)})" for name, time in times.items() if time > limit]
    if not slower:
        return [f"Every graft is learnt from faster than none is ({number(limit)} sequences)."]
    return [
        f"A trained Layer 1 need not save time: {listed(slower)} takes longer than no graft at all ({number(limit)}). "
        "What a graft changes here is the shape of the fall."
    ]


def reading_7_start(starts: Mapping[str, float], own: str, labels: int) -> list[str]:
    """Whether the own Layer 1 starts better than strangers' do; train losses before the first step (nats)."""
    half_way, chance = (LN_2 + np.log(labels)) / 2, np.log(labels)
    others = {name: start for name, start in starts.items() if name not in (own, "no clamp")}
    told = listed([f"{start:.2f} with {name}" for name, start in others.items()])
    numbers = (
        f"{starts[own]:.2f} nats with its own Layer 1, {told}, {starts['no clamp']:.2f} without a graft; "
        f"guessing among all labels is {chance:.2f}"
    )
    sentences = [prediction(bool(starts[own] < half_way < min(others.values())), numbers)]
    if near(float(starts[own]), LN_2):
        sentences.append(
            f'With its own Layer 1 it starts within a tenth of ln 2 ({LN_2:.2f}): it says "one of the two labels in '
            'context" with a Layer 2 and an unembedding that were never trained.'
        )
    return sentences
