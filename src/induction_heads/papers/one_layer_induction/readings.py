"""Readings of these papers' figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.reading import listed, number
from induction_heads.networks.tokens.evaluate import crossing

from .figures import CHANCE, Histories
from .measures import Shares, induces


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


def shares(found: Mapping[int, Shares]) -> list[str]:
    """How many heads begin and end with the shares of induction, and the end nearest to (0, 1)."""
    sentences = []
    for seed, each in found.items():
        ends = np.stack([each.alpha_1[-1], each.beta_1[-1]], 1)
        nearest = ends[np.linalg.norm(ends - (0, 1), axis=1).argmin()]
        sentences.append(
            f"Seed {seed}: {induces(each, 0).sum()} heads begin with the shares of induction, {induces(each).sum()} "
            f"end with them; nearest to (0, 1) ends ({nearest[0]:.2f}, {nearest[1]:.2f})."
        )
    return sentences
