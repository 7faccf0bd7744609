"""Lesson 5, the phase change: strength, learning time, plateau, many heads and many seeds (section 3, Figure 3)."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from induction_heads.networks.model import Sequences
from induction_heads.papers.singh_2024 import measures

from ..checking import Exercise, Quiz, Wrong

# --- induction_strength ---


def _patterns(rng: Generator) -> tuple[Tensor, Tensor]:
    """Weights of the query on five tokens, `sequence head key`, and the pair that matches, 1 more often than 0."""
    weights = rng.dirichlet([0.7, 1.6, 0.4, 1.1, 0.9], size=(11, 4))
    return torch.from_numpy(weights).float(), torch.from_numpy((rng.random(11) < 0.7).astype(int))


def _strength(pattern: Tensor, match: Tensor) -> Tensor:
    which = Sequences(match[None], match[None], match[None])  # it reads the match alone
    return measures.induction_strength(pattern[None], which)[0]


def _signed(pattern: Tensor, match: Tensor, first: int = 1, other: float = 1.0) -> Tensor:
    """Weight on the matching pair's token less that on the other one's; `first` is where the first pair's stands."""
    places = first + 2 * match
    right, wrong = (pattern[torch.arange(len(match)), :, at] for at in (places, 2 * first + 2 - places))
    return right - other * wrong


induction_strength = Exercise(
    "induction_strength",
    "1 for a head that looks at the right label alone, 0 for one that does not tell them apart: Figure 3b's axis.",
    _strength,
    (
        Wrong(lambda p, m: -_strength(p, m), "you take the wrong label less the right one; turn it round."),
        Wrong(lambda p, m: _signed(p, m, other=0.0).mean(0), "take away the weight on the other label."),
        Wrong(lambda p, m: _signed(p, m, first=0).mean(0), "you read pictures; labels are tokens 1 and 3."),
        Wrong(lambda p, m: _signed(p, m).mean(1), "the mean runs over heads; take it over sequences."),
        Wrong(
            lambda p, m: (p[:, :, 1] - p[:, :, 3]).mean(0), "the first pair is not always the match: look at `match`."
        ),
        Wrong(lambda p, m: _signed(p, m).sum(0), "that is the sum over sequences; take the mean."),
    ),
    _patterns,
)


# --- first_below: when a loss comes down to a level ---


def _loss_curve(rng: Generator) -> tuple[ndarray, ndarray]:
    """A loss that waits and falls, at evaluations that are not evenly spaced."""
    seen = np.cumsum(rng.integers(300, 900, size=40)).astype(float)
    middle = seen[int(rng.integers(15, 24))]
    return seen, 0.72 / (1 + np.exp((seen - middle) / 1_300)) + 0.9 * np.exp(-seen / 900)


def _curve_and_level(rng: Generator) -> tuple[ndarray, ndarray, float]:
    seen, loss = _loss_curve(rng)
    loss[30:] += 0.6  # a step back, after which the loss falls a second time
    loss[36:] -= 0.6
    return seen, loss, float(rng.uniform(0.25, 0.5))


def _first_below(seen: ndarray, loss: ndarray, level: float) -> float:
    return float(measures.first_below(np.asarray(seen), np.asarray(loss), np.array([level]))[0])


def _at_evaluation(seen: ndarray, loss: ndarray, level: float) -> float:
    return float(seen[np.argmax(loss < level)])


def _evaluation_before(seen: ndarray, loss: ndarray, level: float) -> float:
    return float(seen[np.argmax(loss < level) - 1])


def _last_crossing(seen: ndarray, loss: ndarray, level: float) -> float:
    after = int(np.flatnonzero(loss >= level)[-1]) + 1
    share = (loss[after - 1] - level) / (loss[after - 1] - loss[after])
    return float(seen[after - 1] + share * (seen[after] - seen[after - 1]))


def _other_way(seen: ndarray, loss: ndarray, level: float) -> float:
    after = int(np.argmax(loss < level))
    share = (level - loss[after]) / (loss[after - 1] - loss[after])
    return float(seen[after - 1] + share * (seen[after] - seen[after - 1]))


first_below = Exercise(
    "first_below",
    "at 0.4 ln 2 this is the paper's learning time; it should not depend on how often somebody looked.",
    _first_below,
    (
        Wrong(_at_evaluation, "that is the evaluation after the crossing; go along the line between the two."),
        Wrong(_evaluation_before, "that is the evaluation before the crossing; go along the line between the two."),
        Wrong(lambda s, x, level: float(np.argmax(x < level)), "that is an index; give sequences seen."),
        Wrong(_last_crossing, "that is the last crossing; the loss comes up once more, take the first."),
        Wrong(_other_way, "the line is walked from the wrong end: near the level, the nearer evaluation counts more."),
    ),
    _curve_and_level,
    atol=1e-2,
)


# --- longest_wait: the plateau ---


def _curve_and_levels(rng: Generator) -> tuple[ndarray, ndarray, ndarray]:
    seen, loss = _loss_curve(rng)
    return seen, loss, np.linspace(1.0, 0.3, 29)


Crossing = Callable[[ndarray, ndarray, float], float]


def _waits(seen: ndarray, loss: ndarray, levels: ndarray, lower: Callable[[float], float]) -> ndarray:
    return np.array([_first_below(seen, loss, lower(x)) - _first_below(seen, loss, x) for x in levels])


