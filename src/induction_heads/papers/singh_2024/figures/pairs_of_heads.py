"""Figures of `14_pairs_of_heads`: the strongest head and one other from the first step on (Figure 17)."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from ..published import paper_curve
from . import parts

SHOWN = 0.6  # of the runs' length: all that happens


def figure_17(pairs: Mapping[int, pd.DataFrame], alone: pd.DataFrame, every: pd.DataFrame, strongest: int) -> Drawing:
    """Train loss of each pair (partner -> history), of the strongest head alone and of all heads; the paper's beside it."""
    fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.5), sharey=True)
    for partner, history in pairs.items():
        parts.curve(axes[0], history.sequences, history.train_loss, partner, lw=1.2)
    parts.curve(axes[0], alone.sequences, alone.train_loss, strongest, ls=(0, (4, 2)))
    parts.curve(axes[0], every.sequences, every.train_loss, "all heads", lw=2)
    theirs = paper_curve("17")
    for series, points in theirs.groupby("series", sort=False):
        parts.curve(axes[1], points.x, points.y, series, lw=2 if series == "all heads" else 1.2)
    for ax, length in zip(axes, (every.sequences.max(), theirs.x.max()), strict=True):
        parts.chance_lines(ax)
        ax.set(ylim=(0, 1.05), xlim=(0, SHOWN * length))
    extra = {f"L2H{strongest} alone (dashed)": colour(strongest), "all heads": INK}
    parts.heads_legend(fig, sorted(pairs), extra=extra, ncols=9, fontsize=6.5)
    plots.panel_titles(axes, [f"Ours: L2H{strongest} and one other head", "The paper: L2H3 and one other head"])
    last = {partner: history.train_loss.iloc[-1] for partner, history in pairs.items()}
    return Drawing(
        "figure_17", fig, "Figure 17: pairs of heads",
        f"Trained with two Layer 2 heads only, L2H{strongest} and one other, beside all heads (black) and L2H{strongest} alone "
        "(dashed). Colours are heads, and a head of ours is not the paper's of the same number: compare the bundles.",
        f"Two panels of train loss through training, ours and the paper's. In ours {len(pairs)} pairs, one head and the whole "
        f"network fall from about {every.train_loss.iloc[0]:.1f} nats; at the end the pairs are at {min(last.values()):.3f} to "
        f"{max(last.values()):.3f} nats, all heads at {every.train_loss.iloc[-1]:.3f}.",
    )  # fmt: skip


def figure_17_times(times: pd.Series, alone: Mapping[int, float], every: float, strongest: int) -> Drawing:
    """Sequences to learn of each pair (partner -> time) beside its partner alone, the strongest alone, and all heads."""
    times = times.sort_values()
    fig, ax = plt.subplots(figsize=(5.8, 3.2))
    for y, (partner, pair) in enumerate(times.items()):
        own = colour(partner)
        ax.plot([pair, alone[partner]], [y, y], color=pale(own, 0.6), lw=1.4, zorder=1)
        ax.plot(pair, y, "o", ms=7, color=own)
        ax.plot(alone[partner], y, "o", ms=6, mfc="white", mec=own, mew=1.4)
    _keys(ax, every, alone[strongest], strongest)
    parts.sequence_axis(ax)
    ax.set(
        yticks=range(len(times)),
        yticklabels=[f"L2H{strongest} + L2H{h}" for h in times.index],
        xlabel="sequences until the train loss is below 0.4 ln 2",
        title="Time to learn: pairs, single heads, all heads",
    )
    ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    sooner = int((times < alone[strongest]).sum())
    single = [alone[partner] for partner in times.index]
    return Drawing(
        "figure_17_times", fig, "Figure 17: what a second head is worth",
        f"A filled point is a pair, the hollow one on its line the partner alone. {sooner} of {len(times)} pairs lie left of "
        f"the dashed line, where L2H{strongest} alone is.",
        f"A row for each of {len(times)} pairs, in the order of their learning times: {number(times.min())} to {number(times.max())} "
        f"sequences; their partners alone {number(min(single))} to {number(max(single))}, all heads {number(every)}, "
        f"L2H{strongest} alone {number(alone[strongest])}.",
    )  # fmt: skip


def _keys(ax: Axes, every: float, alone: float, strongest: int) -> None:
    for at, style, label in ((every, "-", "all heads"), (alone, (0, (4, 2)), f"L2H{strongest} alone")):
        if np.isfinite(at):
            ax.axvline(at, color=INK, lw=1, ls=style, label=label)
    ax.plot([], [], "o", color=QUIET, label="the pair")
    ax.plot([], [], "o", mfc="white", mec=QUIET, label="the other head alone")
