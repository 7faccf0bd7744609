"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import listed, number
from induction_heads.networks.tokens.evaluate import crossing
from induction_heads.networks.tokens.measures import LAGS

from .figures import Histories
from .measures import FORMED, FREE
from .runs import FORWARD, REVERSE


def formed(histories: Histories) -> list[str]:
    """At which step an induction head is formed, by arm and seed."""
    told = []
    for name, each in histories.items():
        steps = [crossing(h.step, h.prefix_matching, FORMED) for h in each.values()]
        told.append(f"{name}: {listed(number(step) for step in steps)}")
    return [f"Prefix matching reaches {FORMED} at step (by seed) {'; '.join(told)}."]


def copying(losses: Mapping[str, Mapping[int, Mapping[str, list[float]]]]) -> list[str]:
    """Median losses on forward and backward snippets at the end, and how often reversal is learnt at all."""
    told = []
    for name, each in losses.items():
        ends = {way: float(np.median([one[way][-1] for one in each.values()])) for way in (FORWARD, REVERSE)}
        told.append(f"{name} {number(ends[FORWARD])} and {number(ends[REVERSE])}")
    below = [name for name, each in losses.items() if np.median([one[REVERSE][-1] for one in each.values()]) < FREE / 2]
    return [
        f"Median loss on forward and on backward snippets: {listed(told)}.",
        f"Below half of a free token's {FREE} nats on backward snippets: {listed(below) if below else 'no arm'}.",
    ]


def lags(curves: Mapping[str, Mapping[int, Float[ndarray, "head lag"]]]) -> list[str]:
    """The lag to which any head of an arm attends most on reversed copies."""
    told = []
    for name, each in curves.items():
        every = np.concatenate(list(each.values()))
        head, lag = np.unravel_index(every.argmax(), every.shape)
        told.append(f"{name}: {every[head, lag]:.2f} at lag {LAGS[lag]:+d}")
    return [f"The largest attention of any head on reversed copies is, by arm, {'; '.join(told)}."]
