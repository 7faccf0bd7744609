"""Readings of Chan and others 2024, in sentences made from the numbers."""

from collections.abc import Callable, Mapping

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.reading import in_words, prediction

from . import claims

BySeed = Mapping[int, Numbers]


def _told(by_seed: BySeed) -> str:
    """Every number, by seed."""
    names = next(iter(by_seed.values()))
    return "; ".join(f"{name} {', '.join(f'{n[name]:.2f}' for n in by_seed.values())}" for name in names)


def _judged(by_seed: BySeed, criterion: Callable[[Numbers], bool]) -> list[str]:
    held = [criterion(n) for n in by_seed.values()]
    return [
        prediction(all(held), f"errors by seed: {_told(by_seed)}"),
        f"The criterion is met by {in_words(sum(held), len(held))}.",
    ]


def reading_groups(by_seed: BySeed, noisy: BySeed) -> list[str]:
    """`claims.rare_and_common` and `claims.with_noise` of every seed."""
    return [*_judged(by_seed, claims.rare_keep_context), "With more noise:", *_judged(noisy, claims.noise_preserves)]


def reading_errors(by_seed: BySeed) -> list[str]:
    """`claims.weights_alone` of every seed."""
    return _judged(by_seed, claims.few_do_not_teach)


def reading_time(by_seed: BySeed) -> list[str]:
    """`claims.first_context` of every seed."""
    return _judged(by_seed, claims.then_weights)
