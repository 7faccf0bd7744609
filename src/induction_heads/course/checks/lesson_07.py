"""Lesson 7, a product of parts: the toy model, its equations, its waits (section 4, appendix E, Figure 5a)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from numpy.random import Generator

from induction_heads.papers.singh_2024 import toy

from ..checking import Exercise, Quiz, Wrong

Factors = ndarray  # 3 dimension: a, b, c


# --- loss ---


def _factors(rng: Generator) -> tuple[Factors, Factors]:
    return rng.normal(0, 0.8, size=(3, 7)), rng.normal(0, 1.2, size=(3, 7))


def _outer(factors: Factors) -> ndarray:
    a, b, c = factors
    return a[:, None, None] * b[:, None] * c


def _loss(factors: Factors, true: Factors) -> float:
    begin = toy.Start(true[None], factors[None])
    return float(toy.train(begin, learning_rate=0.0, iterations=1).loss[0, 0])


loss = Exercise(
    "loss",
    "it is low only where all three are right together, as the answer of a circuit is.",
    _loss,
    (
        Wrong(
            lambda f, t: 0.5 * float(((f - t) ** 2).mean()),
            "each vector is compared for itself; compare the products, that is all that anybody sees.",
        ),
        Wrong(
            lambda f, t: 0.5 * float(((f.prod(0) - t.prod(0)) ** 2).mean()),
            "numbers at the same place are multiplied; the outer product has every a with every b and every c.",
        ),
        Wrong(lambda f, t: 2 * _loss(f, t), "the factor 0.5 is missing."),
        Wrong(lambda f, t: _loss(f, t) * 7**3, "that is the sum over all numbers; take the mean."),
        Wrong(
            lambda f, t: 0.5 * float((_outer(f) - _outer(t)).mean() ** 2),
            "square first, then take the mean: errors of opposite sign must not cancel.",
        ),
    ),
    _factors,
    atol=1e-7,
)


# --- gradient ---


def _gradient(factors: Factors, true: Factors) -> ndarray:
    a, b, c = torch.tensor(np.array(factors))
    a.requires_grad_()
    made, goal = (torch.einsum("i,j,k->ijk", *each) for each in ((a, b, c), torch.tensor(np.array(true))))
    (found,) = torch.autograd.grad(0.5 * (made - goal).square().mean(), a)
    return found.numpy()


def _terms(f: Factors, t: Factors, cells: int = 7**3, lengths: bool = True, overlaps: bool = True) -> ndarray:
    """The gradient from its two terms."""
    (a, b, c), (true_a, true_b, true_c) = f, t
    shrink = (b @ b) * (c @ c) if lengths else 1.0
    grow = (b @ true_b) * (c @ true_c) if overlaps else (b @ b) * (c @ c)
    return (shrink * a - grow * true_a) / cells


gradient = Exercise(
    "gradient",
    "the pull towards the true a is (b·b*)(c·c*): as weak as b and c are wrong. That is why parts wait for each other.",
    _gradient,
    (
        Wrong(lambda f, t: -_gradient(f, t), "that is the direction of descent; the gradient points uphill."),
        Wrong(lambda f, t: _terms(f, t, 7), "you divide by d; the mean is over d³ numbers."),
        Wrong(lambda f, t: _terms(f, t, lengths=False), "a itself is multiplied by |b|² and |c|²."),
        Wrong(
            lambda f, t: _terms(f, t, overlaps=False),
            "a's goal is multiplied by the overlaps b·b* and c·c*, not by the lengths of b and c.",
        ),
        Wrong(lambda f, t: (f[0] - t[0]) / 7**3, "b and c are missing: the product is compared, not a alone."),
    ),
    _factors,
    atol=1e-7,
)


# --- descend ---

RATE, STEPS = 0.8, 6


def _begin(rng: Generator) -> tuple[Factors, Factors, list[bool], float, int]:
    """Factors, the true ones, which of them are free (at least a and one more), rate, steps."""
    free = [True, True, True]
    free[int(rng.integers(1, 3))] = False
    return *_factors(rng), free, RATE, STEPS


def _descend(factors: Factors, true: Factors, free: Sequence[bool], rate: float, steps: int) -> list[float]:
    clamped = [name for name, moves in zip(toy.FACTORS, free, strict=True) if not moves]
    begin = toy.Start(true[None], factors[None])
    return toy.train(begin, clamped, learning_rate=rate, iterations=steps).loss[0].tolist()


def _of_each(factors: Factors, true: Factors) -> ndarray:
    """The gradient of every factor, by symmetry."""
    return np.stack([_gradient(np.roll(factors, -i, 0), np.roll(true, -i, 0)) for i in range(3)])


def _steps(
    factors: Factors,
    true: Factors,
    free: Sequence[bool],
    rate: float,
    steps: int,
    clamp: bool = True,
    one_by_one: bool = False,
    after: bool = False,
) -> list[float]:
    """Descent with mistakes: clamped factors left where they begin, factors changed in turn, losses after each step."""
    moves = np.array(free)[:, None]
    now, losses = np.where(moves | (not clamp), factors, true), []
    together: list[Any] = [0, 1, 2] if one_by_one else [slice(None)]
    for _ in range(steps):
        losses.append(_loss(now, true))
        for i in together:
            now = now.copy()
            now[i] -= rate * np.where(moves, _of_each(now, true), 0.0)[i]
    return [*losses[1:], _loss(now, true)] if after else losses


descend = Exercise(
    "descend",
    "a clamp in three vectors: the same word, and the same effect, as in the network of lesson 8.",
    _descend,
    (
        Wrong(partial(_steps, clamp=False), "what is not free stays where it begins; it should be true throughout."),
        Wrong(lambda f, t, free, *a: _descend(f, t, [True] * 3, *a), "every factor moves: leave out those not free."),
        Wrong(
            lambda f, t, free, *a: _descend(f, t, [not x for x in free], *a), "free and clamped have changed places."
        ),
        Wrong(partial(_steps, one_by_one=True), "later factors see what has just changed; take all gradients first."),
        Wrong(partial(_steps, after=True), "those are the losses after each step; note them before."),
        Wrong(lambda f, t, free, rate, n: _descend(f, t, free, -rate, n), "the loss climbs: go against the gradient."),
    ),
    _begin,
    atol=1e-7,
    cases=3,
)


# --- speed ---


def _share_and_free(rng: Generator) -> tuple[float, int]:
    return float(rng.uniform(0.05, 0.9)), int(rng.integers(2, 4))


def _speed(s: float, k: int) -> float:
    return float(toy.speed(s, k))


speed = Exercise(
    "speed",
    "near s = 0 one free part starts at full speed, two at a speed like s, three at one like s^(4/3).",
    _speed,
    (
        Wrong(lambda s, k: s ** (1 - 1 / k) * (1 - s), "that is du/dt; s = u^k, so ds/dt = k u^(k-1) du/dt."),
        Wrong(lambda s, k: s ** (2 - 2 / k) * (1 - s), "the factor k is missing: s has k factors that all move."),
        Wrong(lambda s, k: k * s ** (2 * k - 2) * (1 - s**k), "you put s where u stands; u is the k-th root of s."),
        Wrong(lambda s, k: k * s ** (2 - 2 / k), "(1 - s) is missing: near the goal everything slows down."),
        Wrong(lambda s, k: k * s ** (1 - 1 / k) * (1 - s), "u^(k-1) comes twice: once from du/dt, once from s = u^k."),
    ),
    _share_and_free,
    atol=1e-7,
    cases=6,
)


# --- wait: time from one share to another ---


def _from_to(rng: Generator) -> tuple[float, float, int]:
    return float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.5, 0.8)), int(rng.integers(1, 4))


def _wait(begin: float, end: float, k: int) -> float:
    return float(toy.time_to_reach(np.array([end]), begin, k)[0])


def _summed(begin: float, end: float, rate_at: Callable[[ndarray], ndarray]) -> float:
    u = np.linspace(begin, end, 40_001)
    return float(np.trapezoid(1 / rate_at(u), u))


def _number(answer: Callable[..., Any], *inputs: Any) -> float:
    return float(answer(*inputs))


wait = Exercise(
    "wait",
    "most of it is spent near the start: the plateau is the price of beginning small with parts that multiply.",
    _wait,
    (
        Wrong(
            lambda b, e, k: _summed(b, e, lambda u: 1 / (u ** (k - 1) * (1 - u**k))),
            "you add up speeds; time is distance over speed.",
        ),
        Wrong(lambda b, e, k: _summed(b, e, lambda u: u ** (k - 1)), "1 - u^k is missing in the speed."),
        Wrong(lambda b, e, k: _summed(b, e, lambda u: u**k * (1 - u**k)), "the speed has u^(k-1), one power less."),
        Wrong(
            lambda b, e, k: _wait(b ** (1 / k), e ** (1 / k), k), "you take roots of the shares; they are u already."
        ),
        Wrong(
            lambda b, e, k: (e - b) / (b ** (k - 1) * (1 - b**k)),
            "you go on at the first speed; it changes on the way, so add up many small pieces.",
        ),
    ),
    _from_to,
    measure=_number,
    accept=lambda came, expected: bool(np.isclose(came, expected, rtol=0.01)),
    cases=6,
)


quiz_07 = Quiz(
    "quiz_07",
    "you can explain a plateau with one line: the pull on each part is the product of the others.",
    {"1": "b", "2": "a", "3": "c"},
    {
        "1": {
            "a": "at the start the gradient of a is small, although a is as wrong as can be.",
            "c": "the rate is the same from start to end.",
        },
        "2": {
            "b": "that would be so with two free parts, where the wait grows as a logarithm.",
            "c": "with one free part: there the start hardly matters.",
        },
        "3": {
            "a": "two free parts can wait as well: think of the law s(1 - s), and of a small start.",
            "b": "a long wait can be a small start or a small rate too; compare with a clamp.",
        },
    },
)
