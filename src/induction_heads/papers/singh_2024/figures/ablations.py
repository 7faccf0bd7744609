"""Figures 13 and 14 (appendix): Layer 2 heads taken away, left alone, and switched on one by one."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from ..colours import colour
from ..published import paper_curve
from . import parts

Loss = Float[np.ndarray, " head"]  # nats


def figure_13(strength: Float[np.ndarray, " head"], alone: Loss, without: Loss, whole: float) -> Drawing:
    """The loss with one Layer 2 head left and with one ablated, against its induction strength."""
    fig, axes = plt.subplots(1, 2, figsize=(8.8, 3.3), sharex=True)
    for ax, ours, series in zip(axes, (alone, without), ("only given head active", "given head ablated"), strict=True):
        theirs = paper_curve("13", series=series)
        ax.plot(theirs.x, theirs.y, "o", ms=9, color=pale(QUIET, 0.4), label="the paper (seed 5)", zorder=1)
        parts.head_points(ax, strength, ours, label="ours")
        ax.set(xlabel="induction strength", ylabel="loss (nats)", xlim=(-0.05, 1))
    axes[1].axhline(whole, color=INK, lw=0.9, ls=(0, (4, 3)), label="no head ablated")
    axes[1].set_yscale("log")
    axes[1].legend(fontsize=7)
    parts.heads_legend(fig)
    plots.panel_titles(axes, ["Only the given head active", "The given head ablated"])
    found = "; ".join(f"L2H{h} {strength[h]:.2f}, {alone[h]:.3f}, {without[h]:.4f}" for h in np.argsort(-strength))
    return Drawing(
        "figure_13",
        fig,
        "Figure 13: ablations in nats",
        "Figure 4a with the loss instead of the accuracy: contributions that accuracy hides. A linear axis for one "
        "head left, a logarithmic one for one head ablated. Pale points: the paper's.",
        "Two scatter plots of loss against induction strength, a point a Layer 2 head. Strength, loss alone and loss "
        f"when ablated, strongest first: {found}. No head ablated: {whole:.4f} nats.",
    )


def figure_14(
    order: Sequence[int], first: Float[np.ndarray, " steps"], second: Float[np.ndarray, " steps_second"], whole: float
) -> Drawing:
    """The loss as Layer 2 heads are switched on by strength: from the strongest, and from the second strongest."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True)
    _switched_on(axes[0], order, first, "start head 3")
    _switched_on(axes[1], order[1:], second, "start head 1")
    for ax in axes:
        ax.axhline(whole, color=INK, lw=0.8, ls=(0, (4, 3)), label="no head ablated")
        ax.tick_params(axis="x", labelsize=7)
    axes[0].legend(fontsize=7.5)
    plots.panel_titles(axes, ["From the strongest head", "From the second strongest, without the strongest"])
    return Drawing(
        "figure_14",
        fig,
        "Figure 14: heads switched on one by one",
        "The loss as Layer 2 heads are switched on in the order of their strengths, from the strongest and from the "
        "second strongest, on a logarithmic axis. Additive heads give a curve that falls at every step. Pale: the "
        "paper's, which ends with its seventh head.",
        f"Two curves of loss: from {first[0]:.4f} nats with L2H{order[0]} alone to {first[-1]:.4f} with all heads, and "
        f"from {second[0]:.4f} with L2H{order[1]} to {second[-1]:.4f} with all but L2H{order[0]}. Steps that raise the "
        f"loss: {int((np.diff(first) >= 0).sum())} of {len(first) - 1} and {int((np.diff(second) >= 0).sum())} of "
        f"{len(second) - 1}.",
    )


def _switched_on(ax: Axes, heads: Sequence[int], ours: np.ndarray, panel: str) -> None:
    theirs, steps = paper_curve("14", panel).dropna(), range(1, len(ours) + 1)
    wide: dict[str, Any] = dict(color=pale(QUIET, 0.45), lw=3.4, marker="o", ms=7, zorder=1)
    ax.plot(theirs.x, theirs.y, **wide, label="the paper (seed 5)")
    ax.plot(steps, ours, color=INK, lw=1.2, zorder=2, label="ours")
    ax.scatter(steps, ours, color=[colour(h) for h in heads], s=44, zorder=3)
    names = [f"{'+ ' if i else ''}L2H{h}" for i, h in enumerate(heads)]
    ax.set(yscale="log", xticks=steps, xticklabels=names)
    ax.set(xlabel="heads switched on, in order of strength", ylabel="loss (nats)")
