"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number, prediction
from induction_heads.networks.tokens.evaluate import crossing
from induction_heads.networks.tokens.measures import LAGS

from .figures import Histories
from .measures import ACCELERATES, ANTI, FORMED, FREE, GUARD, MOVED_SNIPPETS
from .runs import ANYWHERE, FORWARD, HALF, NATURAL, NATURAL_LONG, REVERSE, REVERSE_HALF, REVERSE_LONG


def formed(histories: Histories) -> list[str]:
    """At which step an induction head is formed, by arm and seed."""
    told = [f"{name}: {listed(map(number, _formed(each)))}" for name, each in histories.items()]
    return [f"Prefix matching reaches {FORMED} at step (by seed) {'; '.join(told)}."]


def _formed(each: Mapping[int, pd.DataFrame]) -> list[float]:
    return [crossing(h.step, h.prefix_matching, FORMED) for h in each.values()]


def sooner(histories: Histories) -> list[str]:
    """Whether snippets anywhere come sooner than at fixed places, and half as many later; and the claim's bar in each.

    The bar is nine tenths of natural training's steps.
    """
    steps = {name: _formed(histories[name]) for name in (FORWARD, ANYWHERE, HALF)}
    natural = _formed(histories[NATURAL])
    each = list(zip(*steps.values(), strict=True))
    came_true = all(anywhere < forward < half for forward, anywhere, half in each)
    told = listed(f"{name} {listed(map(number, found))}" for name, found in steps.items())
    met = {
        name: sum(math.isfinite(a) and a <= ACCELERATES * b for a, b in zip(found, natural, strict=True))
        for name, found in steps.items()
    }
    bars = listed(f"{name} in {in_words(held, len(natural))}" for name, held in met.items())
    return [
        prediction(came_true, f"an induction head is formed at step {told}"),
        f"Natural training takes {listed(map(number, natural))}; at most {ACCELERATES:g} of that is met by {bars}.",
    ]


def cost(histories: Histories) -> list[str]:
    """How far backward snippets end above natural training of the same length, in each setting, and the claim's bar."""
    beside = {REVERSE: NATURAL, REVERSE_HALF: NATURAL, REVERSE_LONG: NATURAL_LONG}
    above = {
        name: [histories[name][seed].loss.iloc[-1] - h.loss.iloc[-1] for seed, h in histories[natural].items()]
        for name, natural in beside.items()
    }
    told = [f"{name} {listed(f'{x:+.2f}' for x in each)}" for name, each in above.items()]
    caught_up = bool(max(above[REVERSE_LONG]) <= GUARD)
    met = {name: sum(bool(x <= GUARD) for x in each) for name, each in above.items()}
    bars = listed(f"{name} in {in_words(held, len(above[name]))}" for name, held in met.items())
    return [
        prediction(caught_up, f"natural loss less that of natural training of the same length (nats): {listed(told)}"),
        f"At most {GUARD:g} is met by {bars}.",
    ]


def copying(losses: Mapping[str, Mapping[int, Mapping[str, list[float]]]]) -> list[str]:
    """Whether each arm learns its own way, and reversal less well; median losses at the end, and the least of each."""
    least = {way: float(np.median([min(one[way]) for one in losses[way].values()])) for way in (FORWARD, REVERSE)}
    came_true = max(least.values()) < FREE / 2 and least[FORWARD] < least[REVERSE]
    told = []
    for name, each in losses.items():
        ends = {way: float(np.median([one[way][-1] for one in each.values()])) for way in (FORWARD, REVERSE)}
        told.append(f"{name} {number(ends[FORWARD])} and {number(ends[REVERSE])}")
    lowest = f"forward snippets {number(least[FORWARD])} with forward, backward {number(least[REVERSE])} with reverse"
    return [
        prediction(came_true, f"the least loss through training (median) is, on {lowest}"),
        f"At the end, on forward and on backward snippets: {listed(told)}.",
    ]


def loads(found: Mapping[str, Mapping[int, Mapping[str, float]]]) -> list[str]:
    """What the top head carries beside another head, and what copying gains, by arm: medians."""
    told = []
    for name, each in found.items():
        top, others, gain = (
            float(np.median([one[part] for one in each.values()])) for part in ("top", "others", "gain")
        )
        told.append(f"{name} {top:.2f} beside {others:.2f} (copying gains {gain:.2f} nats)")
    return [f"Lost without the top head, beside another on average (medians): {listed(told)}."]


def backward(found: Mapping[str, Mapping[int, Mapping[str, float]]]) -> list[str]:
    """What three tests say of backward attention in the reverse arm."""
    kinds = list(next(iter(found[REVERSE].values())))
    values = {kind: [one[kind] for one in found[REVERSE].values()] for kind in kinds}
    told = "; ".join(f"{kind} {listed(map(number, each))}" for kind, each in values.items())
    by_place = max(values[MOVED_SNIPPETS]) < ANTI
    return [
        prediction(
            by_place, f"with snippets moved, attention to the answer is {listed(map(number, values[MOVED_SNIPPETS]))}"
        ),
        f"The reverse arm, by seed: {told}.",
    ]


def lags(curves: Mapping[str, Mapping[int, Float[ndarray, "head lag"]]]) -> list[str]:
    """The lag to which any head of an arm attends most on reversed copies."""
    told = []
    for name, each in curves.items():
        every = np.concatenate(list(each.values()))
        head, lag = np.unravel_index(every.argmax(), every.shape)
        told.append(f"{name}: {every[head, lag]:.2f} at lag {LAGS[lag]:+d}")
    return [f"The largest attention of any head on reversed copies is, by arm, {'; '.join(told)}."]
