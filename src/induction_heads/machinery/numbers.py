"""How a number is said."""

import math
from typing import SupportsFloat


def number(x: SupportsFloat | None) -> str:
    """As a reader wants it: 0.0123, 12,300, never (not finite, or none)."""
    value = math.inf if x is None else float(x)
    if not math.isfinite(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def published(theirs: SupportsFloat | None) -> str:
    """A number of a paper, to three digits: curves are read off pictures, and of one run off several of them."""
    return number(None if theirs is None else float(f"{float(theirs):.3g}"))
