"""Readings of Chan and others 2024, in sentences made from the numbers."""

from collections.abc import Callable

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.reading import BySeed, each_number, met, prediction

from . import claims


def _judged(by_seed: BySeed, criterion: Callable[[Numbers], bool]) -> list[str]:
    held, told = met(by_seed, criterion)
    return [prediction(held, f"errors by seed: {each_number(by_seed)}"), told]


def reading_groups(by_seed: BySeed, noisy: BySeed) -> list[str]:
    """`claims.rare_and_common` and `claims.with_noise` of every seed."""
    return [*_judged(by_seed, claims.rare_keep_context), "With more noise:", *_judged(noisy, claims.noise_preserves)]


def reading_errors(by_seed: BySeed) -> list[str]:
    """`claims.weights_alone` of every seed."""
    return _judged(by_seed, claims.few_do_not_teach)


def reading_time(by_seed: BySeed) -> list[str]:
    """`claims.first_context` of every seed."""
    return _judged(by_seed, claims.then_weights)
