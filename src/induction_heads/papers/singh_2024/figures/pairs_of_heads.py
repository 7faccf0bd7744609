"""Figures of `14_pairs_of_heads`: the strongest head and one other from the first step on (Figure 17)."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number, published

from ..published import paper_curve
from . import parts

SHOWN = 0.6  # of the runs' length: all that happens
ALONE: dict[str, Any] = dict(color=INK, lw=1, ls=(0, (4, 2)))  # the strongest head alone
ALL: dict[str, Any] = dict(color=INK, lw=1)


def figure_17(
    ours: tuple[pd.Series, Mapping[int, float], float, int], theirs: tuple[pd.Series, Mapping[int, float], float, int]
) -> Drawing:
    """Sequences to learn, ours and the paper's, each as: of the pairs (partner -> time), of heads alone, of all
    heads, and which head is the strongest.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.3))
    for ax, times in zip(axes, (ours, theirs), strict=True):
        _times(ax, *times)
    _key(fig)
    plots.panel_titles(axes, ["Time to learn: ours", "Time to learn: the paper's, by its own head numbers"])
    pairs, alone, every, strongest = ours
    sooner, single = int((pairs < alone[strongest]).sum()), [alone[partner] for partner in pairs.index]
    return Drawing(
        "figure_17",
        fig,
        "Figure 17: pairs of heads, and how soon they learn",
        "A filled point is a pair of the strongest head and one other, the hollow one on its line that other alone. "
        f"{sooner} of {len(pairs)} of our pairs lie left of the dashed line, where L2H{strongest} alone is. Head "
        "numbers mean nothing between the two panels.",
        f"Two panels with a row for each of {len(pairs)} pairs, in the order of their learning times. Ours take "
        f"{number(pairs.min())} to {number(pairs.max())} sequences; their partners alone {number(min(single))} to "
        f"{number(max(single))}, all heads {number(every)}, L2H{strongest} alone {number(alone[strongest])}. The "
        f"paper's pairs take {published(theirs[0].min())} to {published(theirs[0].max())}, its head {theirs[3]} alone "
        f"{published(theirs[1][theirs[3]])}, all heads {published(theirs[2])}.",
    )


def _times(ax: Axes, pairs: pd.Series, alone: Mapping[int, float], every: float, strongest: int) -> None:
    pairs = pairs.sort_values()
    for y, (partner, pair) in enumerate(pairs.items()):
        ax.plot([pair, alone[partner]], [y, y], color=pale(QUIET, 0.6), lw=1.4, zorder=1)
        ax.plot(pair, y, "o", ms=7, color=INK)
        ax.plot(alone[partner], y, "o", ms=6, mfc="white", mec=QUIET, mew=1.4)
    for at, line in ((every, ALL), (alone[strongest], ALONE)):
        if np.isfinite(at):
            ax.axvline(at, **line, zorder=0)
    parts.sequence_axis(ax)
    names = [f"L2H{strongest} + L2H{h}" for h in pairs.index]
    ax.set(yticks=range(len(pairs)), yticklabels=names, ylim=(len(pairs) - 0.4, -0.6), xlim=(0, None))
    ax.set_xlabel("sequences until the train loss is below 0.4 ln 2")


def _key(fig: plt.Figure) -> None:
    points = [
        Line2D([], [], ls="", marker="o", color=INK, label="the pair"),
        Line2D([], [], ls="", marker="o", mfc="white", mec=QUIET, label="the other head alone"),
        Line2D([], [], **ALONE, label="the strongest head alone"),
        Line2D([], [], **ALL, label="all heads"),
    ]
    fig.legend(handles=points, loc="outside lower center", ncols=len(points), fontsize=7)


def figure_17_losses(
    pairs: Mapping[int, pd.DataFrame], alone: pd.DataFrame, every: pd.DataFrame, strongest: int
) -> Drawing:
    """Train loss of each pair (partner -> history), of the strongest alone and of all heads; the paper's beside it.

    A pair's shade is its rank: the sooner it learns, the darker, in both panels.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.3), sharey=True)
    ours = {
        f"L2H{partner}": history[["sequences", "train_loss"]].set_axis(["x", "y"], axis=1)
        for partner, history in pairs.items()
    }
    theirs = dict(list(paper_curve("17").groupby("series", sort=False)))
    whole = theirs.pop("all heads")
    _ranked(axes[0], list(ours.values()))
    _ranked(axes[1], [rows.sort_values("x") for rows in theirs.values()])
    axes[0].plot(alone.sequences, alone.train_loss, **ALONE | {"lw": 1.6}, label=f"L2H{strongest} alone")
    axes[0].plot(every.sequences, every.train_loss, **ALL | {"lw": 2}, label="all heads")
    axes[1].plot(whole.x, whole.y, **ALL | {"lw": 2}, label="all heads")
    for ax, length in zip(axes, (every.sequences.max(), whole.x.max()), strict=True):
        parts.chance_lines(ax)
        parts.sequence_axis(ax)
        ax.set(ylim=(0, 1.05), xlim=(0, SHOWN * length))
        ax.legend(fontsize=7, loc="center right")
    axes[0].set_ylabel("loss (nats)")
    plots.panel_titles(axes, [f"Ours: L2H{strongest} and one other head", "The paper: its head 3 and one other"])
    last = [history.train_loss.iloc[-1] for history in pairs.values()]
    return Drawing(
        "figure_17_losses",
        fig,
        "Figure 17: the losses of pairs through training",
        f"Trained with two Layer 2 heads only, beside all heads (black) and L2H{strongest} alone (dashed). The sooner "
        "a pair learns, the darker it is; compare the bundles, and not single lines.",
        f"Two panels of train loss through training, ours and the paper's. In ours {len(pairs)} pairs, one head and "
        f"the whole network fall from about {every.train_loss.iloc[0]:.1f} nats; at the end the pairs are at "
        f"{min(last):.3f} to {max(last):.3f} nats, all heads at {every.train_loss.iloc[-1]:.3f}.",
    )


def _ranked(ax: Axes, curves: Sequence[pd.DataFrame]) -> None:
    """Loss curves (x, y) from dark, the first to fall, to pale."""
    order = sorted(curves, key=lambda rows: float(rows.y.mean()))
    for rank, rows in enumerate(order):
        shade = to_hex(colormaps["Blues_r"](0.1 + 0.6 * rank / max(len(order) - 1, 1)))
        label = {0: "pairs, the fastest", len(order) - 1: "the slowest"}.get(rank)
        ax.plot(rows.x, rows.y, color=shade, lw=1.3, label=label)
