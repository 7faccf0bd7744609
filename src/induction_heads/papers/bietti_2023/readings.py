"""Readings of Bietti and others 2023 and of Wang and Sato 2025, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence

from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, by_seeds, met, prediction

from . import claims
from .runs import ABSOLUTE, FIXED, RANDOM, RELATIVE

FORMED, FLAT = 0.5, 0.15  # attention of a map that has formed, and of one that has not
PLACES_KNOWN, PLACES_UNKNOWN = 0.8, 0.5  # recall of early and of late places


def reading_order(by_seed: BySeed) -> list[str]:
    """`claims.order` of every seed."""
    held, told = met(by_seed, claims.top_first)
    parts = [
        f"with {name} at step {by_seeds(by_seed, f'at step, {name}')} (by seed), where W_K² recalls "
        f"{by_seeds(by_seed, f'W_K2, {name}')} and W_K¹ {by_seeds(by_seed, f'W_K1, {name}')}"
        for name in (FIXED, RANDOM)
    ]
    return [prediction(held, f"W_O² is filled {'; '.join(parts)}"), told]


def reading_learnt(by_seed: BySeed) -> list[str]:
    """`claims.learnt` of every seed."""
    held, told = met(by_seed, claims.is_learnt)
    return [prediction(held, f"the network ends with an accuracy of {by_seeds(by_seed, 'accuracy')} (by seed)"), told]


def reading_maps(previous: Mapping[int, float], induction: Mapping[int, float]) -> list[str]:
    """Attention along both steps of the circuit on the sequence shown, by step of training."""
    first, *_, last = previous
    formed = previous[last] >= FORMED / 2 and induction[last] >= FORMED
    held = previous[first] <= FLAT and induction[first] <= FLAT and formed
    told = "; ".join(f"step {step}: {previous[step]:.2f} and {induction[step]:.2f}" for step in previous)
    return [
        prediction(
            held, f"mean attention to the token before, and of told queries to what followed their trigger, is {told}"
        )
    ]


def reading_places(by_seed: Mapping[int, tuple[float, float]]) -> list[str]:
    """Recall of the first 32 places and of the last 32, of every seed."""
    early, late = zip(*by_seed.values(), strict=True)
    held = min(early) >= PLACES_KNOWN and max(late) <= PLACES_UNKNOWN
    told = f"{', '.join(map(number, early))} of the first 32 places are recalled (by seed), and of the last 32"
    return [prediction(held, f"{told} {', '.join(map(number, late))}")]


def reading_far(by_seed: BySeed, seldom: Sequence[float]) -> list[str]:
    """`claims.far_places` of every seed; and attention with absolute positions late in training's places."""
    held, told = met(by_seed, claims.only_relative_reaches)
    parts = [
        f"{name}: attention {by_seeds(by_seed, f'previous-token attention, {name}')} becomes "
        f"{by_seeds(by_seed, f'far, {name}')}, accuracy {by_seeds(by_seed, f'accuracy, {name}')} becomes "
        f"{by_seeds(by_seed, f'far accuracy, {name}')}"
        for name in (ABSOLUTE, RELATIVE)
    ]
    changes = ", ".join(f"{claims.change(numbers, RELATIVE):+.3f}" for numbers in by_seed.values())
    return [
        prediction(held, "; ".join(parts)),
        f"{told} With relative positions accuracy changes by {changes}.",
        "Absolute positions fail before the places of training end: at places 64 to 95 their attention to the token "
        f"before is {', '.join(map(number, seldom))} already.",
    ]


def reading_frozen(by_seed: BySeed) -> list[str]:
    """`claims.without_keys` of every seed."""
    held, told = met(by_seed, claims.needs_no_keys)
    return [
        prediction(
            held,
            f"with keys as drawn W_O² recalls {by_seeds(by_seed, 'W_O2')} (by seed), and "
            f"{by_seeds(by_seed, 'accuracy')} of the answers are right",
        ),
        told,
    ]
