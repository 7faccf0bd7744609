"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

import math
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from induction_heads.machinery.reading import in_words, listed, number, prediction

from .figures import Ends
from .measures import memorised_at, worst
from .runs import LEARNT, NONE

THEIR_FALL = 0.32  # of prefix matching, at the worst number of repeats


def repeats(ends: Ends) -> list[str]:
    """Which number of repeats is worst in how many seeds, and whether copying was learnt without repeats."""
    found = Counter(worst(each) for each in ends.values())
    told = [f"{name} in {in_words(held, len(ends))}" for name, held in found.most_common()]
    copy = [each[NONE]["copy"] for each in ends.values()]
    enough = "so that the steps are enough" if max(copy) <= LEARNT else "so that the steps are too few"
    return [
        f"The highest test loss comes with {listed(told)}.",
        f"Unrepeated training ends at {listed(map(number, copy))} nats on repeats (at most {LEARNT:g} is wanted), "
        f"{enough}.",
    ]


def pool(pools: Mapping[str, Mapping[int, Mapping[str, list[float]]]], ends: Ends) -> list[str]:
    """When the pool is known by heart by number of repeats, and whether that tells which number is worst."""
    steps = {
        name: [memorised_at(one) for one in each.values()] for name, each in pools.items() if name != NONE
    }  # fewest repeats first
    medians = [float(np.median(each)) for each in steps.values()]
    came_true = medians[0] == math.inf and all(a >= b for a, b in pairwise(medians))
    told = "; ".join(f"{name} times: {listed(map(number, each))}" for name, each in steps.items())
    known = {name for name, median in zip(steps, medians, strict=True) if median < math.inf}
    gaps = {
        name: float(np.median([each[name]["test"] - each[NONE]["test"] for each in ends.values()])) for name in steps
    }
    costs, others = (
        ", ".join(f"{name} times {gap:+.2f}" for name, gap in gaps.items() if (name in known) == of_known) or "none"
        for of_known in (True, False)
    )
    return [
        prediction(came_true, f"the pool is known by heart at step (by seed) {told}"),
        f"Test loss above unrepeated training (median, nats), where the pool is known: {costs}; where it is not: "
        f"{others}.",
    ]


def prefix_matching(ends: Ends, highest: Mapping[str, list[float]]) -> list[str]:
    """Whether prefix matching is lowest where the test loss is highest, how far it falls, and if it ever was higher."""
    medians = {name: float(np.median([found[name]["prefix"] for found in ends.values()])) for name in _names(ends)}
    lowest = {seed: min(found, key=lambda name: found[name]["prefix"]) for seed, found in ends.items()}
    came_true = all(lowest[seed] == worst(found) for seed, found in ends.items())
    told = [f"{name} {number(value)}" for name, value in medians.items()]
    least = min(medians, key=lambda name: medians[name])
    fall = 1 - medians[least] / medians[NONE]
    formed = max(highest[least]) > medians[NONE] / 2
    stronger = "a stronger effect" if fall > THEIR_FALL else "a weaker effect"
    return [
        prediction(came_true, f"the median of the largest prefix matching is, by number of repeats, {listed(told)}"),
        f"The lowest is {100 * fall:.0f} % below unrepeated training; in the paper it falls by {100 * THEIR_FALL:.0f} "
        f"%: {stronger}.",
        f"With {least} repeats the highest at any evaluation is {listed(map(number, highest[least]))} (by seed): "
        f"{'induction heads form, and are lost' if formed else 'induction heads never form'}.",
    ]


def shares_lost(lost: Ends) -> list[str]:
    """Of which more is lost at each number of repeats: the claim is about the worst alone."""
    told = []
    for name in _names(lost):
        copy, test = ([each[name][what] for each in lost.values()] for what in ("copy", "test"))
        held = sum(a > b for a, b in zip(copy, test, strict=True))
        more = in_words(held, len(copy))
        told.append(f"{name} times {np.median(copy):.2f} and {np.median(test):.2f} (copying more in {more})")
    return [f"Of copying and of the test loss is lost (median share), by number of repeats: {listed(told)}."]


def _names(ends: Ends) -> list[str]:
    return list(next(iter(ends.values())))
