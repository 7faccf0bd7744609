"""Figures of `15_seeds`: strength, success and speed of the heads of several seeds (Figure 18)."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float, Num
from matplotlib.lines import Line2D
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from .. import strength
from . import parts

MARKERS = "osD^vP*X"
SPEED, SUCCESS = "#AA3003", "#07795C"  # not colours of subcircuits
LABELS = {
    "accuracy": "accuracy of the head alone",
    "loss": "loss of the head alone (nats)",
    "learning time": "sequences to learn alone",
}


def figure_18(heads: pd.DataFrame, theirs: pd.DataFrame | None) -> Drawing:
    """Accuracy, loss and learning time of each head alone against its strength in the whole network; a colour a seed.

    `heads` has a row a head: seed, head, strength and the three; `theirs` are the paper's, left out where None.
    """
    looks = _looks(list(heads.seed.unique()))
    fig, axes = plt.subplots(1, 3, figsize=(10.4, 3.4))
    for ax, (quantity, label) in zip(axes, LABELS.items(), strict=True):
        if theirs is not None:
            ax.plot(theirs.strength, theirs[quantity], "o", ms=8, mew=0, color=pale(QUIET, 0.35), zorder=1)
        for seed, rows in heads.groupby("seed"):
            ax.plot(rows.strength, rows[quantity], ls="", ms=4.8, mec="white", mew=0.5, zorder=3, **looks[seed])
        ax.set(xlabel="induction strength in the full network", ylabel=label)
    axes[2].yaxis.set_major_formatter(lambda n, _: _short(n))
    keys = [Line2D([], [], ls="", label=f"seed {s}", **look) for s, look in looks.items()]
    if len(looks) > len(HEAD_COLOURS):
        keys = [Line2D([], [], ls="", marker="o", color=INK, label=f"heads of {len(looks)} seeds")]
    if theirs is not None:
        keys.append(Line2D([], [], ls="", marker="o", ms=8, color=pale(QUIET, 0.35), label="the paper"))
    fig.legend(handles=keys, loc="outside lower center", ncols=9, fontsize=7)
    plots.panel_titles(axes, ["Accuracy alone", "Loss alone", "Learning time when trained alone"])
    found = {quantity: strength.correlation(heads, quantity) for quantity in LABELS}
    return Drawing(
        "figure_18",
        fig,
        "Figure 18: strength, accuracy alone, learning time",
        f"{len(heads)} heads, {len(heads) // len(looks)} a seed: strength in the full network against what a head does "
        "alone at the end (a, b) and how soon a network with this head only learns (c). Wide pale points: the "
        "paper's.",
        "Three scatter plots against induction strength. Correlation with the accuracy alone "
        f"{found['accuracy']:+.2f}, with the loss alone {found['loss']:+.2f}; rank correlation with the learning time "
        f"{found['learning time']:+.2f}.",
    )


def _looks(seeds: Sequence[int]) -> dict[int, dict]:
    """A colour and a marker for each seed; where there are more seeds than colours, one for all."""
    if len(seeds) > len(HEAD_COLOURS):
        return dict.fromkeys(seeds, dict(color=INK, marker="o"))
    return {
        seed: dict(color=own, marker=marker) for seed, own, marker in zip(seeds, HEAD_COLOURS, MARKERS, strict=False)
    }


def _short(n: float) -> str:
    """200k, 1M."""
    return f"{n / 1e6:g}M" if n >= 1e6 else f"{n / 1e3:g}k"


def figure_18_by_seed(ours: Mapping[str, pd.Series], theirs: Mapping[str, pd.Series], by_chance: float) -> Drawing:
    """Correlations with strength over the eight heads of each seed (quantity -> `strength.by_seed`).

    `by_chance` is what chance gives eight heads in 95 % of draws, either way.
    """
    fig, ax = plt.subplots(figsize=(5.8, 3.0))
    for y, quantity in enumerate(ours):
        first = y == 0
        their: dict[str, Any] = dict(ms=7, color=pale(QUIET, 0.5), label="the paper, a seed each" if first else None)
        ax.plot(theirs[quantity], np.full(len(theirs[quantity]), y - 0.15), "o", **their)
        own: dict[str, Any] = dict(ms=5, color=INK, label="ours, a seed each" if first else None)
        ax.plot(ours[quantity], np.full(len(ours[quantity]), y + 0.15), "D", **own)
    chance: dict[str, Any] = dict(color=pale(QUIET, 0.15), lw=0, zorder=0, label="what chance gives 8 heads (95 %)")
    ax.axvspan(-by_chance, by_chance, **chance)
    ticks = ["accuracy alone\n(correlation)", "loss alone\n(correlation)", "learning time\n(rank correlation)"]
    ax.set(yticks=range(3), yticklabels=ticks, xlim=(-1.08, 1.08), ylim=(2.6, -0.6), title="Seed by seed")
    ax.set_xlabel("correlation with induction strength, eight heads of a seed")
    ax.legend(fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))
    outside, their_outside = (int((each["learning time"].abs() >= by_chance).sum()) for each in (ours, theirs))
    return Drawing(
        "figure_18_by_seed",
        fig,
        "Figure 18, seed by seed",
        "A diamond is one of our seeds, a disc one of the paper's. In the grey band lies what chance gives eight "
        "heads.",
        "Correlations with strength in three rows. "
        + " ".join(
            f"{quantity}: ours {_span(ours[quantity])}, the paper's {_span(theirs[quantity])}." for quantity in ours
        )
        + f" Learning times outside the band of chance: {outside} of our {len(ours['learning time'])} seeds, "
        f"{their_outside} of "
        f"the paper's {len(theirs['learning time'])}.",
    )


def _span(values: pd.Series) -> str:
    return f"{values.min():+.2f} to {values.max():+.2f}"


def figure_18_through_training(
    seen: Num[ndarray, " checkpoint"],
    speed: Float[ndarray, "seed checkpoint"],
    success: Float[ndarray, "seed checkpoint"],
    learnt: Sequence[float],
) -> Drawing:
    """Rank correlation of strength now with how early a head learns alone, and with its final accuracy alone."""
    fig, ax = plt.subplots(figsize=(5.8, 3.2))
    parts.curve(ax, seen, speed, "speed", color=SPEED, label="speed: how early the head learns alone")
    parts.curve(ax, seen, success, "success", color=SUCCESS, label="success: its final accuracy alone")
    window: dict[str, Any] = dict(color=pale(QUIET, 0.25), lw=0, zorder=0, label="the seeds' learning times")
    ax.axvspan(*np.quantile(learnt, [0, 1]), **window)
    ax.axhline(0, color=QUIET, lw=0.7, zorder=0)
    ax.set(ylim=(-0.5, 1.05), ylabel="rank correlation with strength now")
    ax.set_title(f"What strength goes with, through training ({len(speed)} seeds: median, range)")
    ax.legend(fontsize=7, loc="lower right")
    medians = {"speed": np.nanmedian(speed, 0), "success": np.nanmedian(success, 0)}
    best = int(np.nanargmax(medians["speed"]))
    return Drawing(
        "figure_18_through_training",
        fig,
        "Figure 18 through training",
        "Strengths at every checkpoint, ranked against how early the same heads learn alone and how well they do "
        "alone at the end: the median of the seeds in the range from lowest to highest.",
        f"Two curves through training. With speed the median correlation is greatest, {medians['speed'][best]:+.2f}, "
        f"after {seen[best]:,} sequences and ends at {medians['speed'][-1]:+.2f}; with success it ends at "
        f"{medians['success'][-1]:+.2f}.",
    )
