"""Figures of `13_single_heads`: what single heads get wrong (Table 2, Figure 16)."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from ..colours import colour
from ..published import paper_curve
from . import parts


def table_2_all_heads(shares: pd.DataFrame, strongest: int) -> Drawing:
    """Table 2 with every head in the strongest's place: a row is who errs, a column who gets it right."""
    fig, ax = plt.subplots(figsize=(5.6, 4.6))
    others = shares.mask(np.eye(len(shares), dtype=bool))
    key = {"label": "share got right", "shrink": 0.8}
    sns.heatmap(
        others,
        ax=ax,
        cmap="mako_r",
        vmin=0,
        vmax=1,
        annot=True,
        fmt=".2f",
        annot_kws={"size": 7},
        linewidths=0.6,
        square=True,
        cbar_kws=key,
    )
    ax.tick_params(rotation=0, length=0)
    ax.add_patch(Rectangle((0, strongest), len(shares), 1, fill=False, ec=INK, lw=1.8, clip_on=False))
    ax.set(
        xlabel="the head that gets them right",
        ylabel="the head that gets them wrong",
        title="Of one head's mistakes, the share another gets right (framed: Table 2)",
    )
    name, framed = shares.index[strongest], others.iloc[strongest]
    return Drawing(
        "table_2_all_heads",
        fig,
        "Table 2 for every head: who corrects whose mistakes",
        "A row is a head that errs when it is alone, a column one that gets these sequences right. Table 2 is the "
        f"framed row. Of the mistakes of {name}, others get {framed.min():.2f} to {framed.max():.2f} right.",
        f"A table of {len(shares)} by {len(shares)} heads in colours, from pale (none got right) to dark (all). In the "
        f"framed row of {name} the best corrector is {framed.idxmax()} with {framed.max():.2f}, the worst "
        f"{framed.idxmin()} with {framed.min():.2f}; over all rows the median is {np.nanmedian(others):.2f}.",
    )


def figure_16a(
    strength: Float[ndarray, " head"], computed: Float[ndarray, " head"], perfect: Float[ndarray, " head"]
) -> Drawing:
    """Accuracy of each head alone against its strength, with its own and with a perfect match; the paper's in grey."""
    fig, ax = plt.subplots(figsize=(5.6, 3.6))
    _published_16a(ax)
    ax.vlines(strength, computed, perfect, color=QUIET, lw=1, zorder=2)
    parts.head_points(ax, strength, computed, label="ours, computed match")
    parts.head_points(ax, strength, perfect, filled=False, label="ours, perfect match")
    ax.set(
        xlabel="induction strength in the whole network",
        ylabel="accuracy of the head alone",
        ylim=(0, 1.03),
        title="What a perfect match adds to each head alone",
    )
    ax.legend(fontsize=7, loc="lower right")
    parts.heads_legend(fig, ncols=8, fontsize=7)
    gain = perfect - computed
    return Drawing(
        "figure_16a",
        fig,
        "Figure 16a: single heads under a perfect match",
        "A line joins what a head alone gets right with the match that it computes (filled) and with a perfect one "
        f"(hollow). {(gain > 0).sum()} of {len(gain)} heads gain, {gain.mean():+.3f} on average. What is still missing "
        "to 1 is the copy.",
        f"Points of {len(gain)} heads, accuracy alone against induction strength. With their own match accuracies go "
        f"from {computed.min():.2f} to {computed.max():.2f}, with a perfect one from {perfect.min():.2f} to "
        f"{perfect.max():.2f}; the largest gain is {gain.max():.2f} (L2H{gain.argmax()}), the smallest "
        f"{gain.min():.2f} (L2H{gain.argmin()}).",
    )


def _published_16a(ax: Axes) -> None:
    for series, filled in (("computed match", True), ("perfected match", False)):
        theirs = paper_curve("16a", series=series)
        fill = pale(QUIET, 0.4) if filled else "none"
        look: dict[str, Any] = dict(marker="o", ms=9, mfc=fill, mec=pale(QUIET, 0.55), mew=2, zorder=1)
        ax.plot(theirs.x, theirs.y, ls="", label=f"the paper, {series}", **look)


def figure_16b(wrong: Mapping[str, pd.DataFrame]) -> Drawing:
    """Mistakes of each head alone by the correct label; a panel for each match, `mistakes.by_label`."""
    fig, axes = plt.subplots(1, 2, figsize=(8.2, 3.7), sharey=True)
    key = {"label": "share of sequences got wrong"}
    for ax, table in zip(axes, wrong.values(), strict=True):
        sns.heatmap(
            table,
            ax=ax,
            cmap="rocket_r",
            vmin=0,
            vmax=1,
            annot=True,
            fmt=".2f",
            annot_kws={"size": 7.5},
            linewidths=0.6,
            cbar=ax is axes[-1],
            cbar_kws=key,
        )
        ax.set(xlabel="the correct label", ylabel=None)
        ax.tick_params(rotation=0, length=0)
    plots.panel_titles(axes, [f"Mistakes by label, {match}" for match in wrong])
    perfect = wrong["perfect match"]
    uneven = perfect.max(axis=1) - perfect.min(axis=1)
    return Drawing(
        "figure_16b",
        fig,
        "Figure 16b: mistakes by label",
        "The share of sequences that a head alone gets wrong, by the label that would be correct. A row of even "
        "colour is a head that errs as often with every label; one with pale and dark cells copies some labels and "
        "not others.",
        f"Two tables of {len(perfect)} heads by {perfect.shape[1]} labels in colours. With a perfect match the most "
        f"uneven head is {uneven.idxmax()}: {perfect.loc[uneven.idxmax()].min():.2f} of the sequences wrong for its "
        f"best label, {perfect.loc[uneven.idxmax()].max():.2f} for its worst; the most even is {uneven.idxmin()}, from "
        f"{perfect.loc[uneven.idxmin()].min():.2f} to {perfect.loc[uneven.idxmin()].max():.2f}.",
    )


def figure_16c(confusions: Float[ndarray, "head label label"], accuracy: Float[ndarray, " head"]) -> Drawing:
    """What each head alone answers under a perfect match: a row is the correct label, a column the answer."""
    fig, axes = plt.subplots(2, 4, figsize=(9.2, 4.9), sharex=True, sharey=True)
    for head, ax in enumerate(axes.flat):
        sns.heatmap(
            confusions[head],
            ax=ax,
            cmap="mako_r",
            vmin=0,
            vmax=1,
            annot=True,
            fmt=".2f",
            annot_kws={"size": 6.5},
            cbar=False,
            square=True,
            linewidths=0.5,
        )
        ax.set_title(f"L2H{head}: {accuracy[head]:.2f} right", color=colour(head))
        ax.tick_params(rotation=0, length=0)
    fig.supxlabel("the label answered", size=9)
    fig.supylabel("the correct label", size=9)
    answered = confusions.mean(1)  # head label
    head, label = np.unravel_index(answered.argmax(), answered.shape)
    return Drawing(
        "figure_16c",
        fig,
        "Figure 16c: what single heads answer",
        "Each head alone with a perfect match: a row is the correct label, a column the answer, and a row adds up to "
        "1. A column that is dark everywhere is a label that the head answers whatever it is shown.",
        f"{len(confusions)} tables, each of the correct label by the answered one. The heads get {accuracy.min():.2f} "
        f"to {accuracy.max():.2f} right. The answer given most, over equally many sequences of each label, is label "
        f"{label} by L2H{head}: {answered.max():.2f} of its answers, where an even head has "
        f"{1 / answered.shape[1]:.2f}.",
    )
