"""What is measured on trained networks: by place, by step, and on one sequence's attention maps."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from induction_heads.machinery.run import Tensors

EARLY, LATE = slice(8, 48), slice(144, 192)  # places; training sees 96
SELDOM = slice(64, 96)  # places that training has, but seldom needs
WINDOW = 8  # places, over which curves by place are means
FIRST_PLACES, LAST_PLACES = slice(0, 32), slice(63, 95)  # of the places that W_K¹ is asked for, from the second on


def previous(learnt: Tensors, places: slice) -> float:
    """Layer 1's attention to the token before, mean over places."""
    return float(learnt["previous by position"][places].mean())


def accuracy(learnt: Tensors, places: slice) -> float:
    """Share of right answers, where the context says them."""
    return float(learnt["right by position"][places].sum() / learnt["told by position"][places].sum())


def windows(values: Float[ndarray, " place"]) -> Float[ndarray, " window"]:
    """Means over windows of places; what is left at the end is dropped."""
    whole = len(values) // WINDOW * WINDOW
    return values[:whole].reshape(-1, WINDOW).mean(1)


def accuracy_by_window(learnt: Tensors) -> Float[ndarray, " window"]:
    right, told = (windows(learnt[f"{name} by position"].double().numpy()) for name in ("right", "told"))
    return right / np.maximum(told, 1 / WINDOW)  # where nothing is asked for, 0


def previous_by_window(learnt: Tensors) -> Float[ndarray, " window"]:
    return windows(learnt["previous by position"].double().numpy())


def maps(learnt: Tensors) -> dict[int, tuple[Tensor, Tensor]]:
    """Attention of both layers on one sequence, `query key`, by the step at which it was kept."""
    found = {int(name.split()[-1]): both for name, both in sorted(learnt.items()) if re.match("maps at", name)}
    return {step: (both[0], both[1]) for step, both in found.items()}


def induction(
    pattern: Float[Tensor, "query key"], tokens: Int[Tensor, " token"], told: Bool[Tensor, " token"]
) -> float:
    """Attention to what came after earlier tokens like the present one; mean over queries that the context answers."""
    followed = (tokens[:, None] == tokens[None, :-1]).tril(-1)  # of query and key - 1
    return float((pattern[:, 1:] * followed).sum(1)[told].mean())


def when(history: pd.DataFrame, column: str, level: float) -> float:
    """The first evaluation at which a column is at a level or above; infinite where none is."""
    steps = history.steps[history[column] >= level]
    return float(steps.iloc[0]) if len(steps) else float("inf")


def at_first(history: pd.DataFrame, column: str, level: float) -> Mapping[str, float]:
    """The history's row at that evaluation; the last where there is none."""
    there = history[history[column] >= level]
    return (there.iloc[0] if len(there) else history.iloc[-1]).to_dict()
