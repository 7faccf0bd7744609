"""How far a claim's numbers are from its criterion: by a hair or by a mile, a miss is one word in the ledger."""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from induction_heads.machinery.ledger import Numbers

FURTHEST = 2.0  # times; what takes more than halving or doubling a number is as good as far
STEPS = 200  # factors that are tried, each way
SMALL = 100  # whole numbers below this are counts, which change by ones
HAIR = 1.1  # within a tenth


def margin(holds: Callable[[Numbers], bool], numbers: Numbers) -> float:
    """The least factor (at least 1) by which one number would have to grow or shrink for the verdict to change.

    FURTHEST where no single number can change it by less. It asks the criterion itself, so that there is no second
    account of it.
    """
    now = bool(holds(numbers))
    changes = [
        factor
        for name, value in numbers.items()
        for factor, other in _changed(float(value))
        if bool(holds({**numbers, name: other})) != now
    ]
    return min([*changes, FURTHEST])


def _changed(value: float) -> Iterator[tuple[float, float]]:
    """Values near this one, and by which factor they are away."""
    if value == 0 or not math.isfinite(value):
        return
    if value == round(value) and abs(value) < SMALL:
        counts = (value + step for step in range(-SMALL, SMALL + 1) if step)
        for other in counts:
            factor = max(other / value, value / other) if other * value > 0 else math.inf
            if factor <= FURTHEST:
                yield factor, other
        return
    for factor in np.geomspace(1, FURTHEST, STEPS + 1)[1:].tolist():
        yield factor, value * factor
        yield factor, value / factor


def margins(verdicts: Iterable) -> pd.DataFrame:
    """A row a claim and seed: whether it `holds`, and its `margin`; of the ledger's verdicts."""
    rows = [
        (verdict.claim.id, seed, held, margin(verdict.claim.holds, verdict.numbers[seed]))
        for verdict in verdicts
        for seed, held in verdict.by_seed.items()
    ]
    return pd.DataFrame(rows, columns=["claim", "seed", "holds", "margin"])


def by_a_hair(found: pd.DataFrame) -> list[str]:
    """Claims that miss somewhere, and nowhere by more than a tenth."""
    missed = found[~found.holds].groupby("claim", sort=False).margin.max()
    return list(missed[missed <= HAIR].index)
