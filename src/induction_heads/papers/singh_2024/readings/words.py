"""Turns of phrase that several readings share."""

import math
from collections.abc import Iterable

from induction_heads.machinery.reading import number

LN_2 = math.log(2)
NEAR = 0.1  # "near ln 2" is within a tenth of it, as in claim 1


def beside(ours: float, theirs: float, unit: str = "") -> str:
    """`0.031 nats (the paper: 0.028)`."""
    return f"{number(ours)}{' ' if unit else ''}{unit} (the paper: {number(theirs)})"


def against_the_paper(ours: float, theirs: float) -> str:
    """When ours is learnt, beside the paper: `239,800 sequences, 12 % earlier than in the paper (272,600)`."""
    if not math.isfinite(ours):
        return f"never in this run, in the paper after {number(theirs)} sequences"
    change = ours / theirs - 1
    sooner = "earlier" if change < 0 else "later"
    return f"{number(ours)} sequences, {percent(abs(change))} {sooner} than in the paper ({number(theirs)})"


def percent(share: float) -> str:
    """`12 %`; below one per cent with two digits."""
    digits = f"{100 * share:.0f}" if abs(share) >= 0.01 or share == 0 else f"{100 * share:.2g}"
    return f"{digits} %"


def near(value: float, level: float) -> bool:
    """Whether a loss is within a tenth of a level."""
    return abs(value / level - 1) <= NEAR


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = list(parts)
    return f"{', '.join(most)} and {last}" if most else last
