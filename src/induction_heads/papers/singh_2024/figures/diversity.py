"""Figures 4a and 4b (section 3): heads ablated one at a time or all but one, and heads that train alone."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number, published

from .. import measures
from ..published import learning_times, paper_curve
from .parts import (
    chance_lines,
    colours_by_rank,
    curve,
    head_points,
    heads_legend,
    sequence_axis,
    squeezed,
    the_paper,
)

ALL = "all heads"
THE_PAPER = "the paper, seed 5"


class Ablated(NamedTuple):
    """A network on the exhaustive training set, a number a Layer 2 head."""

    strength: Float[ndarray, " head"]
    without: Float[ndarray, " head"]  # accuracy with that head ablated
    alone: Float[ndarray, " head"]  # accuracy with the others ablated


def figure_4a(ours: Ablated) -> Drawing:
    """Accuracy with one head ablated and with all but one, over the head's strength in the whole network."""
    fig, ax = plt.subplots(figsize=(5.8, 3.8))
    paper = paper_curve("4a")
    for series, face in (("only given head active", pale(QUIET, 0.45)), ("given head ablated", "none")):
        theirs = paper[paper.series == series]
        label = "the paper: " + series.replace("given", "this")
        ax.plot(theirs.x, theirs.y, "D", ms=7, mfc=face, mec=pale(QUIET, 0.6), zorder=1, label=label)
    head_points(ax, ours.strength, ours.alone, label="only this head active")
    head_points(ax, ours.strength, ours.without, filled=False, label="this head ablated")
    ax.axhline(0.5, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.set(xlabel="induction strength in the whole network", ylabel="accuracy on the training set", ylim=(0, 1.05))
    ax.set_title("One head ablated (hollow) and one head alone (filled)")
    ax.legend(loc="lower right")
    heads_legend(fig, ncols=8)
    return Drawing(
        "figure_4a",
        fig,
        "Figure 4a: ablate one head, or all but one",
        "Hollow: the accuracy without one head. Filled: that of one head alone, over its strength in the whole "
        f"network. Without one head it is at least {ours.without.min():.2f}; alone, heads reach {ours.alone.min():.2f} "
        f"to {ours.alone.max():.2f}. Diamonds: the paper's, whose heads have other numbers.",
        "Accuracy over induction strength, two points a head. "
        + "; ".join(
            f"L2H{h}, strength {ours.strength[h]:.2f}: {ours.without[h]:.2f} without it, {ours.alone[h]:.2f} alone"
            for h in ours.strength.argsort()[::-1]
        )
        + ".",
    )


def figure_4b(histories: Mapping[str, pd.DataFrame], seed: int, *, labels: int = 5, scale: int = 1) -> Drawing:
    """The train loss of every head that trains alone, and of all heads together; ours and the paper's."""
    fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.4), sharey=True)
    for name, history in histories.items():
        label = ALL if name == ALL else None
        curve(axes[0], history.sequences, history.train_loss, name, label=label, lw=_width(name))
    by_rank = _colours_by_rank(histories)
    for name, rows in squeezed(paper_curve("4b"), scale).groupby("series"):
        curve(axes[1], rows.x, rows.y, color=by_rank[name], lw=_width(name), quantity="")
    for ax in axes:
        chance_lines(ax, labels)
        ax.set(xlim=(0, histories[ALL].sequences.iloc[-1]), ylim=(0, 2.05))
    heads_legend(fig, extra={ALL: INK})
    plots.panel_titles(
        axes, [f"Ours, seed {seed}: each head alone", f"{the_paper(scale, 'The paper, seed 5')}, coloured by rank"]
    )
    ends = {name: history.train_loss.iloc[-1] for name, history in histories.items()}
    return Drawing(
        "figure_4b",
        fig,
        "Figure 4b: one head from the first step on",
        "Trained with all other Layer 2 heads ablated, a curve a head; black: all heads together. Look at when each "
        "leaves ln 2. Each of the paper's heads has the colour of ours that is learnt in the same place.",
        "Two panels of nine curves of the train loss, ours and the paper's. Ours end at "
        + ", ".join(f"{loss:.3f} ({name})" for name, loss in ends.items())
        + " nats.",
    )


def _colours_by_rank(histories: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """For the paper's curves: the colour of our head that is learnt at the same place in the order."""
    ours, theirs = measures.learning(histories)["learnt after"], measures.published_learning("4b")["learnt after"]
    names = [f"head {h}" for h in range(len(theirs) - 1)]
    own = colours_by_rank(ours[names].fillna(np.inf).to_numpy(), theirs[names].to_numpy())
    return dict(zip(names, own, strict=True)) | {ALL: INK}


def _width(name: str) -> float:
    return 2.2 if name == ALL else 1.4


def figure_4b_times(times: Mapping[str, Mapping[str, float]], *, scale: int = 1) -> Drawing:
    """Learning times (sequences; infinite where never) of each head alone and of all together: row -> name -> time."""
    theirs = learning_times("4b").set_index("series")["crossing_0.4ln2"] / scale
    rows = {**times, THE_PAPER: dict(theirs)}
    fig, ax = plt.subplots(figsize=(6.6, 0.42 * len(times) + 1.7))
    for height, (row, learnt) in enumerate(rows.items()):
        _row_of_times(ax, height, learnt, filled=row != THE_PAPER)
    sequence_axis(ax)
    ax.set(yticks=range(len(rows)), yticklabels=rows, xlabel="sequences until the train loss is below 0.4 ln 2")
    ax.set_title("How long each head takes alone (points), and all together (mark)")
    ax.invert_yaxis()
    ax.set_xlim(0, None)
    heads_legend(fig, extra={ALL: INK})
    told = [_told(row, learnt, published if row == THE_PAPER else number) for row, learnt in rows.items()]
    return Drawing(
        "figure_4b_times",
        fig,
        "Learning times of single heads",
        "A point is a network with one Layer 2 head from its first step on, the black mark the network with all eight.",
        f"A row a seed, a point a head on an axis of sequences until learnt: {'; '.join(told)}.",
    )


def _told(row: str, learnt: Mapping[str, float], said: Callable[[float], str]) -> str:
    first, last = min(_alone(learnt)), max(_alone(learnt))
    return f"{row} {said(first)} to {said(last)}, all {said(learnt[ALL])}"


def _row_of_times(ax: Axes, height: int, learnt: Mapping[str, float], *, filled: bool) -> None:
    heads = _alone(learnt)
    ax.plot([min(heads), max(heads[np.isfinite(heads)])], [height, height], color="#D8D8D8", lw=1, zorder=0)
    if filled:
        head_points(ax, heads, np.full(len(heads), height))
    else:  # the paper's heads, whose numbers have nothing to do with ours
        ax.plot(heads, np.full(len(heads), height), "o", ms=6, mew=1.4, mfc="white", mec=QUIET)
    ax.plot(learnt[ALL], height, "|", ms=15, mew=2.4, color=INK)


def _alone(learnt: Mapping[str, float]) -> Float[ndarray, " head"]:
    return np.array([learnt[f"head {h}"] for h in range(len(learnt) - 1)])
