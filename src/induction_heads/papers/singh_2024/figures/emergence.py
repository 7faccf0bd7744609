"""Figures 3a and 3b, and section 3 on the direct path: how abruptly induction heads emerge, what Layer 1 does then."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, head_colour, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number
from induction_heads.networks.sequences import EVALUATION_SETS

from .. import measures
from ..colours import SUBCIRCUIT_COLOURS
from ..measures import PLATEAU, Plateau
from ..published import paper_curve
from .parts import chance_lines, colours_by_rank, curve, heads_legend, published, seeds_behind, squeezed, the_paper

SHADE = "#EFEDE6"  # of a stretch of time
PLACES: dict[str, Any] = {"loc": "center right", "bbox_to_anchor": (1, 0.6)}  # of a legend, between ln 2 and ln 5


def figure_3a(
    history: pd.DataFrame,
    plateau: Plateau,
    others: Mapping[int, pd.DataFrame],
    *,
    labels: int = 5,
    scale: int = 1,
) -> Drawing:
    """The loss through training on the training set and on three test sets, the slowest tenth of its fall shaded.

    `history` has columns sequences and, for each evaluation set, NAME_loss; `others` are those of other seeds, of which
    the train loss stands thin behind. The paper's time is divided by `scale`.
    """
    fig, ax = plt.subplots(figsize=(6.6, 3.9))
    ax.axvspan(plateau.begins, plateau.ends, color=SHADE, zorder=0, label="slowest tenth of the fall")
    published(ax, squeezed(paper_curve("3a"), scale), label=the_paper(scale))
    seeds_behind(ax, others)
    for name in EVALUATION_SETS:
        rows = history.dropna(subset=f"{name}_loss")
        curve(ax, rows.sequences, rows[f"{name}_loss"], name, zorder=4)
    verb = "waits" if plateau.share >= PLATEAU else "slows"
    _loss_axis(ax, history, labels, f"The loss {verb} at {plateau.level:.2f} nats (shaded), then falls")
    ax.legend(ncols=2, fontsize="small", **PLACES)
    ends = {name: history[f"{name}_loss"].dropna().iloc[-1] for name in EVALUATION_SETS}
    is_one = "a plateau" if plateau.share >= PLATEAU else "no plateau"
    return Drawing(
        "figure_3a",
        fig,
        "Figure 3a: the loss through training",
        "The loss on the training set and on three test sets. Shaded: the slowest tenth of the fall of the train "
        f"loss, {plateau.share:.0%} of the learning time, {is_one} by the bar of {PLATEAU:.0%}. Thin: the train loss "
        "of other seeds. Wide and pale: the paper's.",
        f"Four curves of the loss against sequences seen, up to {history.sequences.iloc[-1]:,}. They drop at once, "
        f"slow down near {plateau.level:.2f} nats from {number(plateau.begins)} to {number(plateau.ends)} sequences, "
        f"and fall. At the end: {', '.join(f'{_spelt(name)} {loss:.3f}' for name, loss in ends.items())} nats.",
    )


def figure_3a_in_context(progress: pd.DataFrame, others: Mapping[int, pd.DataFrame], *, labels: int = 5) -> Drawing:
    """The train loss, and the same with the logits limited to the labels in context; from `measures.progress`.

    `others` are those of other seeds, whose limited loss stands thin behind.
    """
    fig, ax = plt.subplots(figsize=(6.6, 3.1))
    seeds_behind(ax, others, "in_context_loss", "limited")
    curve(ax, progress.sequences, progress.train_loss, "train")
    limited = "train, logits limited to the labels in context"
    curve(ax, progress.sequences, progress.in_context_loss, "A", color=SUBCIRCUIT_COLOURS["A"], label=limited)
    _loss_axis(ax, progress, labels, "Which labels can be right, and which of the two is")
    ax.legend(**PLACES)
    first, last = progress.iloc[0], progress.iloc[-1]
    return Drawing(
        "figure_3a_in_context",
        fig,
        "What the plateau has and what it lacks",
        "Black: the train loss. Blue: the same networks with their logits limited to the two labels in context, so "
        "that only the choice between the two is left; thin: that of other seeds. Look at how low the blue curve is "
        "where the two meet.",
        f"Two curves of the train loss. The whole starts at {first.train_loss:.2f} nats, the one limited to the "
        f"labels in context at {first.in_context_loss:.2f}; at the end they are at {last.train_loss:.3f} and "
        f"{last.in_context_loss:.3f}.",
    )


def figure_3a_seeds(
    histories: Mapping[int, pd.DataFrame],
    learning: pd.DataFrame,
    seed: int,
    *,
    labels: int = 5,
    scale: int = 1,
) -> Drawing:
    """The train loss of every seed, and when the slowest tenth of each falls; `learning` has a row a seed."""
    fig, ax = plt.subplots(figsize=(6.6, 3.4))
    published(ax, squeezed(paper_curve("3a", series="train"), scale), label=the_paper(scale, "the paper, seed 5"))
    for i, (s, history) in enumerate(histories.items()):
        own = INK if s == seed else head_colour(i)
        curve(ax, history.sequences, history.train_loss, "train", label=f"seed {s}", color=own, lw=1.3)
        slowest = measures.plateau(history.sequences.to_numpy(), history.train_loss.to_numpy())
        height = 0.95 + 0.06 * i  # bars above each other, above the curves
        ax.plot([slowest.begins, slowest.ends], [height, height], color=own, lw=3.2, solid_capstyle="butt")
    ax.plot([], [], color=QUIET, lw=3.2, label="slowest tenth of the fall")
    _loss_axis(ax, histories[seed], labels, "Train loss of all seeds; bars: the slowest tenth of each fall")
    ax.legend(ncols=2, fontsize="small", **PLACES)
    told = [
        f"seed {s} {number(row['learnt after'])} (slowest tenth at {row['its level']:.2f} nats, {row['its share']:.0%})"
        for s, row in learning.iterrows()
    ]
    return Drawing(
        "figure_3a_seeds",
        fig,
        "Figure 3a for other seeds",
        "The train loss from other initial weights, on the same training stream. Look at when each "
        "curve leaves ln 2 and how long its bar is.",
        "A curve of the train loss for each seed. Sequences until learnt (below 0.4 ln 2): " + ", ".join(told) + ".",
    )


def _loss_axis(ax: Axes, history: pd.DataFrame, labels: int, title: str) -> None:
    chance_lines(ax, labels)
    ax.set(ylim=(0, 2.05), xlim=(0, history.sequences.iloc[-1]), title=title)


def figure_3b(
    seen: Int[ndarray, " checkpoint"],
    strengths: Float[ndarray, "checkpoint head"],
    fall: tuple[float, float],
    seed: int,
    *,
    scale: int = 1,
) -> Drawing:
    """The induction strength of every head through training; `fall` is the window in which the loss falls."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True)
    axes[0].axvspan(*fall, color=SHADE, zorder=0)
    for head, strength in enumerate(strengths.T):
        curve(axes[0], seen, strength, head, quantity="induction strength")
    theirs = [rows for _, rows in squeezed(paper_curve("3b"), scale).groupby("series")]
    by_rank = colours_by_rank(strengths[-1], np.array([rows.y.iloc[-1] for rows in theirs]))
    for rows, own in zip(theirs, by_rank, strict=True):
        curve(axes[1], rows.x, rows.y, quantity="", color=own)
    heads_legend(fig, extra={"the loss falls from 0.9 to 0.1 ln 2": "#DDD8C8"})
    plots.panel_titles(axes, [f"Ours, seed {seed}", f"{the_paper(scale, 'The paper, seed 5')}, coloured by rank"])
    end = np.sort(strengths[-1])[::-1]
    return Drawing(
        "figure_3b",
        fig,
        "Figure 3b: induction strengths",
        "The strength of a head is its attention to the right label minus that to the wrong one. Look at when the "
        "heads rise, beside the band in which the loss falls, and at how far apart they end. Heads have no order: "
        "each of the paper's has the colour of ours that ends in the same place from the top.",
        f"Two panels of eight curves, ours and the paper's. Ours end at {', '.join(f'{s:.2f}' for s in end)}, "
        f"strongest first; the loss falls between {number(fall[0])} and {number(fall[1])} sequences.",
    )


