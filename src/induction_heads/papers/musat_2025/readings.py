"""Readings of Musat and others 2025, in sentences made from the numbers."""

import math
from collections.abc import Mapping, Sequence

from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import in_words, prediction
from induction_heads.machinery.store import Trained

from . import network
from .claims import FIRST_SIGHT, NAMES, grows_with_the_square, nineteen_hold, seen_at, three_hold, time_to_learn

NEAR_FLOW = 0.2  # a coefficient that is nowhere larger than this has stayed near zero


def reading_flow(times: Mapping[str, float], pairs: int) -> list[str]:
    """The order and the times of one context."""
    ordered = times["gamma"] < times["beta"] < times["alpha"]
    told = ", ".join(f"T({NAMES[name]}) = {number(times[name])}" for name in ("gamma", "beta", "alpha", "attention"))
    return [
        prediction(ordered, f"with {pairs} pairs {told}"),
        f"In units of the context, copying takes {times['gamma'] / pairs:.2f} N, matching "
        f"{times['beta'] / pairs**2:.2f} N², the previous token {times['alpha'] / pairs**2:.2f} N², and the attention "
        f"is at a half after {times['attention'] / pairs**2:.2f} N².",
    ]


def reading_slopes(slopes: Mapping[str, float]) -> list[str]:
    """Whether the times are powers of the context, one and two."""
    told = ", ".join(f"{NAMES[name]} {slope:.3f}" for name, slope in slopes.items())
    return [prediction(grows_with_the_square(slopes), f"the slopes are {told}")]


def reading_network(runs: Mapping[str, Sequence[Trained]]) -> list[str]:
    """What the coefficients reach, what rises beside them, and how long each context takes."""
    sentences, grown = [], []
    for name, seeds in runs.items():
        last = seeds[0].history.iloc[-1]
        others = [each for each in network.NAMES if each not in (network.ALPHA_3, network.BETA_2, network.GAMMA_3)]
        largest = max(others, key=lambda each: seeds[0].history[each].abs().max())
        course = seeds[0].history[largest]
        most = course[course.abs().idxmax()]
        grown.append(abs(most) > NEAR_FLOW)
        sentences.append(
            f"With {name} α₃ ends at {last[network.ALPHA_3]:.2f}, β₂ at {last[network.BETA_2]:.2f}, γ₃ at "
            f"{last[network.GAMMA_3]:.2f}; of the other 16, {largest} goes furthest, to {most:.2f}, and ends at "
            f"{last[largest]:.2f}."
        )
    told = "; ".join(f"{name} {', '.join(number(time_to_learn(t)) for t in seeds)}" for name, seeds in runs.items())
    return [
        prediction(not any(grown), "of the other 16 some grow" if any(grown) else "the other 16 stay near zero")
    ] + [
        *sentences,
        f"Times (steps × rate) until the loss is halved, by seed: {told}.",
    ]


def reading_order(runs: Mapping[str, Sequence[Trained]]) -> list[str]:
    """Whether the network's three coefficients come into sight in the flow's order, and what they hold at first."""
    told, ordered, least = [], [], []
    for name, seeds in runs.items():
        at = [seen_at(trained) for trained in seeds]
        ordered += [each["gamma"] < each["beta"] < each["alpha"] < math.inf for each in at]
        each = ", ".join(f"{NAMES[part]} {' '.join(number(x[part]) for x in at)}" for part in at[0])
        told.append(f"{name} {each}")
        early = [trained.history.three.iloc[len(trained.history) // 10] for trained in seeds]
        least.append(f"{', '.join(f'{x:.2f}' for x in early)} with {name}")
    return [
        prediction(all(ordered), f"times at which they pass {FIRST_SIGHT}, by seed: {'; '.join(told)}"),
        f"After a tenth of the steps the three hold {' and '.join(least)} of the squared weights.",
    ]


def reading_shares(numbers: Mapping[int, Mapping[str, float]]) -> list[str]:
    """Whether 19 directions hold the weights and three nearly all; numbers by seed, as claim 3 measures them."""
    nineteen = sum(nineteen_hold(n) for n in numbers.values())
    three = sum(three_hold(n) for n in numbers.values())
    lowest = min(x for n in numbers.values() for name, x in n.items() if name.startswith("19"))
    least = min(x for n in numbers.values() for name, x in n.items() if name.startswith("three"))
    both = nineteen == three == len(numbers)
    return [
        prediction(both, f"19 directions hold {lowest:.3f} of the squared weights or more, three {least:.3f} or more"),
        f"The criterion for 19 is met by {in_words(nineteen, len(numbers))}, that for three by "
        f"{in_words(three, len(numbers))}.",
    ]


CIRCUIT = {"W1": ("position", "position"), "W2": ("tok", "A tok"), "W3": ("label", "A²tok")}


def reading_blocks(found: Mapping[str, tuple[str, str]]) -> list[str]:
    """Whether the strongest block of each matrix is the induction head's; `network.strongest`."""
    told = ", ".join(f"in {name} {' by '.join(block)}" for name, block in found.items())
    return [prediction(dict(found) == CIRCUIT, f"the strongest blocks are {told}")]
