"""Lesson 6, redundant and additive: heads ablated one by one, all but one, switched back on (Figures 4, 13 and 14)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from ..checking import Exercise, Quiz, Wrong
from .one_head import normal

Without = Callable[[list[int]], float]  # what is measured when these heads are ablated


# --- ablate ---


def _values(rng: Generator) -> tuple[Tensor, list[int]]:
    """Values `batch token head d_head`, large enough that no axis is short of the heads' numbers."""
    return normal(rng, 7, 5, 6, 8), rng.permutation(5)[:2].tolist()


def _chosen(n: int, heads: Sequence[int]) -> Tensor:
    return torch.tensor([h in heads for h in range(n)])


def _ablate(v: Tensor, heads: list[int]) -> Tensor:
    return torch.where(_chosen(v.shape[2], heads)[:, None], 0.0, v)


def _along(axis: int) -> Callable[[Tensor, list[int]], Tensor]:
    return lambda v, heads: v.index_fill(axis, torch.tensor(heads), 0)


def _in_place(v: Tensor, heads: list[int]) -> Tensor:
    v[:, :, heads] = 0
    return v


def _mean_instead(v: Tensor, heads: list[int]) -> Tensor:
    return torch.where(_chosen(v.shape[2], heads)[:, None], v.mean(0), v)


def _and_given(answer: Callable[[Tensor, list[int]], Tensor], v: Tensor, heads: list[int]) -> dict[str, Tensor]:
    """What comes back, and what has become of the values that were given."""
    return {"values": answer(v, heads), "the values given, afterwards": v}


ablate = Exercise(
    "ablate",
    "a head with zero values writes nothing, wherever it attends: this is the paper's ablation.",
    _ablate,
    (
        Wrong(_in_place, "you change the values that you were given; work on a clone, or the next measure is wrong."),
        Wrong(_along(1), "that silences tokens; heads are axis 2 of `batch token head d_head`."),
        Wrong(_along(3), "that sets numbers within every head to zero; heads are axis 2."),
        Wrong(
            lambda v, heads: v - _ablate(v, heads), "these heads are kept and all others silenced: it is turned round."
        ),
        Wrong(_mean_instead, "that is mean ablation, also in use; the paper's sets values to zero."),
    ),
    _values,
    measure=_and_given,
    cases=2,
)


# --- effects: each head ablated alone, each left alone ---


@dataclass(frozen=True)
class _Accuracy:
    """An accuracy in which heads are worth different amounts, and some pairs more than both alone."""

    worth: ndarray
    of_pairs: ndarray

    def __call__(self, heads: list[int]) -> float:
        left = [h for h in range(len(self.worth)) if h not in heads]
        return float(0.2 + self.worth[left].sum() + sum(self.of_pairs[a, b] for a, b in combinations(left, 2)))

    def __repr__(self) -> str:
        return f"a measure of {len(self.worth)} heads"


def _measured(rng: Generator) -> tuple[Without, int]:
    return _Accuracy(rng.uniform(0.02, 0.2, size=6), rng.uniform(0.01, 0.05, size=(6, 6))), 6


def _effects(without: Without, n: int) -> list[float]:
    return [without([]) - without([h]) for h in range(n)]


effects = Exercise(
    "effects",
    "where heads are redundant, each of these is small although together the heads are everything.",
    _effects,
    (
        Wrong(lambda f, n: [-x for x in _effects(f, n)], "the sign is turned round: give how much is lost."),
        Wrong(lambda f, n: [f([h]) for h in range(n)], "that is what is left; give what is lost, compared with all."),
        Wrong(
            lambda f, n: [f([]) - f([i for i in range(n) if i != h]) for h in range(n)],
            "all heads but one are ablated; ablate one.",
        ),
        Wrong(lambda f, n: [f([]) - f(list(range(h + 1))) for h in range(n)], "earlier heads stay ablated."),
        Wrong(lambda f, n: [f([]) - f([h]) for h in range(1, n + 1)], "heads count from 0; the first is missing."),
    ),
    _measured,
)


def _alone(without: Without, n: int) -> list[float]:
    return [without(sorted(set(range(n)) - {h})) for h in range(n)]


alone = Exercise(
    "alone",
    "a head that does the task alone is sufficient, which is not the same as necessary.",
    _alone,
    (
        Wrong(lambda f, n: [f([h]) for h in range(n)], "one head is ablated; ablate all the others."),
        Wrong(lambda f, n: [f([]) - x for x in _alone(f, n)], "that is what is lost; give what this head reaches."),
        Wrong(lambda f, n: [f(list(range(n)))] * n, "every head is ablated, that one as well."),
        Wrong(
            lambda f, n: [f(list(range(h + 1, n))) for h in range(n)],
            "only later heads are ablated; earlier ones are still on.",
        ),
        Wrong(
            lambda f, n: [x - f(list(range(n))) for x in _alone(f, n)],
            "you take away what no head reaches; give what is measured.",
        ),
    ),
    _measured,
)


# --- switched_on: the heads again, one after another ---


