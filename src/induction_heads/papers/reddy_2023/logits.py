"""Three nested logits: the paper's reduced account of an induction head, as we reconstruct it.

beta lets each label attend to its item, a turns what was found into attention of the target to the right label, xi
turns attention into an answer. N pairs in context, L labels in all; N - 1 of them are in context and wrong.
"""

from math import comb, log
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

RATE, STEPS = 0.1, 1000
REACHED = 1.0  # of a logit


class Descent(NamedTuple):
    """The three logits and the loss (nats) before each step of gradient descent, and after the last."""

    xi: Float[ndarray, " step"]
    a: Float[ndarray, " step"]
    beta: Float[ndarray, " step"]
    loss: Float[ndarray, " step"]


def previous(beta: float, pairs: int) -> Float[ndarray, " pair"]:
    """The attention of each label to its item, among all tokens up to itself."""
    others = 2 * np.arange(1, pairs + 1) - 1
    return np.exp(beta) / (np.exp(beta) + others)


def loss_and_gradient(
    xi: float, a: float, beta: float, pairs: int, labels: int, clamped: bool = False
) -> tuple[float, Float[ndarray, "3"]]:
    """The loss (nats) and its derivative by xi, a and beta; clamped, every label attends to its item alone."""
    each = np.ones(pairs) if clamped else previous(beta, pairs)
    r = each.mean()
    q = np.exp(a * r) / (np.exp(a * r) + pairs - 1)  # of the target to the right label
    wrong = (1 - q) / (pairs - 1)
    right, other = np.exp(xi * q), np.exp(xi * wrong)
    everything = right + (pairs - 1) * other + labels - pairs
    by_q = -xi + xi * (right - other) / everything
    by_xi = -q + (q * right + (1 - q) * other) / everything
    by_logit = by_q * q * (1 - q)
    gradient = np.array([by_xi, by_logit * r, by_logit * a * (each * (1 - each)).mean()])
    return float(np.log(everything) - xi * q), gradient


def descent(pairs: int, labels: int, clamped: bool = False, steps: int = STEPS, start: float = 0.0) -> Descent:
    """Gradient descent from zero, or from where all three are `start`."""
    if not 2 <= pairs <= labels:
        raise ValueError(f"expected 2 pairs or more and at least as many labels, got {pairs} and {labels}")
    theta, rows = np.full(3, start), []
    for _ in range(steps + 1):
        xi, a, beta = theta
        loss, gradient = loss_and_gradient(xi, a, beta, pairs, labels, clamped)
        rows.append([*theta, loss])
        theta = theta - RATE * gradient
    return Descent(*np.array(rows).T)


def counting_is_worth(pairs: int) -> float:
    """What is gained (nats) by who counts the labels in context and knows nothing else, over who picks any label.

    There are as many labels as pairs, drawn freely; the target's stands beside so many of the other pairs.
    """
    chances = [comb(pairs - 1, k) * (pairs - 1) ** (pairs - 1 - k) / pairs ** (pairs - 1) for k in range(pairs)]
    return sum(chance * log(1 + k) for k, chance in enumerate(chances))


def first(reached: ndarray) -> float:
    """The first step at which it is so; infinite where it never is."""
    return float(reached.argmax()) if reached.any() else float("inf")
