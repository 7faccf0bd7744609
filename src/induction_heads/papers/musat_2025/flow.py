"""The reduced dynamics of Musat and others 2025: gradient flow in three numbers, one for each step of the circuit.

alpha lets the label attend to its item (previous token), beta matches the query with what was found there, gamma
copies. The context has N pairs; tokens and positions are orthonormal, and the matched pair is the last.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.curves import first_at

RTOL, ATOL = 1e-8, 1e-12
LEARNT = 0.5  # of a weight, and of the attention: the paper's threshold
LONGEST = 12.0  # times N²: by then all is learnt
SHOWN = 2_000  # times at which a flow is kept


class Flow(NamedTuple):
    """The three weights, the attention to the right label and the loss, through time."""

    time: Float[ndarray, " time"]
    alpha: Float[ndarray, " time"]
    beta: Float[ndarray, " time"]
    gamma: Float[ndarray, " time"]
    attention: Float[ndarray, " time"]
    loss: Float[ndarray, " time"]


def previous(alpha: Any, pairs: int) -> Any:
    """The attention w of the matched label to its own item, among the 2N - 1 tokens before it."""
    return np.exp(alpha) / (np.exp(alpha) + 2 * pairs - 2)


def attention(alpha: Any, beta: Any, pairs: int) -> Any:
    """The attention A of the query to the matched label, among the 2N tokens before it."""
    matched = np.exp(beta * previous(alpha, pairs))
    return matched / (matched + 2 * pairs - 1)


def loss(alpha: Any, beta: Any, gamma: Any, pairs: int) -> Any:
    """Half the mean square error of what the query reads, gamma times an average over all tokens."""
    right = attention(alpha, beta, pairs)
    return 0.5 * (1 - 2 * gamma * right + gamma**2 * (right**2 + (1 - right) ** 2 / (2 * pairs - 1)))


def gradient(theta: Float[ndarray, "3"], pairs: int) -> Float[ndarray, "3"]:
    """Of the loss, with respect to alpha, beta and gamma."""
    alpha, beta, gamma = theta
    w, right = previous(alpha, pairs), attention(alpha, beta, pairs)
    others = 2 * pairs - 1
    by_attention = -gamma + gamma**2 * (right - (1 - right) / others)
    by_logit = by_attention * right * (1 - right)
    by_gamma = -right + gamma * (right**2 + (1 - right) ** 2 / others)
    return np.array([by_logit * beta * w * (1 - w), by_logit * w, by_gamma])


def flow(pairs: int) -> Flow:
    """From zero, by a stiff solver; `pairs` is N, 2 or more."""
    from scipy.integrate import solve_ivp  # only who solves waits for it

    if pairs < 2:
        raise ValueError(f"expected a context of 2 pairs or more, got {pairs}")
    end = LONGEST * pairs**2
    solved = solve_ivp(
        lambda t, theta: -gradient(theta, pairs),
        (0, end),
        np.zeros(3),
        "LSODA",
        rtol=RTOL,
        atol=ATOL,
        dense_output=True,
    )
    time = np.union1d(np.linspace(0, end, SHOWN), np.geomspace(0.1, end, SHOWN))
    alpha, beta, gamma = solved.sol(time)
    return Flow(time, alpha, beta, gamma, attention(alpha, beta, pairs), loss(alpha, beta, gamma, pairs))


QUANTITIES = ("gamma", "beta", "alpha", "attention")


def times(pairs: int) -> dict[str, float]:
    """When gamma, beta, alpha and the attention reach a half."""
    found = flow(pairs)
    return {name: first_at(found.time, getattr(found, name), LEARNT) for name in QUANTITIES}


def slope(pairs: list[int], time: list[float]) -> float:
    """Of log time against log N, by least squares."""
    return float(np.polyfit(np.log(pairs), np.log(time), 1)[0])