def _measured_in_order(rng: Generator) -> tuple[Without, list[int]]:
    without, n = _measured(rng)
    return without, rng.permutation(n).tolist()


def _switched_on(without: Without, order: list[int]) -> list[float]:
    off, found = list(order), [without(order)]
    for _ in order:
        off = off[1:]
        found.append(without(off))
    return found


switched_on = Exercise(
    "switched_on",
    "additive heads climb step by step; a circuit that needs all its heads would jump at the last one.",
    _switched_on,
    (
        Wrong(lambda f, o: _switched_on(f, o)[1:], "begin with all heads off: one more number than there are heads."),
        Wrong(
            lambda f, o: [f(o[:i]) for i in range(len(o) + 1)],
            "heads are switched off one by one; begin with all of them off.",
        ),
        Wrong(lambda f, o: [f(o), *(f([i for i in o if i != h]) for h in o)], "heads that were on go off again."),
        Wrong(lambda f, o: _switched_on(f, sorted(o)), "you go by the heads' numbers; go by `order`."),
        Wrong(lambda f, o: _switched_on(f, o[::-1]), "that is the order turned round: the first head comes on first."),
    ),
    _measured_in_order,
)


# --- interaction: more or less than the sum ---


def _measured_pair(rng: Generator) -> tuple[Without, int, int]:
    without, n = _measured(rng)
    a, b = rng.permutation(n)[:2].tolist()
    return without, a, b


def _interaction(without: Without, a: int, b: int) -> float:
    return without([a]) + without([b]) - without([a, b]) - without([])


interaction = Exercise(
    "interaction",
    "0 for heads that add up; above it for a stand-in that is missed only when both are gone.",
    _interaction,
    (
        Wrong(lambda f, a, b: -_interaction(f, a, b), "the sign is turned round: lost by both, less the two alone."),
        Wrong(lambda f, a, b: f([]) - f([a, b]), "that is what is lost by both; take away what each loses alone."),
        Wrong(
            lambda f, a, b: f([a]) + f([b]) - f([a, b]),
            "the network with all heads is missing: a loss is a difference from it.",
        ),
        Wrong(
            lambda f, a, b: f([]) - f([a, b]) - (2 * f([]) - f([a]) - f([b])) / 2,
            "you take away the mean of the two; take away their sum.",
        ),
        Wrong(
            lambda f, a, b: (f([]) - f([a, b])) / (2 * f([]) - f([a]) - f([b])), "that is a ratio; take a difference."
        ),
    ),
    _measured_pair,
)


# --- judged: necessary, sufficient ---

Verdict = tuple[list[bool], list[bool]]


def _accuracies(rng: Generator) -> tuple[float, list[float], list[float], float]:
    """Of a network, of it without each of six heads, of each alone, of chance."""
    whole, chance = float(rng.uniform(0.9, 0.99)), float(rng.uniform(0.4, 0.5))
    middle = (whole + chance) / 2
    near = np.array([-0.2, -0.1, -0.05, 0.05, 0.1, 0.2])  # around the middle; half of chance lies below all of them
    shaken = [rng.permutation(near) * float(rng.uniform(0.7, 1)) for _ in range(2)]
    return whole, *((middle + each).round(3).tolist() for each in shaken), chance


def _judged(whole: float, without: list[float], alone: list[float], chance: float) -> Verdict:
    half = (whole + chance) / 2
    return [x < half for x in without], [x > half for x in alone]


judged = Exercise(
    "judged",
    "two questions, two experiments: one ablation can answer only the first.",
    _judged,
    (
        Wrong(
            lambda w, x, a, c: _judged(w, x, a, 0.0),
            "chance is forgotten: a network that guesses is not at 0, so half way lies higher than half.",
        ),
        Wrong(lambda w, x, a, c: _judged(w, a, x, c), "the two experiments have changed places."),
        Wrong(lambda w, x, a, c: _judged(w, x, a, c)[::-1], "necessary comes first, then sufficient."),
        Wrong(
            lambda w, x, a, c: (_judged(w, x, a, c)[0], [not n for n in _judged(w, x, a, c)[0]]),
            "sufficient is not the opposite of necessary: it is seen where the head is alone.",
        ),
        Wrong(
            lambda w, x, a, c: ([y < w - 1e-6 for y in x], [y > c + 1e-6 for y in a]),
            "any difference counts for you; the line is half way between chance and all heads.",
        ),
    ),
    _accuracies,
)


quiz_06 = Quiz(
    "quiz_06",
    "you can tell redundant from unimportant, and know which experiment shows it.",
    {"1": "c", "2": "a", "3": "b"},
    {
        "1": {
            "a": "others may do the same work: ablate them together before you say so.",
            "b": "that is seen by leaving the head alone, which is another experiment.",
        },
        "2": {
            "b": "below zero less is lost without both than the two losses add up to; here it is more.",
            "c": "zero would mean that the two losses add up exactly.",
        },
        "3": {
            "a": "which heads there are and how strong they are is another matter, and both views see it.",
            "c": "training is over; ablation after it leaves all other weights as they were.",
        },
    },
)
