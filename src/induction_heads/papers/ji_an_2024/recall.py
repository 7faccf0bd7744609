"""Contextual maintenance and retrieval (CMR): how people recall a list freely, as a model of a drifting context.

The context t starts at one item. Each step recalls an item f with a probability in proportion to Mᵀt, and drifts:

    t <- norm((1 - β_rec) t + β_rec norm((1 - γ) f + γ M f)),    M = (I - (1 - β_enc) T)⁻¹ T

T takes each of n items to the next, the last to a state that ends recall. β are rates of drift while the list is read
and recalled, γ how much an item brings back what came before it. The conditional response probability (CRP) is how
often recall goes from one item to the one δ places later.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.remembered import remembered

ITEMS, RECALLS, STEPS = 60, 300, 25
FIT_LAGS = tuple(range(-5, 6))
BETA_ENC, BETA_REC, GAMMA = (np.linspace(low, 1, n) for low, n in ((0.1, 10), (0.0, 11), (0.0, 5)))


@dataclass(frozen=True)
class Memory:
    """A setting of the model, each number in [0, 1]."""

    beta_enc: float
    beta_rec: float
    gamma: float


def associations(beta_enc: float, items: int = ITEMS) -> Float[ndarray, "item item"]:
    """M: from an item, 1 to the next, and 1 - β_enc less to each later one; the last state ends recall."""
    step = np.eye(items + 1, k=1)
    return np.linalg.solve(np.eye(items + 1) - (1 - beta_enc) * step, step)


def unit(vectors: Float[ndarray, "recall item"]) -> Float[ndarray, "recall item"]:
    """Each of length 1; zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def crp(memory: Memory, seed: int = 0, recalls: int = RECALLS, items: int = ITEMS) -> Float[ndarray, " lag"]:
    """The frequency of lags -5 to 5 between successive recalls, among all lags; recall starts in the middle third."""
    rng = np.random.default_rng(seed)
    M, single = associations(memory.beta_enc, items), np.eye(items + 1)
    last = rng.integers(items // 3, 2 * items // 3, recalls)
    context = single[last]
    alive = np.ones(recalls, dtype=bool)
    counts = np.zeros(2 * items + 1)
    for _ in range(STEPS):
        weights = context @ M
        total = weights.sum(1)
        alive &= total > 0
        share = np.cumsum(weights / np.where(total > 0, total, 1)[:, None], 1)
        item = np.minimum((rng.random((recalls, 1)) >= share).sum(1), items)
        alive &= item < items  # the last state ends recall
        np.add.at(counts, (item - last + items)[alive], 1)
        last = np.where(alive, item, last)
        retrieved = unit((1 - memory.gamma) * single[last] + memory.gamma * M.T[last])  # M f, of the item f
        context = unit((1 - memory.beta_rec) * context + memory.beta_rec * retrieved)
    lags = counts[[items + lag for lag in FIT_LAGS]]
    return lags / max(counts.sum(), 1)


def grid() -> list[Memory]:
    """Every setting that is tried."""
    return [Memory(*map(float, each)) for each in product(BETA_ENC, BETA_REC, GAMMA)]


def _curves() -> dict[str, list[list[float]]]:
    return {"curves": [crp(memory).tolist() for memory in grid()]}


@cache
def curves() -> Float[ndarray, "memory lag"]:
    """The CRP of every setting of the grid; remembered."""
    found = remembered(["conditional response probabilities"], _curves)
    return np.array(found["curves"])


def distances(attention: Float[ndarray, " lag"], recalled: Float[ndarray, "memory lag"]) -> Float[ndarray, " memory"]:
    """Of a head's lags -5 to 5 from each CRP: both less their minimum, the CRP scaled to the head's maximum.

    Mean squared difference over the variance of the head's: 0 is a fit, 1 is as bad as a constant.
    """
    a = attention - attention.min()
    c = recalled - recalled.min(1, keepdims=True)
    top = c.max(1, keepdims=True)
    c = np.where(top > 0, c / np.where(top > 0, top, 1) * a.max(), 0)
    return ((c - a) ** 2).mean(1) / max(a.var(), 1e-12)


def fit(attention: Float[ndarray, " lag"]) -> tuple[float, Memory, Float[ndarray, " lag"]]:
    """The least distance over the grid, the setting that has it, and its CRP."""
    found = distances(attention, curves())
    best = int(found.argmin())
    return float(found[best]), grid()[best], curves()[best]
