"""How a number is said."""

import math
from typing import SupportsFloat


def number(x: SupportsFloat | None) -> str:
    """As a reader wants it: 0.0123, 12,300, never (not finite, or none)."""
    if x is None or not math.isfinite(x := float(x)):
        return "never"
    return f"{x:,.0f}" if abs(x) >= 1_000 else f"{x:.3g}"
