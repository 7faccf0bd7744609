"""Lesson 10, is it true: criteria as functions, verdicts, exact intervals, one-seed stories (the ledger)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator

from induction_heads.machinery import ledger

from ..checking import Exercise, Quiz, Wrong

Time = float | None  # None: never learnt, as the ledger's file has it
Numbers = dict[str, Time]  # what was measured of a seed


# --- rises: a criterion, with networks that never learn ---


def _lists_of_times(rng: Generator) -> tuple[list[list[Time]]]:
    """Three learning times a list, in and out of order, with some that are never learnt."""
    a, b, c = np.cumsum(rng.integers(100, 900, size=3)).astype(float).tolist()
    return ([[a, b, c], [a, b, None], [a, None, b], [a, c, b], [a, None, None], [None, a, b], [c, b, a]],)


def _each(answer: Callable[[Any], Any], lists: list[Any]) -> list[Any]:
    return [answer(list(each)) for each in lists]


def _late(times: Sequence[Time]) -> list[float]:
    return [math.inf if t is None else t for t in times]


def _ascending(times: Sequence[float]) -> bool:
    return all(np.diff(np.nan_to_num(times, posinf=1e12)) > 0)


rises = Exercise(
    "rises",
    "a criterion is done only when it says what happens to a network that never learns.",
    lambda times: bool(_ascending(_late(times))),
    (
        Wrong(
            lambda times: bool(_ascending([t or 0.0 for t in times])),
            "None became 0, the earliest of all; who never learns is later than everybody.",
        ),
        Wrong(
            lambda times: bool(_ascending([t for t in times if t is not None])),
            "None is left out; who never learns is later than everybody.",
        ),
        Wrong(lambda times: _late(times)[0] < _late(times)[-1], "you compare the ends; every step has to rise."),
        Wrong(
            lambda times: sorted(_late(times)) == _late(times),
            "two networks that never learn are equally late: that is no rise, so compare with <.",
        ),
        Wrong(
            lambda times: None not in times and bool(_ascending(_late(times))),
            "one None makes your answer False; at the end of the list it is a rise.",
        ),
    ),
    _lists_of_times,
    measure=_each,
    cases=2,
)


# --- verdict: of seeds that meet a criterion or do not ---

COUNTS = ((10, 10), (9, 10), (1, 10), (5, 10), (0, 10), (0, 0), (2, 3), (28, 32), (29, 32), (1, 16), (9, 32))


def _seeds(rng: Generator) -> tuple[list[list[bool]]]:
    return ([rng.permutation([i < held for i in range(of)]).astype(bool).tolist() for held, of in COUNTS],)


def _verdict(held: Sequence[bool]) -> str:
    claim = ledger.Claim("", "", "", "", "", "", lambda numbers: bool(numbers["held"]), lambda study, seed: {})
    return ledger.Verdict(claim, {seed: {"held": int(yes)} for seed, yes in enumerate(held)}).word


def _word(held: Sequence[bool], holds: Callable[[float], bool], fails: Callable[[float], bool]) -> str:
    if not held:
        return ledger.UNMEASURED
    share = sum(held) / len(held)
    return ledger.HOLDS if holds(share) else ledger.FAILS if fails(share) else ledger.IN_PART


verdict = Exercise(
    "verdict",
    "three words that were fixed before: nobody has to haggle over a seed afterwards.",
    _verdict,
    (
        Wrong(
            lambda held: _word(held, lambda x: x == 1, lambda x: x == 0),
            "you ask for all seeds or none; nine tenths are enough, and one tenth is too few.",
        ),
        Wrong(
            lambda held: _word(held, lambda x: x > 0.5, lambda x: x < 0.5),
            "that is a majority; nine tenths have to hold, and between there is *holds in part*.",
        ),
        Wrong(
            lambda held: _word(held, lambda x: x > 0.9, lambda x: x < 0.1),
            "nine tenths and one tenth themselves count: *or more*, *or fewer*.",
        ),
        Wrong(
            lambda held: _verdict(held) if held else ledger.FAILS,
            "of no seed at all nothing is known: that is *not measured*.",
        ),
        Wrong(
            lambda held: _word(held, lambda x: sum(held) >= 9, lambda x: sum(held) <= 1),
            "you count seeds; of 32 nine are few, so take the share.",
        ),
    ),
    _seeds,
    measure=_each,
    cases=2,
)


# --- at_least: how surprising many seeds are ---


def _binomial(rng: Generator) -> tuple[int, int, float]:
    n, p = int(rng.integers(6, 25)), float(rng.uniform(0.3, 0.7))
    return max(2, round(n * p)), n, round(p, 2)


def _chance_of(k: int, n: int, p: float, which: str = "sf") -> float:
    from scipy.stats import binom  # only who checks waits for it

    return float(getattr(binom, which)(k, n, p))


at_least = Exercise(
    "at_least",
    "this number tells a result from luck: how often would as much or more come, if the share were only p?",
    lambda k, n, p: _chance_of(k - 1, n, p),
    (
        Wrong(lambda k, n, p: _chance_of(k, n, p), "that is *more* than k; k itself counts."),
        Wrong(lambda k, n, p: _chance_of(k, n, p, "pmf"), "that is exactly k; what is more counts too."),
        Wrong(lambda k, n, p: _chance_of(k, n, p, "cdf"), "that is k or *fewer*."),
        Wrong(
            lambda k, n, p: sum(p**i * (1 - p) ** (n - i) for i in range(k, n + 1)),
            "it may be any i of the n seeds: there are `math.comb(n, i)` ways.",
        ),
        Wrong(lambda k, n, p: p**k, "that is k of k; the others may hold or not, in many ways."),
    ),
    _binomial,
    atol=1e-7,
)


# --- interval: the shares that are not refuted ---


def _k_of_n(rng: Generator) -> tuple[int, int]:
    n = int(rng.integers(5, 20))
    return int(rng.integers(n - 2, n + 1)), n


def _limits(k: int, n: int, confidence: float = 0.95, method: str = "exact") -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(k, n).proportion_ci(confidence, method)
    return float(found.low), float(found.high)


def _normal(k: int, n: int) -> tuple[float, float]:
    share = k / n
    half = 1.96 * math.sqrt(share * (1 - share) / n)
    return max(0.0, share - half), min(1.0, share + half)


interval = Exercise(
    "interval",
    "five seeds of five are compatible with a claim that fails in every second network: so few is five.",
    _limits,
    (
        Wrong(
            lambda k, n: _limits(k, n, 0.9),
            "5 % lie on either side, which makes 90 %; leave 2.5 % on each.",
        ),
        Wrong(_normal, "the normal approximation is too sure: where all seeds hold, it leaves one share alone."),
        Wrong(
            lambda k, n: _limits(k, n, 0.95, "wilson"),
            "that is Wilson's interval, an approximation; the ledger's is exact, by `at_least`.",
        ),
        Wrong(lambda k, n: (_limits(k, n)[0], 1.0), "the upper end is missing: which shares make k or fewer too rare?"),
        Wrong(lambda k, n: _limits(n - k, n), "that is the interval for the seeds that do *not* hold."),
    ),
    _k_of_n,
    atol=2e-3,
    cases=5,
)


# --- one_seed_says: what a story with one seed each would have been ---


def _two_sets(rng: Generator) -> tuple[list[float], list[float]]:
    """Learning times of five and of seven seeds, which overlap; some never learn in either."""
    slow, fast = rng.lognormal(10, 0.4, size=5).round().tolist(), rng.lognormal(9.9, 0.4, size=7).round().tolist()
    return [*slow[:4], math.inf], [*fast[:5], math.inf, math.inf]


def _earlier(slow: Sequence[float], fast: Sequence[float], ties: float = 0.5) -> float:
    a, b = np.meshgrid(slow, fast)
    return float(np.where(a == b, ties, b < a).mean())


one_seed_says = Exercise(
    "one_seed_says",
    "one seed each is a draw from this lottery, and who publishes has often drawn twice.",
    _earlier,
    (
        Wrong(
            lambda a, b: float(np.mean([y < x for x, y in zip(a, b, strict=False)])),
            "you compare seeds at the same place; any seed may meet any other.",
        ),
        Wrong(lambda a, b: _earlier(a, b, 0.0), "two that never learn are a tie, and count one half."),
        Wrong(lambda a, b: _earlier(a, b, 1.0), "two that never learn are a tie: one half, not a whole one."),
        Wrong(lambda a, b: _earlier(b, a), "turned round: count where the second one is *earlier*."),
        Wrong(
            lambda a, b: float(np.median(b) < np.median(a)),
            "that compares medians of all seeds; who has one seed each does not know them.",
        ),
    ),
    _two_sets,
)


# --- judge: a claim ---


@dataclass(frozen=True)
class _AtLeast:
    """A criterion that can be shown: never measured (None) does not meet it."""

    name: str
    bar: float

    def __call__(self, numbers: Mapping[str, Time]) -> bool:
        found = numbers[self.name]
        return found is not None and bool(found >= self.bar)

    def __repr__(self) -> str:
        return f"the criterion {self.name} >= {self.bar}"


def _claim(rng: Generator) -> tuple[dict[str, Numbers], _AtLeast]:
    """Twelve seeds: three do not meet the criterion although the mean does, two more have no number."""
    bar = 0.25
    below, above = rng.uniform(0.01, 0.1, size=3).tolist(), rng.uniform(0.1, 0.5, size=7).tolist()
    shares: list[Time] = [*(bar + x for x in above), *(bar - x for x in below), None, None]
    seeds = (rng.permutation(50)[:12] + 1).tolist()
    order = [9, *(int(i) for i in rng.permutation(12) if i != 9)]  # the first seed does not meet it
    return {str(s): {"share": shares[i]} for s, i in zip(seeds, order, strict=True)}, _AtLeast("share", bar)


def _judge(values: Mapping[str, Numbers], holds: Callable[[Numbers], bool]) -> dict[str, Any]:
    return _told([bool(holds(numbers)) for numbers in values.values()])


def _told(held: Sequence[bool], **other: Any) -> dict[str, Any]:
    k, n = sum(held), len(held)
    return {"verdict": _verdict(held), "held": k, "of": n, "interval": _limits(k, n)} | other


def _of_the_mean(values: Mapping[str, Numbers], holds: Callable[[Numbers], bool]) -> dict[str, Any]:
    each = [n["share"] for n in values.values() if n["share"] is not None]
    return _told([holds({"share": float(np.mean(each))})] * len(values))


judge = Exercise(
    "judge",
    "a claim, a criterion, the seeds, a verdict: the ledger of this project is this function, many times.",
    _judge,
    (
        Wrong(
            _of_the_mean, "you judge the mean of the seeds, and no network is the mean; judge each seed, then count."
        ),
        Wrong(
            lambda values, holds: _told([holds(next(iter(values.values())))]),
            "that is the first seed alone: a one-seed story.",
        ),
        Wrong(
            lambda values, holds: _judge({s: n for s, n in values.items() if n["share"] is not None}, holds),
            "seeds without a number are left out; the criterion says what they are worth.",
        ),
        Wrong(
            lambda values, holds: _told([not holds(n) for n in values.values()]),
            "you count the seeds that do *not* meet the criterion.",
        ),
        Wrong(
            lambda values, holds: _judge(values, holds) | {"interval": (_share(values, holds),) * 2},
            "that is the share of these seeds twice; the interval is for all seeds there could be.",
        ),
    ),
    _claim,
    atol=2e-3,
    cases=2,
)


def _share(values: Mapping[str, Numbers], holds: Callable[[Numbers], bool]) -> float:
    return sum(map(holds, values.values())) / len(values)


quiz_10 = Quiz(
    "quiz_10",
    "you know what a number of seeds is worth, and what a criterion is for.",
    {"1": "c", "2": "a", "3": "b"},
    {
        "1": {
            "a": "that is these five; another five may come out otherwise.",
            "b": "the interval reaches from 48 to 100 %: it may well be far below nine tenths.",
        },
        "2": {
            "b": "then it is a description of what came, and always true.",
            "c": "more seeds help against chance, not against choosing what to look at.",
        },
        "3": {
            "a": "twenty tests at 5 % give one on average where nothing is there.",
            "c": "the largest of twenty is the one that chance has lifted most.",
        },
    },
)
