"""Readings of von Oswald and others 2022, in sentences made from the numbers."""

import numpy as np

from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, by_seeds, in_words, prediction

from . import claims, network


def _range(by_seed: BySeed, name: str) -> str:
    values = [float(n[name]) for n in by_seed.values()]
    return number(values[0]) if len(values) == 1 else f"{number(min(values))} to {number(max(values))}"


def reading_loss(by_seed: BySeed) -> list[str]:
    """`claims.same_loss` of every seed."""
    held = [claims.is_the_same_loss(n) for n in by_seed.values()]
    theirs = next(iter(by_seed.values()))["gradient descent"]
    return [
        prediction(
            all(held),
            f"the layers end at {_range(by_seed, 'trained')}, the step at {number(theirs)} on the same tasks; within "
            f"2 % are {in_words(sum(held), len(held))}",
        ),
        f"Over all tasks there are, the best step has {number(network.best_error())} at rate "
        f"{number(network.best_rate())}: the rest is these test tasks.",
    ]


def reading_model(by_seed: BySeed) -> list[str]:
    """`claims.same_model` of every seed."""
    held = [claims.is_the_same_model(n) for n in by_seed.values()]
    return [
        prediction(
            all(held), f"cosine {_range(by_seed, 'cosine')}, distance {_range(by_seed, 'model difference')} at the end"
        )
    ]


def reading_weights(weights: BySeed, half_way: BySeed) -> list[str]:
    """`claims.same_weights` and `claims.interpolation` of every seed."""
    held = [claims.are_the_same_weights(n) for n in weights.values()]
    between = [claims.is_as_good_half_way(n) for n in half_way.values()]
    rate = next(iter(weights.values()))["minus the best rate"]
    return [
        prediction(
            all(held),
            f"off the diagonal of KQ at most {_range(weights, 'largest off the diagonal')}; N PV at y, y is "
            f"{_range(weights, 'N (PV)_yy')}, minus the best rate {number(rate)}",
        ),
        f"Half way between the two the error is {_range(half_way, 'half way')}: within 2 % of the step for "
        f"{in_words(sum(between), len(between))}.",
    ]


def reading_elsewhere(by_seed: BySeed) -> list[str]:
    """`claims.off_distribution` of every seed."""
    held = [claims.is_descent_elsewhere(n) for n in by_seed.values()]
    ratios = np.array([list(n.values()) for n in by_seed.values()], dtype=float)
    told = f"the trained layer's error is {ratios.min():.3f} to {ratios.max():.3f} times the step's"
    return [prediction(all(held), told)]


def reading_two(by_seed: BySeed) -> list[str]:
    """`claims.two_steps` of every seed."""
    held = [claims.is_gd_plus_plus(n) for n in by_seed.values()]
    first = next(iter(by_seed.values()))
    beside = ", ".join(
        f"{n['trained'] / n['two steps of descent']:.3f} and {n['trained'] / n['two steps of GD++']:.3f}"
        for n in by_seed.values()
    )
    return [
        prediction(
            all(held),
            f"two trained layers end at {by_seeds(by_seed, 'trained')} (by seed), two steps of descent at "
            f"{number(first['two steps of descent'])}, of GD++ at {number(first['two steps of GD++'])}",
        ),
        f"The criterion is met by {in_words(sum(held), len(held))}: of descent's error and of that of GD++ they have "
        f"shares of {beside} (by seed).",
    ]
