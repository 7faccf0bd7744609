"""Readings of table 1 and figure 11 (notebook 09_wiring)."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.reading import listed, prediction

from ..figures.wiring import PATHS, Effects
from ..wiring import AtLabels
from .words import percent

MARGIN = 0.1  # from the threshold: nearer is near it
COSTS_MORE = 0.1  # of accuracy: the criterion of claim table-1
NEAR_ONE = 0.95  # accuracy
PREDICTS = 0.7  # rank correlation that explains half of the variance: the criterion of claim figure-11-scores
PREVIOUS, OTHERS = "previous-token heads", "other heads"


def reading_previous(attention: Float[np.ndarray, " head"], threshold: float) -> list[str]:
    """Whether heads lie far above or far below the threshold, and few near it."""
    distance = attention - threshold
    near = int((np.abs(distance) < MARGIN).sum())
    above, below = [f"L1H{h}" for h in np.argsort(-attention) if distance[h] > 0], attention[distance <= 0]
    far = bool((distance >= MARGIN).any() and (distance <= -MARGIN).any() and near <= 2)
    numbers = f"{near} of {len(attention)} heads are within {MARGIN} of the threshold of {threshold}"
    sentences = [prediction(far, numbers)]
    if not above or not len(below):
        return [*sentences, f"{'No' if not above else 'Every'} head is a previous-token head."]
    lowest, highest = attention[distance > 0].min(), below.max()
    return [
        *sentences,
        f"Previous-token heads: {listed(above)}. Any threshold between {highest:.2f} and {lowest:.2f} chooses the "
        "same.",
    ]


def reading_table_1(table: pd.DataFrame) -> list[str]:
    """Whether each group costs more through its own path, and the order of the four; `wiring.table_1` with `the "
    "paper`."""
    ours, paper = table.accuracy, table["the paper"]
    previous = ours[PREVIOUS, "patterns"] - ours[PREVIOUS, "values"]
    others = ours[OTHERS, "values"] - ours[OTHERS, "patterns"]
    numbers = (
        f"ablating the previous-token heads costs {previous:.3f} more accuracy when what is left is the path through "
        f"patterns, ablating the others {others:.3f} more when it is that through values (the bar: {COSTS_MORE})"
    )
    same = list(ours.sort_values(ascending=False).index) == list(paper.sort_values(ascending=False).index)
    tied = ours.nunique() < len(ours)
    order = "Two of the four accuracies are equal, so their order is not" if tied else "Their order is"
    order += " that" if same or tied else " not that"
    return [
        prediction(bool(min(previous, others) >= COSTS_MORE), numbers),
        f"{order} of the paper's Table 1.",
    ]


def reading_values(without_layer_1: float, labels: int, sizes: AtLabels) -> list[str]:
    """What Layer 2's values read; accuracy with values made from the embeddings alone, and sizes at the label "
    "tokens."""
    chance, larger = 1 / labels, sizes.layer_1 / sizes.embedding
    numbers = (
        "with all eight Layer 1 heads ablated and the patterns preserved, so that Layer 2's values read the "
        f"embeddings alone, accuracy is {without_layer_1:.3f} (guessing: {chance:.2f})"
    )
    return [
        prediction(without_layer_1 >= NEAR_ONE, numbers),
        f"At the label tokens what Layer 1 writes is {sizes.layer_1:.2f} long on average, the label's own embedding "
        f"{sizes.embedding:.2f}: {larger:.0f} times as long.",
        _carrier(without_layer_1, chance, larger),
    ]


def _carrier(accuracy: float, chance: float, larger: float) -> str:
    if accuracy >= NEAR_ONE:
        return "The labels that are copied stand in their own tokens before Layer 1 does anything."
    if accuracy <= 1.5 * chance:
        return (
            "The labels that are copied are those that Layer 1 has written beside the embeddings: without it nothing "
            "is copied."
        )
    beside = " beside an embedding that is small" if larger >= 3 else ""
    return (
        "So the label is copied by two ways: part of it from its embedding, and the rest from what Layer 1 has "
        f"written{beside}. Figure 1 draws the first alone (step 3v)."
    )


def reading_cut(tables: Mapping[int, pd.Series], threshold_k: int) -> list[str]:
    """Whether there is a range of k with the own paths cut far below the spared ones; Table 1's accuracies by k."""
    spared = {k: min(t[PREVIOUS, "patterns"], t[OTHERS, "values"]) for k, t in tables.items()}
    apart = {
        k: min(t[PREVIOUS, "patterns"] - t[PREVIOUS, "values"], t[OTHERS, "values"] - t[OTHERS, "patterns"])
        for k, t in tables.items()
    }
    good = [k for k in tables if spared[k] >= NEAR_ONE and apart[k] >= COSTS_MORE]
    best = max(apart, key=lambda k: apart[k])
    ks = f"k = {listed(map(str, good))}" if good else "no k"
    numbers = f"for {ks} the spared paths stay at {NEAR_ONE} or more and the cut ones are {COSTS_MORE} or more below"
    sentences = [
        prediction(bool(good), numbers),
        f"The groups are furthest apart at k = {best}, by {apart[best]:.2f}.",
    ]
    if threshold_k in apart:
        sentences.append(f"At the threshold, k = {threshold_k}, they are {apart[threshold_k]:.2f} apart.")
    return sentences


def reading_11(effects: Effects, previous: Collection[int], carries: float) -> list[str]:
    """Whether the wiring is many to many, who carries which path, and who is needed or enough."""
    worth = {kept: effects[kept, "all but one"].to_numpy() for kept in PATHS}
    wired = {kept: found >= carries for kept, found in worth.items()}
    either = np.logical_or(*wired.values())
    feeding, fed = int((either.sum(1) >= 2).sum()), int((either.sum(0) >= 2).sum())
    sentences = [
        prediction(
            feeding >= 2 and fed >= 2,
            f"{feeding} Layer 1 heads feed two Layer 2 heads or more, and {fed} Layer 2 heads are fed by two Layer 1 "
            "heads or more; private lines would give none of either",
        )
    ]
    for kept, found in worth.items():
        lost, enough = np.clip(found, 0, None), effects[kept, "only one"].to_numpy() >= carries
        i, j = np.unravel_index(found.argmax(), found.shape)
        share = lost[sorted(previous)].sum() / lost.sum() if lost.sum() else 0.0
        sentences.append(
            f"{PATHS[kept]}: {int(wired[kept].sum())} of {found.size} pairs are wires, the strongest L1H{i} to L2H{j} "
            f"({found[i, j]:.2f}); the {len(previous)} previous-token heads have {percent(share)} of all that is lost. "
            f"One head is enough to give {carries} or more in {int(enough.sum())} pairs."
        )
    return sentences


def reading_scores(correlation: Mapping[str, float], at_initialisation: Mapping[str, float]) -> list[str]:
    """Whether composition scores tell the wiring, as they would have to; rank correlations by the letter of the "
    "score."""
    largest = max(correlation.values(), key=abs)
    told = listed([f"{letter} {r:+.2f}" for letter, r in correlation.items()])
    before = listed([f"{letter} {r:+.2f}" for letter, r in at_initialisation.items()])
    tell = abs(largest) >= PREDICTS
    verdict = "tell" if tell else "do not tell"
    return [
        prediction(not tell, f"rank correlations over the 64 pairs are {told}, and the bar is {PREDICTS} in size"),
        f"The scores {verdict} the wiring: the largest correlation leaves {percent(1 - largest**2)} of the variance "
        "unexplained.",
        f"The scores at initialisation, before there is a wiring, have {before} with it.",
    ]
