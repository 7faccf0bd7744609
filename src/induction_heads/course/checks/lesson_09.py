"""Lesson 9, what data slow: a design and its budget, ratios within seeds, delays that add or multiply (Figure 6)."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, cycle, product
from typing import Any

import numpy as np
from numpy.random import Generator

from ..checking import Exercise, Quiz, Wrong

Settings = dict[str, int]
Levels = Mapping[str, list[int]]
Times = Mapping[int, float]  # seed -> learning time


# --- conditions: one setting at a time ---


def _factors(rng: Generator) -> tuple[Settings, Levels]:
    """A base of three settings, and other levels for them: two, one and three."""
    base = {"classes": 50, "labels": 5, "pairs": 2}
    above = [np.cumsum(rng.integers(1, 30, size=n)).tolist() for n in (2, 1, 3)]
    return base, {name: [base[name] + x for x in more] for name, more in zip(base, above, strict=True)}


def _conditions(base: Settings, levels: Levels) -> list[Settings]:
    return [dict(base), *({**base, name: level} for name in levels for level in levels[name])]


def _crossed(base: Settings, levels: Levels) -> list[Settings]:
    every = product(*([base[name], *levels[name]] for name in levels))
    return [{**base, **dict(zip(levels, chosen, strict=True))} for chosen in every]


def _accumulated(base: Settings, levels: Levels) -> list[Settings]:
    found = [dict(base)]
    for name in levels:
        for level in levels[name]:
            found.append({**found[-1], name: level})
    return found


def _one_dictionary(base: Settings, levels: Levels) -> list[Settings]:
    last = {**base, **{name: more[-1] for name, more in levels.items()}}
    return [last] * len(_conditions(base, levels))


def _in_any_order(answer: Callable[..., Sequence[Settings]], base: Settings, levels: Levels) -> list[Settings]:
    return sorted(answer(base, levels), key=lambda settings: sorted(settings.items()))


conditions = Exercise(
    "conditions",
    "whatever differs between a condition and the base has one name, and so has the cause of the difference.",
    _conditions,
    (
        Wrong(_crossed, "every combination is there; change one setting at a time and leave the others at the base."),
        Wrong(lambda b, v: _conditions(b, v)[1:], "the base is missing: there is nothing to compare with."),
        Wrong(_accumulated, "changes add up; every condition starts from the base again."),
        Wrong(
            lambda b, v: [condition for name in v for condition in _conditions(b, {name: v[name]})],
            "the base is there once for each setting; it is one condition, and a run of it is enough.",
        ),
        Wrong(
            lambda b, v: _conditions(b, {name: more[-1:] for name, more in v.items()}),
            "only the last level of each setting is there; take all of them.",
        ),
        Wrong(_one_dictionary, "all conditions are one dictionary, changed again and again: make a copy for each."),
    ),
    _factors,
    measure=_in_any_order,
    cases=2,
)


# --- plan: who runs before the budget is spent ---

Planned = list[tuple[str, int]]


def _budgeted(rng: Generator) -> tuple[list[str], list[int], int]:
    """Four conditions, sixteen seeds, and a budget that is no whole number of rounds."""
    names = [f"condition {letter}" for letter in "abcd"]
    return names, (rng.permutation(90)[:16] + 1).tolist(), int(4 * rng.integers(2, 4) + rng.integers(1, 4))


def _plan(names: Sequence[str], seeds: Sequence[int], budget: int) -> Planned:
    return list(product(names, seeds[: budget // len(names)]))


def _sorted(answer: Callable[..., Planned], names: list[str], seeds: list[int], budget: int) -> Planned:
    return sorted((name, int(seed)) for name, seed in answer(names, seeds, budget))


plan = Exercise(
    "plan",
    "with the same seeds in every condition, what a lucky start does cancels out.",
    _plan,
    (
        Wrong(
            lambda names, seeds, budget: list(product(names, seeds))[:budget],
            "the first conditions have all the seeds and the budget is gone before the last: go seed by seed.",
        ),
        Wrong(
            lambda names, seeds, budget: [(n, s) for s in seeds for n in names][:budget],
            "the last seed has not been run in every condition: leave such a round out.",
        ),
        Wrong(
            lambda names, seeds, budget: list(zip(cycle(names), seeds[: budget - budget % len(names)], strict=False)),
            "every run has a seed of its own, so that a difference may be the seed's: give all conditions the same.",
        ),
        Wrong(lambda names, seeds, budget: list(product(names, seeds)), "that costs more than the budget."),
        Wrong(
            lambda names, seeds, budget: [(n, seeds[0]) for n in names],
            "that is one seed, and the budget allows more: what differs may be this seed's own.",
        ),
    ),
    _budgeted,
    measure=_sorted,
    cases=3,
)


# --- fair: comparisons in which one thing differs ---

Pairs = list[tuple[str, str]]


def _runs(rng: Generator) -> tuple[dict[str, Settings]]:
    """Five runs, two of them the same, in an order drawn anew; the others differ in one, two or all settings."""
    base = {"classes": int(rng.integers(20, 60)), "labels": int(rng.integers(5, 9)), "learning rate": 1}
    changed = [(), (), ("classes",), ("classes", "labels"), ("classes", "labels", "learning rate")]
    order, more = rng.permutation(5), [int(x) for x in rng.permutation(40)[:3] + 100]
    runs = {}
    for i in order:
        others = {name: more[0] + j for j, name in enumerate(changed[i])}
        runs[f"run {i}"] = base | others
    return (runs,)


def _differing(runs: dict[str, Settings], within: Callable[[int], bool]) -> Pairs:
    """Pairs of runs, by how many of their settings differ."""
    return [
        (a, b) for a, b in combinations(sorted(runs), 2) if within(sum(runs[a][key] != runs[b][key] for key in runs[a]))
    ]


def _pairs(answer: Callable[..., Pairs], runs: dict[str, Settings]) -> list[list[str]]:
    return sorted(sorted(pair) for pair in answer(runs))


def _neighbours(runs: dict[str, Settings]) -> Pairs:
    fair_ones = {frozenset(pair) for pair in _differing(runs, lambda n: n == 1)}
    return [(a, b) for a, b in zip(runs, list(runs)[1:], strict=False) if frozenset((a, b)) in fair_ones]


fair = Exercise(
    "fair",
    "many a discovery is two changes at once, one of which nobody wrote down.",
    lambda runs: _differing(runs, lambda n: n == 1),
    (
        Wrong(lambda runs: _differing(runs, lambda n: n <= 1), "two runs that do not differ at all tell nothing."),
        Wrong(
            lambda runs: _differing(runs, lambda n: n >= 1),
            "some of these differ in several settings: then nobody knows which one it was.",
        ),
        Wrong(lambda runs: 2 * _differing(runs, lambda n: n == 1), "every pair is there twice; once is enough."),
        Wrong(_neighbours, "you compare a run with the next one only; compare every two."),
        Wrong(
            lambda runs: _differing(runs, lambda n: n == 2),
            "in these one setting is the *same*; in a fair comparison one differs.",
        ),
    ),
    _runs,
    measure=_pairs,
    cases=3,
)


# --- times_as_long: within seeds ---


def _two_conditions(rng: Generator) -> tuple[Times, Times]:
    """Learning times by seed: one seed more in the base, another order, and one that never learns."""
    seeds = (rng.permutation(30)[:6] + 1).tolist()
    starts = rng.lognormal(10, 0.5, size=6)
    base = {s: float(round(t)) for s, t in zip(seeds, starts, strict=True)}
    factor = rng.uniform(1.1, 2.2, size=6)
    other = {s: float(round(base[s] * f)) for s, f in zip(seeds[:5], factor, strict=False)}
    other[seeds[2]] = math.inf
    return base, {s: other[s] for s in rng.permutation(seeds[:5]).tolist()}


def _ratios(base: Times, other: Times) -> np.ndarray:
    return np.array([other[s] / base[s] for s in sorted(other)])


def _by_place(base: Times, other: Times) -> float:
    return float(np.median([b / a for a, b in zip(base.values(), other.values(), strict=False)]))


times_as_long = Exercise(
    "times_as_long",
    "seeds differ more than conditions do; within a seed the same start is compared with itself.",
    lambda base, other: float(np.median(_ratios(base, other))),
    (
        Wrong(
            lambda a, b: float(np.median(list(b.values())) / np.median(list(a.values()))),
            "that is a ratio of medians, over different seeds; divide within each seed first.",
        ),
        Wrong(lambda a, b: float(1 / np.median(_ratios(a, b))), "it is turned round: divide *by* the base."),
        Wrong(lambda a, b: float(_ratios(a, b).mean()), "that is the mean, which one late seed takes along."),
        Wrong(_by_place, "seeds stand in another order in the two: look each of them up."),
        Wrong(
            lambda a, b: float(np.median([b[s] - a[s] for s in b])),
            "that is a difference in sequences; give how many times as long.",
        ),
    ),
    _two_conditions,
)


# --- together: two delays at once, if they add and if they multiply ---


def _three_times(rng: Generator) -> tuple[float, float, float]:
    base = float(rng.integers(200, 400))
    return base, base * float(rng.uniform(1.2, 1.9)), base * float(rng.uniform(2.0, 3.5))


def _together(base: float, one: float, other: float) -> tuple[float, float]:
    return one + other - base, base * (one / base) * (other / base)


together = Exercise(
    "together",
    "parts that are learnt one after the other add their delays; parts that wait for each other need not.",
    _together,
    (
        Wrong(
            lambda t, a, b: (a + b, _together(t, a, b)[1]),
            "two whole times are added; add the *delays* to the base: it is waited for once.",
        ),
        Wrong(
            lambda t, a, b: (_together(t, a, b)[0], a * b), "times are multiplied; multiply the *factors* and the base."
        ),
        Wrong(lambda t, a, b: _together(t, a, b)[::-1], "the first is for delays that add, the second for factors."),
        Wrong(lambda t, a, b: (max(a, b), max(a, b)), "the larger one would be right if they were waited for at once."),
        Wrong(
            lambda t, a, b: (a + b - 2 * t, (a / t) * (b / t)),
            "those are the delay and the factor; give the learning times that are expected.",
        ),
    ),
    _three_times,
)


# --- slowed: a criterion over seeds ---


def _by_part(rng: Generator) -> tuple[Mapping[str, list[float]], float]:
    """A bar, and three seeds of each part: all above it, mean above, median above, one above, all above 1, below."""
    bar = float(rng.uniform(1.15, 1.3))
    kinds = [
        [bar + 0.02, bar + 0.3, bar + 0.1],
        [1.05, 1.1, bar + 1.2],
        [0.3, bar + 0.05, bar + 0.1],
        [0.6, 0.8, bar + 0.1],
        [1.02, 1.05, bar - 0.05],
        [0.9, 0.95, 1.0],
    ]
    letters = rng.permutation(list("ABCDEF")).tolist()
    return {letter: rng.permutation(kind).tolist() for letter, kind in zip(letters, kinds, strict=True)}, bar


def _slowed(ratios: Mapping[str, list[float]], bar: float, of: Callable[[list[float]], Any] = min) -> list[str]:
    return sorted(part for part, each in ratios.items() if of(each) >= bar)


slowed = Exercise(
    "slowed",
    "a bar above 1 and every seed: two ways in which chance is kept out, both fixed before the runs.",
    _slowed,
    (
        Wrong(lambda r, bar: _slowed(r, bar, max), "one seed is enough for you; *every* seed has to reach the bar."),
        Wrong(lambda r, bar: _slowed(r, bar, np.mean), "that is the mean, which one seed can lift over the bar."),
        Wrong(lambda r, bar: _slowed(r, bar, np.median), "that is the median; *every* seed has to reach the bar."),
        Wrong(lambda r, bar: _slowed(r, 1.0), "the bar is not used: a ratio just above 1 may be chance."),
        Wrong(lambda r, bar: sorted(set(r) - set(_slowed(r, bar))), "those are *not* slowed; give the others."),
    ),
    _by_part,
    measure=lambda answer, ratios, bar: sorted(answer(ratios, bar)),
    cases=3,
)


quiz_09 = Quiz(
    "quiz_09",
    "you can ask data a question that a few runs can answer.",
    {"1": "b", "2": "c", "3": "a"},
    {
        "1": {
            "a": "then every condition has its own seeds, and seeds differ by more than data do.",
            "c": "then two conditions are never run, and who says that they are the dull ones? Nobody has looked yet.",
        },
        "2": {
            "a": "with the match clamped only the copy is left: it cannot tell about matching.",
            "b": "with nothing clamped all parts are learnt at once, and any may be the slow one.",
        },
        "3": {
            "b": "a sum is what one would expect of parts that are learnt one after the other.",
            "c": "it tells something: parts that do not touch each other would add their delays.",
        },
    },
)
