"""Where a curve reaches a level."""

import math

from jaxtyping import Num
from numpy import ndarray


def first_at(time: Num[ndarray, " time"], values: Num[ndarray, " time"], level: float) -> float:
    """When a quantity is first at a level or above, between two times by a straight line; infinite where it never is.

    For one that falls, give it and the level with the other sign.
    """
    there = values >= level
    if not there.any():
        return math.inf
    after = int(there.argmax())
    if after == 0:
        return float(time[0])
    share = (level - values[after - 1]) / (values[after] - values[after - 1])
    return float(time[after - 1] + share * (time[after] - time[after - 1]))
