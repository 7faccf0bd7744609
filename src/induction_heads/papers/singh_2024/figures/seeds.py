"""Figures of `15_seeds`: strength, success and speed of the heads of several seeds (Figure 18)."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from .. import strength
from ..colours import SUBCIRCUIT_COLOURS, colour
from . import parts

MARKERS = "osD^vP*X<>"
LABELS = {
    "accuracy": "accuracy of the head alone",
    "loss": "loss of the head alone (nats)",
    "learning time": "sequences to learn alone",
}


def figure_18(heads: pd.DataFrame, theirs: pd.DataFrame | None) -> Drawing:
    """Accuracy, loss and learning time of each head alone against its strength in the whole network.

    `heads` has a row a head: seed, head, strength and the three; `theirs` are the paper's, left out where None.
    """
    markers = dict(zip(seeds := list(heads.seed.unique()), MARKERS * len(seeds), strict=False))
    fig, axes = plt.subplots(1, 3, figsize=(10.4, 3.4))
    for ax, (quantity, label) in zip(axes, LABELS.items(), strict=True):
        if theirs is not None:
            _their_points(ax, theirs, quantity)
        for row in heads.itertuples():
            marker = dict(ms=4.8, mec="white", mew=0.5, color=colour(row.head), zorder=3)
            ax.plot(row.strength, heads.at[row.Index, quantity], markers[row.seed], **marker)
        ax.set(xlabel="induction strength in the full network", ylabel=label)
    axes[2].yaxis.set_major_formatter(lambda x, _: f"{x / 1e3:,.0f}k")
    keys = [Line2D([], [], ls="", marker=m, color=QUIET, label=f"seed {s}") for s, m in markers.items()]
    if theirs is not None:
        keys.append(Line2D([], [], ls="", marker="o", ms=8, color=pale(QUIET, 0.35), label="the paper"))
    fig.legend(handles=keys, loc="outside lower center", ncols=8, fontsize=7)
    plots.panel_titles(axes, ["Accuracy alone", "Loss alone", "Learning time when trained alone"])
    found = {quantity: strength.correlation(heads, quantity) for quantity in LABELS}
    return Drawing(
        "figure_18", fig, "Figure 18: strength, accuracy alone, learning time",
        f"Each of {len(heads)} heads of {len(seeds)} seeds: its strength in the full network against what it does alone at "
        "the end (a, b) and how soon a network with this head only learns (c). Wide pale points: the paper's.",
        f"Three scatter plots against induction strength. Correlation with the accuracy alone {found['accuracy']:+.2f}, with the "
        f"loss alone {found['loss']:+.2f}; rank correlation with the learning time {found['learning time']:+.2f}.",
    )  # fmt: skip


def _their_points(ax: Axes, theirs: pd.DataFrame, quantity: str) -> None:
    ax.plot(theirs.strength, theirs[quantity], "o", ms=8, mew=0, color=pale(QUIET, 0.35), zorder=1)


def figure_18_by_seed(ours: Mapping[str, pd.Series], theirs: Mapping[str, pd.Series], by_chance: float) -> Drawing:
    """Correlations with strength over the eight heads of each seed (quantity -> `strength.by_seed`).

    `by_chance` is what chance gives eight heads in 95 % of draws, either way.
    """
    fig, ax = plt.subplots(figsize=(5.8, 3.0))
    for y, quantity in enumerate(ours):
        first = y == 0
        their = dict(ms=7, color=pale(QUIET, 0.5), label="the paper, a seed each" if first else None)
        ax.plot(theirs[quantity], np.full(len(theirs[quantity]), y - 0.15), "o", **their)
        own = dict(ms=5, color=INK, label="ours, a seed each" if first else None)
        ax.plot(ours[quantity], np.full(len(ours[quantity]), y + 0.15), "D", **own)
    chance = dict(color=pale(QUIET, 0.15), lw=0, zorder=0, label="what chance gives 8 heads (95 %)")
    ax.axvspan(-by_chance, by_chance, **chance)
    ticks = ["accuracy alone\n(correlation)", "loss alone\n(correlation)", "learning time\n(rank correlation)"]
    ax.set(yticks=range(3), yticklabels=ticks, xlim=(-1.08, 1.08), ylim=(2.6, -0.6), title="Seed by seed")
    ax.set_xlabel("correlation with induction strength, eight heads of a seed")
    ax.legend(fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))
    outside = {
        name: int((values["learning time"].abs() >= by_chance).sum())
        for name, values in (("ours", ours), ("the paper's", theirs))
    }
    return Drawing(
        "figure_18_by_seed", fig, "Figure 18, seed by seed",
        "A diamond is one of our seeds, a disc one of the paper's. In the grey band lies what chance gives eight heads.",
        "Correlations with strength in three rows. "
        + " ".join(f"{quantity}: ours {_span(ours[quantity])}, the paper's {_span(theirs[quantity])}." for quantity in ours)
        + f" Learning times outside the band of chance: {outside['ours']} of our {len(ours['learning time'])} seeds, "
        f"{outside['the paper' + chr(39) + 's']} of the paper's {len(theirs['learning time'])}.",
    )  # fmt: skip


def _span(values: pd.Series) -> str:
    return f"{values.min():+.2f} to {values.max():+.2f}"


def figure_18_through_training(
    seen: Num[ndarray, " checkpoint"],
    speed: Float[ndarray, "seed checkpoint"],
    success: Float[ndarray, "seed checkpoint"],
    learnt: Sequence[float],
) -> Drawing:
    """Rank correlation of strength at each checkpoint with how early a head learns alone, and its final accuracy alone."""
    fig, ax = plt.subplots(figsize=(5.8, 3.2))
    blue, orange = SUBCIRCUIT_COLOURS["A"], SUBCIRCUIT_COLOURS["B"]
    parts.curve(ax, seen, speed, "B", color=orange, label="speed: how early the head learns alone")
    parts.curve(ax, seen, success, "A", color=blue, label="success: its final accuracy alone")
    window = dict(color=pale(QUIET, 0.25), lw=0, zorder=0, label="the seeds' learning times")
    ax.axvspan(*np.quantile(learnt, [0, 1]), **window)
    ax.axhline(0, color=QUIET, lw=0.7, zorder=0)
    ax.set(ylim=(-0.5, 1.05), ylabel="rank correlation with strength now")
    ax.set_title(f"What strength goes with, through training ({len(speed)} seeds: median, range)")
    ax.legend(fontsize=7, loc="lower right")
    medians = {"speed": np.nanmedian(speed, 0), "success": np.nanmedian(success, 0)}
    best = int(np.nanargmax(medians["speed"]))
    return Drawing(
        "figure_18_through_training", fig, "Figure 18 through training",
        "Strengths at every checkpoint, ranked against how early the same heads learn alone and how well they do alone at the "
        "end: the median of the seeds in the range from lowest to highest.",
        f"Two curves through training. With speed the median correlation is greatest, {medians['speed'][best]:+.2f}, after "
        f"{seen[best]:,} sequences and ends at {medians['speed'][-1]:+.2f}; with success it ends at {medians['success'][-1]:+.2f}.",
    )  # fmt: skip
