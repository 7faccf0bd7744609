"""Readings of these papers' figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import in_words, listed, number, prediction
from induction_heads.networks.tokens.evaluate import crossing

from .figures import CHANCE, Histories
from .measures import BETWEEN, Shares, induces

BY_CHANCE = 1 / 4  # of heads whose α₁ and β₁ are uniform in (0, 1): α₁ < α₂ = 1 - α₁, and β₁ > β₂ = 1 - β₁


def half_way(histories: Histories) -> list[str]:
    """The median step at which the loss of each attention is half of chance, the soonest first."""
    medians = {
        name: float(np.median([crossing(h.step, h.copied_loss, CHANCE / 2) for h in each.values()]))
        for name, each in histories.items()
    }
    order = sorted(medians, key=lambda name: medians[name])
    return [f"Half of chance is reached at step (median) {listed(f'{n} {number(medians[n])}' for n in order)}."]


def gamma(losses: Mapping[float, list[float]]) -> list[str]:
    """Which momentum is best."""
    best = min(losses, key=lambda g: float(np.median(losses[g])))
    told = [f"{g:g}: {number(np.median(each))}" for g, each in losses.items()]
    return [f"Median final loss by γ: {listed(told)}. The lowest is at γ = {best:g}."]


def matches(found: Mapping[str, list[float]]) -> list[str]:
    """The sign of the match by attention: how a token's query scores with its own key."""
    told = [f"{name} {', '.join(f'{x:+.1f}' for x in each)}" for name, each in found.items()]
    return [f"A token's own key scores above the mean of all keys by (each seed): {'; '.join(told)}."]


def strongest(histories: Histories) -> list[str]:
    """Whether the strongest momentum is below the upper level in the end, in each further setting."""
    ends = {name: [h.copied_loss.iloc[-1] for h in each.values()] for name, each in histories.items()}
    below = {name: sum(bool(loss < BETWEEN[1]) for loss in each) for name, each in ends.items()}
    came_true = all(below[name] == len(each) for name, each in ends.items())
    told = [
        f"{', '.join(map(number, each))} nats with {name} (below {BETWEEN[1]:g} in {in_words(below[name], len(each))})"
        for name, each in ends.items()
    ]
    return [prediction(came_true, f"it ends at {listed(told)}")]


def shares(found: Mapping[int, Shares]) -> list[str]:
    """How many heads begin and end with the shares of induction, by chance at the start, and the end nearest."""
    heads = next(iter(found.values())).alpha_1.shape[1]
    some = 1 - (1 - BY_CHANCE) ** heads
    sentences = [
        f"Before training {BY_CHANCE:.0%} of heads have the shares of induction by chance, so that one of {heads} has "
        f"them in {some:.0%} of networks: the criterion is weak, and only how many end with them tells."
    ]
    for seed, each in found.items():
        ends = np.stack([each.alpha_1[-1], each.beta_1[-1]], 1)
        nearest = ends[np.linalg.norm(ends - (0, 1), axis=1).argmin()]
        sentences.append(
            f"Seed {seed}: {induces(each, 0).sum()} of {heads} at the start, {induces(each).sum()} at the end; nearest "
            f"to (0, 1) ends ({nearest[0]:.2f}, {nearest[1]:.2f})."
        )
    return sentences
