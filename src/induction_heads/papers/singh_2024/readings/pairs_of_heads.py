"""Readings of `14_pairs_of_heads`: Figure 17."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from induction_heads.machinery.reading import in_words, number, prediction

from .words import percent

KEEPS_UP = 1.5  # times as long as all heads: the criterion of claim figure-17


def reading_17(
    pairs: pd.Series, alone: Mapping[int, float], every: float, strongest: int, theirs: Mapping[str, float]
) -> list[str]:
    """Sequences to learn of each pair (partner -> time), of each head alone and of all heads.

    `theirs` are the paper's, as `published.learning_times("17")` names them, with "strongest" for its head 3 alone.
    """
    ratios, single = pairs / every, alone[strongest]
    sooner = int((pairs < single).sum())
    paper = pd.Series({name: time for name, time in theirs.items() if name not in ("all heads", "strongest")})
    their_sooner, to_win = int((paper < theirs["strongest"]).sum()), single / every
    return [
        "*Do two heads keep up with eight?* "
        + prediction(
            bool(ratios.max() <= KEEPS_UP),
            f"pairs take {ratios.min():.2f} to {_times(ratios.max())} times as long as all heads (the paper: "
            f"{paper.min() / theirs['all heads']:.2f} to {paper.max() / theirs['all heads']:.2f})",
        ),
        "*Does a second head speed the strongest up?* "
        + prediction(
            bool(pairs.median() < single),
            f"{in_words(sooner, len(pairs), 'pairs')} learn before L2H{strongest} alone (the paper: {their_sooner} of "
            f"{len(paper)}), the median pair after {number(float(pairs.median()))} sequences, L2H{strongest} alone "
            f"after {number(single)}",
        ),
        f"L2H{strongest} alone takes {_times(to_win)} times as long as all heads (the paper's head 3: "
        f"{theirs['strongest'] / theirs['all heads']:.2f}): seven more heads win "
        + (f"{percent(1 - 1 / to_win)} of its time." if to_win > 1 else "nothing over it."),
    ]


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if np.isfinite(ratio) else "infinitely many"


def reading_17_partners(pairs: pd.Series, alone: Mapping[int, float], strength: np.ndarray) -> list[str]:
    """Whether a partner that is fast alone makes a fast pair; a positive rank correlation was predicted."""
    single = pd.Series({partner: alone[partner] for partner in pairs.index})
    by_speed = float(pairs.corr(single, method="spearman"))
    by_strength = float(pairs.corr(pd.Series(strength[list(pairs.index)], pairs.index), method="spearman"))
    fastest, best = single.idxmin(), pairs.idxmin()
    return [
        prediction(
            by_speed > 0,
            f"the rank correlation of a pair's learning time with its partner's alone is {by_speed:+.2f} over "
            f"{len(pairs)} pairs",
        ),
        f"The fastest partner alone, L2H{fastest}, makes pair number {int(pairs.rank()[fastest])} of {len(pairs)}; the "
        f"fastest pair is that with L2H{best}, number {int(single.rank()[best])} alone. With the partner's strength in "
        f"the whole network a pair's time has the rank correlation {by_strength:+.2f}.",
        "Why a slow partner should make a fast pair is not known: it takes runs of more seeds to say whether it does."
        if by_speed < 0
        else "Whether it is the partner that carries the pair would take an ablation of either head afterwards.",
    ]