def _longest_wait(seen: ndarray, loss: ndarray, levels: ndarray) -> float:
    begins, ends = (measures.first_below(seen, loss, share * levels) for share in (1, 0.9))
    return float((ends - begins).max())


longest_wait = Exercise(
    "longest_wait",
    "an exponential fall takes equally long for every tenth; a plateau is one tenth that takes far longer.",
    _longest_wait,
    (
        Wrong(lambda s, x, v: float(_waits(s, x, v, lambda y: 0.9 * y).min()), "that is the shortest wait."),
        Wrong(lambda s, x, v: float(_waits(s, x, v, lambda y: 0.9 * y).mean()), "that is the mean; take the longest."),
        Wrong(
            lambda s, x, v: float(_waits(s, x, v, lambda y: y - 0.1).max()),
            "you wait for a fall by 0.1 nats; a tenth of the level is meant, so 0.9 times the level.",
        ),
        Wrong(
            lambda s, x, v: float(_waits(s, x, v, lambda y: 0.9 * y).argmax()), "that is an index; give sequences seen."
        ),
        Wrong(
            lambda s, x, v: float(v[_waits(s, x, v, lambda y: 0.9 * y).argmax()]),
            "that is the level it waits at; give how long it waits.",
        ),
    ),
    _curve_and_levels,
    atol=1e-2,
)


# --- half_way: when each head emerges ---


def _emerging(rng: Generator) -> tuple[ndarray, ndarray]:
    """Checkpoints, and strengths `checkpoint head` that rise to different heights at different times."""
    seen = np.arange(0, 26_000, 2_000).astype(float) + 700
    tops, middles = rng.uniform(0.15, 0.95, size=5), rng.uniform(4_000, 16_000, size=5)
    risen = tops / (1 + np.exp(-(seen[:, None] - middles) / 1_500))
    return seen, risen + rng.normal(0, 0.004, size=risen.shape)


def _half_way(seen: ndarray, strengths: ndarray) -> ndarray:
    return measures.half_way(np.asarray(seen), np.asarray(strengths))


half_way = Exercise(
    "half_way",
    "heads of different strengths can be compared: in the paper they come at nearly the same time.",
    _half_way,
    (
        Wrong(
            lambda t, s: t[(s >= s.max() / 2).argmax(0)],
            "you take half of the strongest head; each head has its own maximum.",
        ),
        Wrong(lambda t, s: (s >= s.max(0) / 2).argmax(0), "that is a checkpoint's number; give sequences seen."),
        Wrong(lambda t, s: t[s.argmax(0)], "that is when each head is strongest; half of that is enough."),
        Wrong(
            lambda t, s: t[(s >= 0.5).argmax(0)],
            "0.5 is half of the greatest strength there can be, not of the head's.",
        ),
        Wrong(lambda t, s: t[(s >= s[-1] / 3).argmax(0)], "that is a third; take half."),
    ),
    _emerging,
)


# --- middle: the typical learning time of many seeds ---


def _times(rng: Generator) -> tuple[ndarray]:
    """Learning times of seven seeds, two of which never learn."""
    times = np.round(rng.lognormal(10, 0.4, size=7))
    times[rng.permutation(7)[:2]] = math.nan
    return (times,)


def _middle(times: ndarray) -> tuple[float, float, float]:
    ordered = pd.Series(times).fillna(math.inf).sort_values().to_numpy()
    return float(ordered[0]), float(np.median(ordered)), float(ordered[-1])


def _of(times: ndarray) -> tuple[float, float, float]:
    return float(times.min()), float(np.median(times)), float(times.max())


middle = Exercise(
    "middle",
    "who never learns is the slowest of all: dropping it would make a bad network look fast.",
    _middle,
    (
        Wrong(
            lambda t: _of(t[~np.isnan(t)]), "those that never learn are left out; they come last, so count them as inf."
        ),
        Wrong(_of, "nan makes every number nan: put inf where a network never learns."),
        Wrong(lambda t: _of(np.nan_to_num(t)), "never became 0, the fastest of all; it should be inf."),
        Wrong(
            lambda t: (_of(_inf(t))[0], float(_inf(t).mean()), _of(_inf(t))[2]),
            "that is the mean, which one late network pulls away; take the median.",
        ),
        Wrong(lambda t: _of(_inf(t))[::-1], "the order is lowest, median, highest."),
    ),
    _times,
)


def _inf(times: ndarray) -> ndarray:
    return np.where(np.isnan(times), math.inf, times)


quiz_05 = Quiz(
    "quiz_05",
    "you can say what is sudden about a phase change, in numbers.",
    {"1": "a", "2": "c", "3": "b"},
    {
        "1": {
            "b": "then the loss would be at ln 5; it is lower, so something has been learnt.",
            "c": "that is the end: both labels known and the right one chosen.",
        },
        "2": {
            "a": "an exponential fall loses every tenth in the same time: no tenth stands out.",
            "b": "work it out: the time for a tenth goes with ln 0.9, that until 0.4 ln 2 with ln 0.4.",
        },
        "3": {
            "a": "one seed shows that it can happen, not how it usually does.",
            "c": "longer training of one network does not tell how others would do.",
        },
    },
)
