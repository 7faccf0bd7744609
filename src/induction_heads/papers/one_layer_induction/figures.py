"""The drawings of these papers, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.networks.tokens import pictures

from .measures import BACK, BETWEEN, NEXT, Shares, induces
from .runs import GAMMAS, KEYS_ONLY, SHIFTED, SMEARED, STEPS, TWO, VANILLA, momentum

Histories = Mapping[str, Mapping[int, pd.DataFrame]]
WITH_MOMENTUM = (*map(momentum, GAMMAS), KEYS_ONLY)
PANELS = ((VANILLA, SMEARED, SHIFTED, TWO), (VANILLA, *WITH_MOMENTUM))
COLOURS = pictures.colours((SMEARED, SHIFTED, TWO, *WITH_MOMENTUM)) | {VANILLA: INK}
LOSS = "loss on repeated tokens (nats)"
CHANCE = float(np.log(64))


def figure_losses(histories: Histories) -> Drawing:
    """Repeat loss through training: shifted and smeared on the left, momentum on the right."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True)
    for ax, names in zip(axes, PANELS, strict=True):
        for name in names:
            pictures.each_seed(ax, histories[name], "copied_loss", color=COLOURS[name], label=name)
        pictures.chance(ax, CHANCE, "chance")
        ax.set(ylim=(0, None))
        ax.legend(fontsize="small")
    axes[0].set(ylabel=LOSS)
    plots.panel_titles(axes, ("Keys that see their predecessor", "Momentum"))
    ends = {name: [h.copied_loss.iloc[-1] for h in each.values()] for name, each in histories.items()}
    return Drawing(
        "figure_losses",
        fig,
        "One layer with five kinds of attention",
        "Loss on repeated tokens of one layer (and of two plain ones). Thin: each seed; bold: their median. Look at "
        "which curves leave chance, when, and where they end.",
        f"Two panels of curves against training steps. Final loss (nats), by seed: {pictures.told(ends)}.",
    )


def figure_lag_curves(curves: Mapping[str, Mapping[int, Float[ndarray, " lag"]]]) -> Drawing:
    """The lag curve of the head that attends most to lag +1, a panel an attention, a line a seed."""
    fig, axes = plt.subplots(2, 4, figsize=(10, 4.8), sharex=True, sharey=True)
    for ax, each in zip(axes.flat, curves.values(), strict=True):
        seeds = {f"seed {seed}": curve for seed, curve in each.items()}
        pictures.lag_panel(ax, seeds, pictures.colours(seeds))
        ax.label_outer()
    axes.flat[0].legend(fontsize="small")
    plots.panel_titles(axes.flat, list(curves))
    told = {
        f"{name}, lag {lag:+d}": [curve[place] for curve in each.values()]
        for name, each in curves.items()
        for lag, place in ((1, NEXT), (-1, BACK))
    }
    return Drawing(
        "figure_lag_curves",
        fig,
        "Where the heads attend",
        "Attention by the distance from the last occurrence of the present token, of the head that attends most to "
        "lag +1, where the answer is. Look at lag −1, which momentum on queries and keys cannot tell from +1.",
        f"Eight panels of lag curves. By seed: {pictures.told(told)}.",
    )


def figure_shares(found: Mapping[int, Shares]) -> Drawing:
    """The path of (α₁, β₁) of every head with KV shifting; induction is at the top left."""
    fig, ax = plt.subplots(figsize=(4.8, 4.2))
    for i, each in enumerate(found.values()):
        for head in range(each.alpha_1.shape[1]):
            path = each.alpha_1[:, head], each.beta_1[:, head]
            ax.plot(*path, color=head_colour(i), lw=1, zorder=2)
            ax.plot(path[0][0], path[1][0], "o", mfc="white", mec=head_colour(i), ms=5, zorder=3)
            ax.plot(path[0][-1], path[1][-1], pictures.MARKERS[i], color=head_colour(i), ms=6, zorder=3)
        ax.plot([], [], pictures.MARKERS[i], color=head_colour(i), label=f"seed {list(found)[i]}")
    ax.plot(0, 1, "*", color=QUIET, ms=13, zorder=1, label="induction (0, 1)")
    ax.set(xlabel="share of its own key, α₁", ylabel="share of its own value, β₁")
    ax.legend(fontsize="small")
    told = {f"seed {seed}": [float(induces(each).sum())] for seed, each in found.items()}
    return Drawing(
        "figure_shares",
        fig,
        "KV shifting: what heads learn",
        "The share of its own key and of its own value through training, a path a head; hollow: the start. The two "
        "shares of the previous token start at one less these and are free afterwards.",
        "Paths in a plane. Heads that end with less of their own key than of the previous and more of their own "
        f"value: {pictures.told(told)}.",
    )


def figure_gamma(losses: Mapping[float, list[float]]) -> Drawing:
    """The final repeat loss by the strength of momentum; 0 is plain attention."""
    fig, ax = plt.subplots(figsize=(4.6, 3.2))
    spread = np.linspace(-0.06, 0.06, len(next(iter(losses.values()))))
    for gamma, each in losses.items():
        ax.plot(gamma + spread, each, "o", color=head_colour(0), ms=4.5, mec="white", mew=0.4, zorder=4)
    ax.plot(list(losses), [np.median(each) for each in losses.values()], color=head_colour(0), lw=1.2)
    ax.axhspan(*BETWEEN, color=QUIET, alpha=0.15, lw=0)
    pictures.chance(ax, CHANCE, "chance")
    ax.set_xticks(list(losses), [f"{gamma:g}" for gamma in losses])
    ax.set(xlabel="momentum γ, on queries and keys", ylabel=LOSS, ylim=(0, None))
    told = {f"γ = {gamma:g}": each for gamma, each in losses.items()}
    return Drawing(
        "figure_gamma",
        fig,
        "How much momentum",
        "Loss on repeated tokens at the end by the strength of momentum. Points: each seed; line: their median; "
        f"shaded: {BETWEEN[0]:g} to {BETWEEN[1]:g} nats, between KV shifting and plain attention.",
        f"Points over four strengths: {pictures.told(told)}.",
    )


def figure_strongest(histories: Histories) -> Drawing:
    """Repeat loss with the strongest momentum through twice the steps, at two learning rates."""
    fig, ax = plt.subplots(figsize=(5.4, 3.2))
    colour = pictures.colours(histories)
    for name, each in histories.items():
        pictures.each_seed(ax, each, "copied_loss", color=colour[name], label=name)
    ax.axvline(STEPS, color=QUIET, lw=0.9, ls=(0, (4, 3)))
    pictures.chance(ax, BETWEEN[1], f"{BETWEEN[1]:g}")
    pictures.chance(ax, CHANCE, "chance")
    ax.set(ylabel=LOSS, ylim=(0, None))
    ax.legend(fontsize="small")
    ends = {name: [h.copied_loss.iloc[-1] for h in each.values()] for name, each in histories.items()}
    return Drawing(
        "figure_strongest",
        fig,
        f"Momentum {max(GAMMAS):g}, further",
        f"Loss on repeated tokens of one layer with momentum {max(GAMMAS):g} on queries and keys, for twice the steps "
        "(the vertical line: where the other runs end) and at two learning rates. Thin: each seed; bold: their median.",
        f"Two groups of curves against training steps. Final loss (nats), by seed: {pictures.told(ends)}.",
    )
