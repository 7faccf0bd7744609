"""Readings of Akyürek and others 2024: numbers in, sentences out."""

from collections.abc import Mapping, Sequence

import numpy as np

from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import in_words, listed, prediction

from .runs import BIGRAM, BOTH, SHORT, TWO

TWICE = 2.0  # as much attention as a head that looks everywhere alike
Curves = Mapping[str, Sequence[float]]


def reading_accuracy(networks: Mapping[str, Sequence[float]], counted: Mapping[str, float]) -> list[str]:
    """Accuracy at late places: of each network, by seed, and of counting n-grams by order."""
    told = "; ".join(f"{name} {', '.join(f'{x:.2f}' for x in each)}" for name, each in networks.items())
    beside = listed(f"{x:.2f} for n = {order}" for order, x in counted.items())
    return [f"The likeliest answer is possible in a share of {told} (by seed); counting n-grams has {beside}."]


def reading_second_head(distances: Mapping[str, Sequence[float]], accuracy: Mapping[str, Sequence[float]]) -> list[str]:
    """What the second head adds to the first, by seed, in distance and in accuracy."""
    nearer = [one - both for one, both in zip(distances[BIGRAM], distances[BOTH], strict=True)]
    righter = [both - one for one, both in zip(accuracy[BIGRAM], accuracy[BOTH], strict=True)]
    told = [", ".join(f"{x:.3f}" for x in gains) for gains in (nearer, righter)]
    return [
        f"The second head brings the network {told[0]} nearer to the truth (by seed), and adds {told[1]} to accuracy."
    ]


def reading_places(networks: Curves, counted: Curves) -> list[str]:
    """Distance by window of places: of each network, medians of seeds, and of counting n-grams."""
    falls = {name: (curve[0], curve[-1]) for name, curve in networks.items()}
    pairs = counted["2"]
    gain = {name: before - after for name, (before, after) in falls.items()}
    held = gain[TWO] >= 0.1 and gain[BOTH] >= 0.1
    told = "; ".join(f"{name} from {before:.2f} to {after:.2f}" for name, (before, after) in falls.items())
    return [
        prediction(held, f"from the first window to the last, {told}; counting pairs {pairs[0]:.2f} to {pairs[-1]:.2f}")
    ]


def reading_steps(curves: Mapping[str, Sequence[Mapping[str, Sequence[float]]]]) -> list[str]:
    """Distance through training of every seed: at step SHORT, or the last before, two layers and both heads."""
    at = {name: [_at(each, SHORT) for each in seeds] for name, seeds in curves.items()}
    held = max(at[BOTH]) < min(at[TWO])
    told = "; ".join(f"{name} {', '.join(f'{x:.2f}' for x in each)}" for name, each in at.items())
    return [prediction(held, f"after {SHORT} steps (by seed): {told}")]


def _at(curve: Mapping[str, Sequence[float]], step: int) -> float:
    reached = [i for i, s in enumerate(curve["step"]) if s <= step]
    return curve["TVD"][reached[-1]]


def reading_suffixes(by_seed: Mapping[int, Mapping[str, Sequence[float]]], even: Sequence[float]) -> list[str]:
    """Attention of each head of layer 2 by matched tokens, 0, 1, 2 and more; and of one that looks everywhere alike."""
    best = {seed: max(heads, key=lambda head: heads[head][1] + heads[head][2]) for seed, heads in by_seed.items()}
    shares = {seed: by_seed[seed][head] for seed, head in best.items()}
    held = [share[1] + share[2] >= TWICE * (even[1] + even[2]) for share in shares.values()]
    told = "; ".join(
        f"seed {seed}, {best[seed]}: {share[1]:.2f} after one token, {share[2]:.2f} after two or more"
        for seed, share in shares.items()
    )
    return [
        prediction(all(held), f"{told}; a head that looks everywhere alike has {even[1]:.2f} and {even[2]:.2f}"),
        f"It is so in {in_words(sum(held), len(held))}.",
    ]


def reading_sequence(distances: Mapping[str, Sequence[float]]) -> list[str]:
    """Distance at the places shown, of each network."""
    means = {name: float(np.nanmean(each)) for name, each in distances.items()}
    told = "; ".join(f"{name} {number(x)}" for name, x in means.items())
    return [f"At the places shown the mean distance from the truth is {told}."]
