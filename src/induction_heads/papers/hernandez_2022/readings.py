"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import in_words, listed, number

from .figures import Ends
from .measures import memorised_at, worst
from .runs import NONE


def repeats(ends: Ends) -> list[str]:
    """Which number of repeats is worst in how many seeds."""
    found = Counter(worst(each) for each in ends.values())
    told = [f"{name} in {in_words(held, len(ends))}" for name, held in found.most_common()]
    return [f"The highest test loss comes with {listed(told)}."]


def pool(pools: Mapping[str, Mapping[int, Mapping[str, list[float]]]]) -> list[str]:
    """When the pool is known by heart, by number of repeats."""
    told = []
    for name, each in pools.items():
        if name != NONE:
            steps = [memorised_at(one) for one in each.values()]
            told.append(f"{name} times: {listed(number(step) for step in steps)}")
    return [f"The pool is known by heart at step (by seed) {'; '.join(told)}."]


def prefix_matching(ends: Ends) -> list[str]:
    """The median prefix matching by number of repeats, beside the unrepeated."""
    medians = {name: float(np.median([found[name]["prefix"] for found in ends.values()])) for name in _names(ends)}
    told = [f"{name} {number(value)}" for name, value in medians.items()]
    fall = 1 - min(medians.values()) / medians[NONE]
    return [
        f"Median of the largest prefix matching: {listed(told)}.",
        f"The lowest is {100 * fall:.0f} % below unrepeated training; in the paper it falls by 32 %.",
    ]


def _names(ends: Ends) -> list[str]:
    return list(next(iter(ends.values())))
