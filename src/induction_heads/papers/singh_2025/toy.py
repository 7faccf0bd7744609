"""The toy model of Singh and others 2025: two products that share two of their factors, and cannot both be kept.

`a b c` stands for learning in context, `d b c` for weights constrained to the labels in context. The loss is

    (m1 + mu1) (m2 + mu2) + alpha ½ mean[(a ⊗ d)²],    m1 = ½ mean[(a* ⊗ b* ⊗ c* - a ⊗ b ⊗ c)²],  m2 likewise with d

so that either strategy alone would do, the first only to within mu1; alpha makes them compete. float64, no tensor is
formed: everything follows from lengths and overlaps.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

SMALL, LARGE = 20, 160  # dimensions of a, b, c and of d
RATE = 1.0
STARTS, MANY = 12, 60  # those of the figures and claims, and enough to tell a share
RECORDED_EVERY = 20  # steps
FACTORS = "abcd"


class Condition(NamedTuple):
    mu1: float
    alpha: float
    steps: int
    mu2: float = 0.0


CONDITIONS = {
    "both": Condition(0.1, 0.1, 16_000),
    "no floor": Condition(0.0, 0.1, 8_000),
    "no competition": Condition(0.1, 0.0, 8_000),
}


class Course(NamedTuple):
    """Errors of both strategies, and the loss, of every start."""

    steps: Float[ndarray, " time"]
    context: Float[ndarray, "start time"]  # m1
    weights: Float[ndarray, "start time"]  # m2
    loss: Float[ndarray, "start time"]


Factors = dict[str, Float[ndarray, "start _"]]


def start(starts: int) -> tuple[Factors, Factors]:
    """True and initial vectors, all standard normal; start i is the same however many there are."""
    drawn = []
    for i in range(starts):
        rng = np.random.default_rng(i)
        drawn.append([{f: rng.standard_normal(LARGE if f == "d" else SMALL) for f in FACTORS} for _ in range(2)])
    true, initial = ({f: np.stack([pair[k][f] for pair in drawn]) for f in FACTORS} for k in range(2))
    return true, initial


def error(learnt: Factors, true: Factors, factors: str) -> tuple[Float[ndarray, " start"], Factors]:
    """Half the mean square error of a product of three, and its gradients."""
    cells = np.prod([true[f].shape[1] for f in factors])
    long = {f: (learnt[f] ** 2).sum(1) for f in factors}
    along = {f: (learnt[f] * true[f]).sum(1) for f in factors}
    right = np.prod([(true[f] ** 2).sum(1) for f in factors], 0)
    value = (right + np.prod([*long.values()], 0) - 2 * np.prod([*along.values()], 0)) / (2 * cells)
    gradients = {}
    for f in factors:
        shrink, grow = (np.prod([x[g] for g in factors if g != f], 0)[:, None] for x in (long, along))
        gradients[f] = (shrink * learnt[f] - grow * true[f]) / cells
    return value, gradients


def loss_and_gradient(
    learnt: Factors, true: Factors, condition: Condition
) -> tuple[ndarray, ndarray, ndarray, Factors]:
    """m1, m2, the loss, and its gradients."""
    m1, by_1 = error(learnt, true, "abc")
    m2, by_2 = error(learnt, true, "dbc")
    cells = SMALL * LARGE
    a, d = ((learnt[f] ** 2).sum(1)[:, None] for f in "ad")
    first, second = (m1 + condition.mu1)[:, None], (m2 + condition.mu2)[:, None]
    loss = (first * second)[:, 0] + condition.alpha * 0.5 * (a * d)[:, 0] / cells
    gradients = {
        "a": second * by_1["a"] + condition.alpha * d * learnt["a"] / cells,
        "b": second * by_1["b"] + first * by_2["b"],
        "c": second * by_1["c"] + first * by_2["c"],
        "d": first * by_2["d"] + condition.alpha * a * learnt["d"] / cells,
    }
    return m1, m2, loss, gradients


def train(condition: Condition, starts: int = STARTS) -> Course:
    """Gradient descent from every start, side by side."""
    true, learnt = start(starts)
    rows, steps = [], []
    for step in range(condition.steps + 1):
        m1, m2, loss, gradients = loss_and_gradient(learnt, true, condition)
        if step % RECORDED_EVERY == 0 or step == condition.steps:
            steps.append(step)
            rows.append(np.stack([m1, m2, loss]))
        learnt = {f: learnt[f] - RATE * gradients[f] for f in FACTORS}
    context, weights, loss = np.stack(rows, -1)
    return Course(np.array(steps, float), context, weights, loss)
