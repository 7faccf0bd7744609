"""Figure 10 (appendix): the same clamps throughout training, and at each checkpoint of the run trained without them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from ..measures import PLATEAU
from ..published import paper_curve
from ..runs import CONTRASTED
from . import parts

PAPER = {"2, 3qk, 3v, 4, 5": "1", "3v, 5": "1, 2, 3qk, 4"}  # the paper names a measure by what it leaves to the network
PANELS = ("clamping", "progress measures")  # as in the published data
Histories = Mapping[str, pd.DataFrame]  # clamp -> sequences and train_loss


class Learning(NamedTuple):
    """`measures.learning` under each clamp, by row of Figure 5b."""

    throughout: pd.DataFrame  # clamped throughout training
    measured: pd.DataFrame  # progress measures of the unclamped run


def figure_10(
    unclamped: pd.DataFrame, throughout: Histories, measured: Histories, length: int, *, labels: int = 5, scale: int = 1
) -> Drawing:
    """Train losses under each clamp throughout training, and of the unclamped run's checkpoints under the same."""
    fig, axes = plt.subplots(1, 2, figsize=(10.4, 3.7), sharey=True)
    for ax, panel, histories in zip(axes, PANELS, (throughout, measured), strict=True):
        parts.published(
            ax, parts.squeezed(paper_curve("10", panel).replace({"series": PAPER}), scale), label=parts.the_paper(scale)
        )
        thin: dict[str, Any] = dict(lw=1, ls=(0, (4, 1.5)))
        parts.curve(
            ax, unclamped.sequences.to_numpy(), unclamped.train_loss.to_numpy(), "none", label="no clamp", **thin
        )
        when = "throughout training" if panel == "clamping" else "at each checkpoint"
        for name, history in histories.items():
            parts.curve(
                ax,
                history.sequences.to_numpy(),
                history.train_loss.to_numpy(),
                name,
                label=f"{CONTRASTED[name]} clamped {when}",
            )
        parts.chance_lines(ax, labels)
        ax.set(xlim=(0, length), ylim=(0, 2.05))
        ax.legend(loc="center right", bbox_to_anchor=(1, 0.58))
    plots.panel_titles(axes, ["Train loss of clamped training", "Progress measures of the unclamped run"])
    ends = "; ".join(
        f"{CONTRASTED[name]} {throughout[name].train_loss.iloc[-1]:.3f} and {measured[name].train_loss.iloc[-1]:.3f}"
        for name in throughout
    )
    return Drawing(
        "figure_10",
        fig,
        "Figure 10: clamps against progress measures",
        "Left: the train loss when a clamp is there throughout training. Right: the loss under the same clamp of every "
        "checkpoint of the run trained without it. Dashed: the unclamped loss, the same in both panels. Wide pale "
        "curves: the paper's.",
        "Two panels of train loss against sequences seen, each with the unclamped run: clamped training on the left, "
        f"progress measures on the right. Losses at the end, clamped and measured, in nats: {ends}.",
    )


def figure_10_seeds(tables: Mapping[int, Learning], paper: Learning, *, scale: int = 1) -> Drawing:
    """The slowest tenth of the fall of every seed, from clamped training to the progress measure under the same "
    "clamp."""
    fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.1))
    for ax, column in zip(axes, ("slowest tenth", "its share"), strict=True):
        for i, name in enumerate(CONTRASTED):
            ends = [3 * i, 3 * i + 1]
            each = np.array([[table[column][name] for table in one] for one in tables.values()])
            (ours, *_) = ax.plot(ends, each.T, "o-", color=colour(name), ms=4.5, lw=1)
            ours.set_label(f"ours, {CONTRASTED[name]}: a line a seed")
            theirs = [table[column][name] / (scale if column == "slowest tenth" else 1) for table in paper]
            wide: dict[str, Any] = dict(color=pale(colour(name), 0.4), ms=8, lw=3.4, zorder=1)
            ax.plot(ends, theirs, "D-", **wide, label=f"the paper, {CONTRASTED[name]}")
        ax.set(xticks=[0, 1, 3, 4], xlim=(-0.6, 4.6))
        ax.set_xticklabels(f"{text}\n{how}" for text in CONTRASTED.values() for how in ("training", "measure"))
    _sequences_axis(axes[0], scale)
    axes[1].axhline(PLATEAU, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes[1].set(ylabel="share of the learning time", ylim=(0, None))
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    plots.panel_titles(axes, ["Slowest tenth of the fall", "The same as a share (dashed: plateau)"])
    return Drawing(
        "figure_10_seeds",
        fig,
        "Figure 10 over seeds: the slowest tenth of the fall",
        "Each line is a seed: from training under a clamp (left end) to the progress measure under the same clamp "
        f"(right end), in sequences and as a share of the learning time. Dashed: the bar for a plateau, {PLATEAU:.0%}. "
        "Diamonds: the paper.",
        f"Lines of {len(tables)} seeds from clamped training to the progress measure. {_medians(tables)}",
    )


def _sequences_axis(ax: Axes, scale: int) -> None:
    ax.set(ylabel="sequences", yscale="log", yticks=np.array([3e3, 1e4, 3e4, 1e5]) / scale)
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_minor_formatter("")


def _medians(tables: Mapping[int, Learning]) -> str:
    """The medians over seeds in a sentence."""
    found = []
    for name, text in CONTRASTED.items():
        times, shares = (
            [
                np.median([table[column][name] for table in tables_of])
                for tables_of in zip(*tables.values(), strict=True)
            ]
            for column in ("slowest tenth", "its share")
        )
        found.append(
            f"{text} {number(times[0])} to {number(times[1])} sequences, share {shares[0]:.0%} to {shares[1]:.0%}"
        )
    return f"Medians: {'; '.join(found)}."
