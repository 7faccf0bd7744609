"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number, prediction

from .figures import CHANCE, Histories
from .measures import early_and_late
from .runs import HAPAX, VANILLA

HIGH, NEAR_ONE = 0.5, 0.9  # prefix matching and the OV score of a head that is said to copy
HALF = 0.5  # an OV score above which most of the eigenvalues are positive


def dropped(losses: Mapping[str, Mapping[int, Mapping[str, list[float]]]], share: float) -> list[str]:
    """The share of targets that is dropped, and the median loss on them."""
    told = [
        f"{name} {number(np.median([one['dropped'][-1] for one in each.values()]))}" for name, each in losses.items()
    ]
    return [
        f"{100 * share:.0f} % of targets are dropped (the paper: 31.7 %). Median loss on them: {listed(told)} nats.",
    ]


def every_target(histories: Histories) -> list[str]:
    """The median loss on all held-out targets at the end."""
    told = [f"{name} {number(np.median([h.loss.iloc[-1] for h in each.values()]))}" for name, each in histories.items()]
    return [f"On all targets together, kept or not: {listed(told)} nats."]


def anti_copying(ends: Mapping[int, float]) -> list[str]:
    """Whether Hapax's loss on repeats is above chance, as it would be if it avoided what it has seen."""
    above = [seed for seed, loss in ends.items() if loss > CHANCE]
    told = listed(f"{number(loss)} (seed {seed})" for seed, loss in ends.items())
    avoids = f"above it in {len(above)} of {len(ends)} seeds"
    return [
        f"Kept targets are never earlier successors, so that avoiding them could pay: the loss on repeats would be "
        f"above chance, {number(CHANCE)}. It is {told}: {avoids}."
    ]


def abstractive(
    losses: Mapping[str, Mapping[int, Float[ndarray, " token"]]], bayes: Float[ndarray, " token"]
) -> list[str]:
    """Early and late loss of each training, medians, beside Bayes' rule; vanilla's beside a guess."""
    told = []
    for name, each in losses.items():
        early, late = np.median([early_and_late(one) for one in each.values()], 0)
        told.append(f"{name} from {early:.2f} to {late:.2f}")
    early, late = early_and_late(bayes)
    ends = [early_and_late(one)[1] for one in losses[VANILLA].values()]
    above = sum(bool(end > CHANCE) for end in ends)
    return [
        f"From targets 1 to 4 to targets 48 to 63, medians: {listed(told)}; "
        f"Bayes' rule from {early:.2f} to {late:.2f}.",
        f"Late, {VANILLA} is worse than a guess among all tokens, {number(CHANCE)} nats, in "
        f"{in_words(above, len(ends))}{': it copies wrongly' if above == len(ends) else ''}.",
    ]


def heads(tables: Mapping[str, Mapping[int, pd.DataFrame]]) -> list[str]:
    """The head that matches prefixes most, in each training and seed, with its OV score."""
    vanilla = [table.loc[table.prefix_matching.idxmax()] for table in tables[VANILLA].values()]
    copies = all(head.prefix_matching >= HIGH and head.ov_score >= NEAR_ONE for head in vanilla)
    none = all(table.prefix_matching.max() < HIGH for table in tables[HAPAX].values())
    told = []
    for name, each in tables.items():
        for seed, table in each.items():
            best = table.prefix_matching.idxmax()
            told.append(
                f"{name}, seed {seed}: {best} {table.prefix_matching[best]:.2f} (OV {table.ov_score[best]:.2f})"
            )
    every = pd.concat(list(tables[HAPAX].values())).ov_score
    return [
        prediction(copies and none, f"the head of most prefix matching is {'; '.join(told)}"),
        f"Heads of Hapax have OV scores of {every.min():.2f} to {every.max():.2f}: "
        f"{'they copy what they attend to' if every.median() > HALF else 'few copy what they attend to'}.",
    ]
