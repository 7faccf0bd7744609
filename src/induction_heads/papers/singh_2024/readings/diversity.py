"""Readings of figures 4a and 4b (notebook 02_diversity)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import spearmanr

from induction_heads.machinery.numbers import number, published
from induction_heads.machinery.reading import in_words, listed, prediction

from .words import beside, percent

REDUNDANT = 0.95  # accuracy without one head; the criterion of claim 6
FOLLOWS = 0.9  # rank correlation of strength and accuracy alone; the criterion of claim 7
AS_FAST = 0.1  # by which the times of all heads and of the fastest may differ
ALL = "all heads"


def reading_4a(
    strength: Float[ndarray, " head"],
    without: Float[ndarray, " head"],
    alone: Float[ndarray, " head"],
    their_alone: pd.DataFrame,
    their_without: pd.DataFrame,
) -> list[str]:
    """Whether heads are redundant, and as good alone as they are strong; the paper's x is strength, its y accuracy."""
    rank, their_rank = _rank(strength, alone), _rank(their_alone.x, their_alone.y)
    lowest, their_lowest = without.min(), their_without.y.min()
    poor = [f"L2H{h} {alone[h]:.2f}" for h in np.flatnonzero(alone < 0.5)]
    best = int(strength.argmax())
    return [
        "Redundant:",
        prediction(
            bool(lowest >= REDUNDANT),
            f"without any one head the accuracy is at least {beside(lowest, their_lowest)}; the bar is {REDUNDANT}",
        ),
        "Alone as good as strong:",
        prediction(
            bool(rank >= FOLLOWS),
            f"strength and accuracy alone have a rank correlation of {beside(rank, their_rank)}; the bar is {FOLLOWS}",
        ),
        f"The strongest head, L2H{best}, scores {beside(alone[best], their_alone.y.max())} alone.",
        f"Below one half, the score of a head that copies either label of the context, lie {listed(poor)}: these copy "
        "only some of the labels well (`13_single_heads` looks at which)."
        if poor
        else "No head alone scores less than one half, that of a head that copies either label of the context.",
    ]


def _rank(x, y) -> float:
    return float(spearmanr(x, y).statistic)


def reading_4a_seeds(seeds: pd.DataFrame) -> list[str]:
    """How far redundancy goes by seed; columns first, second (the strongest heads), lowest (accuracy without one)."""
    redundant = seeds.lowest >= REDUNDANT
    ahead = seeds["first"] - seeds["second"]
    sentences = [
        f"With one head ablated, accuracy stays at {REDUNDANT} or above in "
        f"{in_words(int(redundant.sum()), len(seeds))} ({number(seeds.lowest.min())} to {number(seeds.lowest.max())})."
    ]
    for s in seeds.index[~redundant]:
        sentences.append(
            f"In seed {s} it falls to {number(seeds.lowest[s])}; there the strongest head is {number(ahead[s])} "
            "ahead of the second."
        )
    if redundant.any() and not redundant.all():
        sentences.append(
            f"In the others it is {number(ahead[redundant].min())} to {number(ahead[redundant].max())} ahead."
        )
    return sentences


def reading_4b(times: Mapping[str, float], theirs: Mapping[str, float]) -> list[str]:
    """Whether each head learns alone, and slower than all together; sequences until learnt, infinite where never."""
    ours, paper = _alone(times), _alone(theirs)
    able, slower = int(np.isfinite(list(ours.values())).sum()), min(ours.values()) > times[ALL]
    fastest, slowest = min(ours, key=ours.__getitem__), max(ours, key=ours.__getitem__)
    margin = min(ours.values()) / times[ALL] - 1
    return [
        prediction(
            bool(able == len(ours) and slower),
            f"{in_words(able, len(ours), 'heads')} learn the task alone; all together take {number(times[ALL])} "
            f"sequences, the fastest alone ({fastest}) {number(ours[fastest])}, {percent(abs(margin))} "
            f"{'more' if margin > 0 else 'less'}",
        ),
        f"The slowest alone is {slowest} with {number(ours[slowest])}.",
        f"In the paper all together take {published(theirs[ALL])}, single heads {published(min(paper.values()))} to "
        f"{published(max(paper.values()))}.",
    ]


def reading_4b_times(times: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Whether all heads together are as fast as the fastest alone; a row a seed, sequences until learnt."""
    ratio = pd.Series({row: learnt[ALL] / min(_alone(learnt).values()) for row, learnt in times.items()})
    close, first = (abs(ratio - 1) <= AS_FAST), ratio < 1
    able = [int(np.isfinite(list(_alone(learnt).values())).sum()) for learnt in times.values()]
    heads = sum(len(_alone(learnt)) for learnt in times.values())
    told = [f"{row} {value:.3f}" for row, value in ratio.items()]
    return [
        prediction(
            bool(close.all()),
            f"the time of all together is within a tenth of that of the fastest alone in "
            f"{in_words(int(close.sum()), len(ratio))}; the ratios are {listed(told)}",
        ),
        f"All together come first in {in_words(int(first.sum()), len(ratio))}.",
        f"{in_words(sum(able), heads, 'single heads')} learn the task.".capitalize(),
    ]


def _alone(times: Mapping[str, float]) -> dict[str, float]:
    return {name: time for name, time in times.items() if name != ALL}
