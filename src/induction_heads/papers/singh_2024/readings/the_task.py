"""Readings of the task's figures (notebook 00_the_task)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from induction_heads.machinery.numbers import number, published
from induction_heads.machinery.reading import listed, prediction

from ..fit_data import Point
from .words import percent

APART = 0.95  # the cosine of two classes below which a linear map can well pull them apart
ALIKE = 0.05  # by which the mean cosines of training classes and of unseen ones may differ
SOLVED = 0.99  # accuracy


def reading_characters(name: str, ours: Mapping[str, int], theirs: pd.Series) -> list[str]:
    """The sizes of the data beside the paper's; the names are those of `published.setting`."""
    sizes = [f"{ours[what]:,} {what} (the paper: {theirs[what]:,})" for what in ("classes", "exemplars", "features")]
    uses = [f"{ours[what]} {what} (the paper: {theirs[what]})" for what in ("training classes", "unseen classes")]
    return [
        f"`{name}` has {listed(sizes)}, exemplars and features counted for each class and each exemplar.",
        f"It is used as {listed(uses)}; exemplar 0 of each training class trains.",
    ]


def reading_sequences(ours: Mapping[str, int], held_out: Sequence[Sequence[int]], theirs: pd.Series) -> list[str]:
    """How many label pairs and sequences there are; the names are those of `published.setting`."""
    trains, not_seen = ours["training label pairs"], ours["held-out label pairs"]
    pairs = listed(f"{a} with {b}" for a, b in held_out)
    classes, total = ours["training classes"], ours["training sequences"]
    return [
        f"{trains} pairs of labels occur in training and {not_seen} are held out: {pairs} (the paper: "
        f"{theirs['training label pairs']} and {theirs['held-out label pairs']}).",
        f"There are {classes} x {classes - 1} ordered pairs of classes, {2 * trains} ordered pairs of labels and 2 "
        f"queries: {total:,} training sequences (the paper: {theirs['training sequences']:,}).",
    ]


def reading_features(cosines: Mapping[str, Float[ndarray, "class class"]]) -> list[str]:
    """Whether classes can be told apart, unseen ones as well as the others; cosines of `train`, `unseen_classes`."""
    apart = {name: cosine[np.triu_indices(len(cosine), 1)] for name, cosine in cosines.items()}
    train, unseen = apart["train"], apart["unseen_classes"]
    differ = abs(train.mean() - unseen.mean())
    return [
        prediction(
            bool(train.max() < APART and unseen.max() < APART and differ < ALIKE),
            f"two training classes have a cosine of {number(train.mean())} in the mean and {number(train.max())} at "
            f"most, two unseen ones of {number(unseen.mean())} and {number(unseen.max())}",
        ),
        "The diagonal is the match that an induction head has to find; everything beside it is what it has to tell "
        "apart.",
    ]


def reading_fit(grid: pd.DataFrame, chosen: Point, seeds: pd.DataFrame, theirs: pd.Series) -> list[str]:
    """The errors of all choices (`fit_data.grid`), the choice taken, its seeds, and the learning of the paper's run."""
    least, most = float(grid.error.min()), float(grid.error.max())
    fewer = grid[grid.features < grid.features.max()]
    taken = grid[(grid[list(Point._fields)] == list(chosen)).all(axis=1)].error.iloc[0]
    learnt, share = seeds["learnt after"], seeds["its share"]
    return [
        prediction(
            bool(most > 2 * least),
            f"over {len(grid)} choices the error is {number(least)} to {number(most)} nats",
        ),
        f"Taken are {chosen.features:,} features with {chosen.mean_added:g} of the mean added, of length "
        f"{chosen.norm:g}: {number(float(taken))} nats.",
        f"With {int(fewer.features.max())} features the least error is {number(float(fewer.error.min()))}."
        if len(fewer)
        else "",
        f"The {len(seeds)} seeds of the fit learn after {number(learnt.min())} to {number(learnt.max())} sequences, "
        f"the slowest tenth of the fall a share of {share.min():.2f} to {share.max():.2f} (the paper's run: "
        f"{published(theirs['learnt after'])} and {theirs['its share']:.2f}).",
    ]


def reading_chance(strategies: pd.DataFrame, match: Mapping[str, Float[Tensor, " sequence"]]) -> list[str]:
    """Whether only a match solves the task; `strategies.compared`, and `match_by_hand` on every evaluation set."""
    others = strategies.drop("match made by hand")
    best = others.accuracy.idxmax()
    answered = {name: float((chance > 0.5).double().mean()) for name, chance in match.items()}
    told = [
        f"{percent(share)} of {name.replace('held_out', 'held-out').replace('_', ' ')}"
        for name, share in answered.items()
    ]
    no_better = others.accuracy.max() <= 0.5 + 1e-9  # the mean over sequences is a sum of many numbers
    return [
        prediction(
            bool(no_better and min(answered.values()) > SOLVED),
            f"the best without a match ({best}) scores {number(others.accuracy.max())}; the match made by hand "
            f"answers {listed(told)}",
        ),
        "Nothing of it was fitted to any set: that is what in-context learning means here.",
        f"Remembering each class's labels scores {number(others.accuracy['the label each class had most often'])}, "
        "what always naming the commonest label does: held-out pairs make some labels rarer than others.",
    ]
