"""Readings of figure 10 (notebook 08_progress_measures)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from induction_heads.machinery.reading import in_words, number, prediction

from ..figures.progress_measures import Learning
from ..measures import PLATEAU
from ..runs import CONTRASTED
from .words import LN_2, beside, near, percent

LONGER = 1.5  # times as many sequences: the criterion of claim figure-10
FAR_LARGER = 2  # times as large a ratio for the match as for step 1
TENTH_OF_AN_EXPONENTIAL = np.log(0.9) / np.log(0.4)  # from ln 2: its share of the learning time


def waits_longer(one: Learning, clamp: str, longer: float = LONGER) -> bool:
    """Whether the progress measure's slowest tenth is longer, in sequences and as a share of the learning time."""
    throughout, measured = (table.loc[clamp] for table in one)
    in_sequences = measured["slowest tenth"] >= longer * throughout["slowest tenth"]
    return bool(in_sequences and measured["its share"] > throughout["its share"])


def reading_10(ours: Learning, theirs: Learning) -> list[str]:
    """Whether a progress measure waits where training under the same clamp does not, beside the paper."""
    sentences = []
    for clamp, text in CONTRASTED.items():
        (throughout, measured), paper = (table.loc[clamp] for table in ours), [table.loc[clamp] for table in theirs]
        learnt = [
            beside(mine["learnt after"], its["learnt after"])
            for mine, its in zip((throughout, measured), paper, strict=True)
        ]
        numbers = (
            f"the slowest tenth of its fall takes {number(measured['slowest tenth'])} sequences and "
            f"{percent(measured['its share'])} of the learning time, in clamped training "
            f"{number(throughout['slowest tenth'])} and {percent(throughout['its share'])}"
        )
        sentences.append(f"*{text.capitalize()}.* {prediction(waits_longer(ours, clamp), numbers)}")
        sentences.append(f"Below 0.4 ln 2 after {learnt[1]} sequences; clamped training after {learnt[0]}.")
    return [*sentences, _plateau(ours.measured.loc["1, 2, 3qk, 4"], theirs.measured.loc["1, 2, 3qk, 4"])]


def _plateau(ours: pd.Series, theirs: pd.Series) -> str:
    """Whether the match's progress measure has a plateau, and at which level."""
    exponential = percent(TENTH_OF_AN_EXPONENTIAL)
    kind = (
        "a plateau"
        if ours["its share"] >= PLATEAU
        else f"no plateau (from {percent(PLATEAU)}; an exponential has {exponential})"
    )
    level = "near ln 2" if near(float(ours["its level"]), LN_2) else f"not near ln 2 ({LN_2:.2f})"
    return (
        f"The match's progress measure has {kind}: its slowest tenth lies at {ours['its level']:.2f} nats, {level}. "
        f"The paper's has {percent(theirs['its share'])} at {theirs['its level']:.2f} nats."
    )


def reading_10_seeds(tables: Mapping[int, Learning]) -> list[str]:
    """Whether the progress measure waits longer in every seed, and more so for the match than for step 1."""
    seeds = len(tables)
    held = {clamp: sum(waits_longer(one, clamp, longer=1.0) for one in tables.values()) for clamp in CONTRASTED}
    counts = "; ".join(f"{text}: {in_words(held[clamp], seeds)}" for clamp, text in CONTRASTED.items())
    ratios = {clamp: np.array([_ratio(one, clamp) for one in tables.values()]) for clamp in CONTRASTED}
    step_1, match = ratios.values()
    ranges = "; ".join(f"{text}: {_range(ratios[clamp])} times" for clamp, text in CONTRASTED.items())
    shares = np.array([one.measured["its share"]["1, 2, 3qk, 4"] for one in tables.values()])
    have = in_words(int((shares >= PLATEAU).sum()), seeds)
    return [
        "*Longer, in sequences and as a share.* " + prediction(all(n == seeds for n in held.values()), counts),
        "*Far longer for the match.* "
        + prediction(bool((match >= FAR_LARGER * step_1).all()), f"as many sequences, {ranges}"),
        f"A plateau by the bar of {percent(PLATEAU)} shows in the match's progress measure of {have} "
        f"({percent(shares.min())} to {percent(shares.max())}; an exponential has {percent(TENTH_OF_AN_EXPONENTIAL)}).",
    ]


def _ratio(one: Learning, clamp: str) -> float:
    return one.measured["slowest tenth"][clamp] / one.throughout["slowest tenth"][clamp]


def _range(values: np.ndarray) -> str:
    return f"{values.min():.1f} to {values.max():.1f}"
