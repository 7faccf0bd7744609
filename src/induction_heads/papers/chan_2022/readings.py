"""Readings of Chan and others 2022, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from induction_heads.machinery.reading import BySeed, each_number, in_words, met, prediction
from induction_heads.machinery.store import Trained

from . import claims

BOTH = 0.8  # from this accuracy in context and from weights a network has both


def reading_classes(by_seed: BySeed) -> list[str]:
    """`claims.classes` of every seed."""
    held, told = met(by_seed, claims.many_classes_favour_context)
    return [prediction(held, f"accuracies by seed: {each_number(by_seed)}"), told]


def reading_border(runs: Mapping[str, Sequence[Trained]]) -> list[str]:
    """From how many classes on exchanged labels are followed more often than not; trained runs by classes."""
    follow = {
        name: sum(float(trained.history.flip.iloc[-1]) > 0.5 for trained in seeds) for name, seeds in runs.items()
    }
    told = "; ".join(f"{int(name):,} classes: {in_words(n, len(runs[name]))}" for name, n in follow.items())
    return [f"Exchanged labels are followed more often than not, with {told}."]


def reading_bursts(by_seed: BySeed) -> list[str]:
    """`claims.bursts` of every seed."""
    held, told = met(by_seed, claims.bursts_favour_context)
    return [prediction(held, f"accuracies by seed: {each_number(by_seed)}"), told]


def reading_zipf(runs: Mapping[str, Any]) -> list[str]:
    """Which exponents leave a network with both; trained runs by exponent."""
    ends = {name: trained.history.iloc[-1] for name, trained in runs.items()}
    both = [name for name, last in ends.items() if min(last.context, last.weights) >= BOTH]
    told = "; ".join(f"{name}: context {last.context:.2f}, weights {last.weights:.2f}" for name, last in ends.items())
    return [prediction(bool(both), f"by exponent, {told}"), "One seed, and no claim."]
