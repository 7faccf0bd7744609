"""Readings of `live_bench`."""

import itertools
import math
from collections.abc import Mapping

from induction_heads.machinery.reading import number, prediction

from ..measures import PLATEAU
from .words import percent


def reading_by_hand(learnt: Mapping[str, float], shares: Mapping[str, float]) -> list[str]:
    """Sequences to learn of each training, from the one that is given least to the one that is given most; plateaus."""
    ordered = all(a > b for a, b in itertools.pairwise(learnt.values()))
    *_, most = shares
    return [
        prediction(
            ordered and shares[most] < PLATEAU,
            "; ".join(f"{name}: {_when(time)}" for name, time in learnt.items())
            + f"; the slowest tenth of the fall takes {percent(shares[most])} of the time of the last, a plateau from "
            f"{percent(PLATEAU)} on",
        )
    ]


def _when(sequences: float) -> str:
    return f"learnt after {number(sequences)} sequences" if math.isfinite(sequences) else "never learnt"