def figure_3_direct_path(ours: pd.DataFrame, theirs: pd.DataFrame, answers: int) -> Drawing:
    """Wrong answers, of `answers`, with and without Layer 1's path to the output; accuracies by seed."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    for column, face in (("without", pale(QUIET, 0.5)), ("whole", "none")):
        mark: dict[str, Any] = dict(marker="s", ms=10, ls="", mec=pale(QUIET, 0.5), clip_on=False)
        wrong = answers * (1 - theirs[column])
        ax.plot(theirs.index.astype(str), wrong, mfc=face, label="the paper, " + _NETWORKS[column], **mark)
    for column, face in (("without", INK), ("whole", "none")):
        mark = dict(marker="o", ms=7, ls="", mec=INK, clip_on=False, zorder=4)
        wrong = _wrong(ours, column, answers)
        ax.plot(ours.index.astype(str), wrong, mfc=face, label="ours, " + _NETWORKS[column], **mark)
    ax.set_yscale("symlog", linthresh=1, linscale=0.5)  # none, then 1, 10, 100
    ax.set(ylim=(0, None), xlabel="seed", ylabel=f"wrong answers of {answers:,}")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.set_title("Wrong answers with Layer 1's direct path to the output and without")
    fig.legend(loc="outside lower center", ncols=2)
    told = [
        f"seed {s} {_wrong(ours, 'whole', answers)[s]} and {_wrong(ours, 'without', answers)[s]}" for s in ours.index
    ]
    return Drawing(
        "figure_3_direct_path",
        fig,
        "Section 3: Layer 1 works through Layer 2",
        f"Wrong answers, of {answers:,} sequences, of the whole network (hollow) and without what Layer 1 says to the "
        "output directly (filled). The axis is logarithmic above 1.",
        f"Points for each seed, the number of wrong answers of {answers:,} of the whole network and without the path: "
        f"{'; '.join(told)}.",
    )


def _wrong(accuracies: pd.DataFrame, column: str, answers: int) -> pd.Series:
    return (answers * (1 - accuracies[column])).round().astype(int)


_NETWORKS = {"whole": "whole network", "without": "without the path"}


def _spelt(name: str) -> str:
    return name.replace("held_out", "held-out").replace("_", " ")
