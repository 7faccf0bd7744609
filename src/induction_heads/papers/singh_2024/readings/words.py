"""Turns of phrase that several readings share."""

import math

import pandas as pd

from induction_heads.machinery.numbers import number, published

from ..claims.main_text import CLAIMS

LN_2 = math.log(2)
NEAR = 0.1  # "near ln 2" is within a tenth of it, as in claim 1


def beside(ours: float, theirs: float, unit: str = "") -> str:
    """`0.031 nats (the paper: 0.028)`."""
    return f"{number(ours)}{' ' if unit else ''}{unit} (the paper: {published(theirs)})"


def against_the_paper(ours: float, theirs: float) -> str:
    """When ours is learnt, beside the paper: `239,800 sequences, 12 % earlier than in the paper (273,000)`."""
    if not math.isfinite(ours):
        return f"never in this run, in the paper after {published(theirs)} sequences"
    change = ours / theirs - 1
    sooner = "earlier" if change < 0 else "later"
    return f"{number(ours)} sequences, {percent(abs(change))} {sooner} than in the paper ({published(theirs)})"


def percent(share: float) -> str:
    """`12 %`; below one per cent with two digits."""
    digits = f"{100 * share:.0f}" if abs(share) >= 0.01 or share == 0 else f"{100 * share:.2g}"
    return f"{digits} %"


def signed(share: float) -> str:
    """`+14 %`."""
    return f"{100 * share:+.0f} %"


def meets(claim: str, numbers: pd.Series) -> bool:
    """Whether numbers meet the criterion of a claim of the main text, by its id."""
    (criterion,) = [known.holds for known in CLAIMS if known.id == claim]
    return bool(criterion({name: float(value) for name, value in numbers.items()}))


def near(value: float, level: float) -> bool:
    """Whether a loss is within a tenth of a level."""
    return bool(abs(value / level - 1) <= NEAR)
