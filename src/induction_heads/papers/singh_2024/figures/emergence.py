"""Figures 3a and 3b, and section 3 on the direct path: how abruptly induction heads emerge, what Layer 1 does then."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number
from induction_heads.networks.sequences import EVALUATION_SETS

from .. import measures
from ..colours import SUBCIRCUIT_COLOURS
from ..measures import PLATEAU, Plateau
from ..published import paper_curve
from .parts import chance_lines, curve, heads_legend, published, squeezed, the_paper

DASHES = ("-", "-", "--", ":", "-.")  # of seeds
NO_MISTAKE = 2e-6  # where a logarithmic axis has a share of none


def figure_3a(history: pd.DataFrame, plateau: Plateau, *, labels: int = 5, scale: int = 1) -> Drawing:
    """The loss through training on the training set and on three test sets.

    `history` has columns sequences and, for each evaluation set, NAME_loss; the paper's time is divided by `scale`.
    """
    fig, ax = plt.subplots(figsize=(6.6, 3.7))
    published(ax, squeezed(paper_curve("3a"), scale), label=the_paper(scale))
    for name in EVALUATION_SETS:
        rows = history.dropna(subset=f"{name}_loss")
        curve(ax, rows.sequences, rows[f"{name}_loss"], name)
    verb = "waits" if plateau.share >= PLATEAU else "slows"
    title = f"The loss {verb} near ln 2, then falls, on every test set"
    _loss_axis(ax, history, labels, title)
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.6))
    ends = {name: history[f"{name}_loss"].dropna().iloc[-1] for name in EVALUATION_SETS}
    return Drawing(
        "figure_3a",
        fig,
        "Figure 3a: the loss through training",
        "The loss on the training set and on three test sets; look at how long it stays near ln 2 before it falls. "
        f"Its slowest tenth takes {plateau.share:.0%} of the learning time (a plateau from {PLATEAU:.0%} on). Wide "
        "pale curves: the paper's.",
        f"Four curves of the loss against sequences seen, up to {history.sequences.iloc[-1]:,}. They drop at once, "
        f"slow down near {plateau.level:.2f} nats from {number(plateau.begins)} to {number(plateau.ends)} sequences, "
        f"and fall. At the end: {', '.join(f'{_spelt(name)} {loss:.3f}' for name, loss in ends.items())} nats.",
    )


def figure_3a_in_context(progress: pd.DataFrame, *, labels: int = 5) -> Drawing:
    """The train loss, and the same with the logits limited to the labels in context; from `measures.progress`."""
    fig, ax = plt.subplots(figsize=(6.6, 3.1))
    curve(ax, progress.sequences, progress.train_loss, "train")
    limited = "train, logits limited to the labels in context"
    curve(ax, progress.sequences, progress.in_context_loss, "A", color=SUBCIRCUIT_COLOURS["A"], label=limited)
    title = "The first drop finds the labels in context, the second chooses between them"
    _loss_axis(ax, progress, labels, title)
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.6))
    first, last = progress.iloc[0], progress.iloc[-1]
    return Drawing(
        "figure_3a_in_context",
        fig,
        "What the plateau has and what it lacks",
        "Black: the train loss. Blue: the same networks with their logits limited to the two labels in context, so "
        "that only the choice between the two is left.",
        f"Two curves of the train loss. The whole starts at {first.train_loss:.2f} nats, the one limited to the "
        f"labels in context at {first.in_context_loss:.2f}; at the end they are at {last.train_loss:.3f} and "
        f"{last.in_context_loss:.3f}.",
    )


def figure_3a_seeds(histories: Mapping[int, pd.DataFrame], seed: int, *, labels: int = 5, scale: int = 1) -> Drawing:
    """The train loss of every seed; that of `seed` in ink."""
    fig, ax = plt.subplots(figsize=(6.6, 3.1))
    published(ax, squeezed(paper_curve("3a", series="train"), scale), label="the paper, seed 5")
    for i, (s, history) in enumerate(histories.items()):
        own, dash = INK if s == seed else QUIET, DASHES[i % len(DASHES)]
        curve(ax, history.sequences, history.train_loss, "train", label=f"seed {s}", color=own, ls=dash)
    _loss_axis(ax, histories[seed], labels, "Train loss of all seeds: they leave ln 2 at different times")
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.57), ncols=2)
    times = {s: measures.time_to_learn(history) for s, history in histories.items()}
    return Drawing(
        "figure_3a_seeds",
        fig,
        "Figure 3a for other seeds",
        "The train loss from other initial weights, on the same training stream.",
        "A curve of the train loss for each seed. Learnt (below 0.4 ln 2) after: "
        + ", ".join(f"seed {s} {number(time)}" for s, time in times.items())
        + " sequences.",
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
    axes[0].axvspan(*fall, color="#EFEDE6", zorder=0)
    for head, strength in enumerate(strengths.T):
        curve(axes[0], seen, strength, head, quantity="induction strength")
    for head, rows in squeezed(paper_curve("3b"), scale).groupby("series"):
        curve(axes[1], rows.x, rows.y, head, quantity="")
    heads_legend(fig, extra={"the loss falls from 0.9 to 0.1 ln 2": "#DDD8C8"})
    plots.panel_titles(
        axes, [f"Ours, seed {seed}: heads rise while the loss falls", the_paper(scale, "The paper, seed 5")]
    )
    end = np.sort(strengths[-1])[::-1]
    return Drawing(
        "figure_3b",
        fig,
        "Figure 3b: induction strengths",
        "The strength of a head is its attention to the right label minus that to the wrong one. Look at when the "
        "heads rise, beside the band in which the loss falls, and at how far apart they end.",
        f"Two panels of eight curves, ours and the paper's. Ours end at {', '.join(f'{s:.2f}' for s in end)}, "
        f"strongest first; the loss falls between {number(fall[0])} and {number(fall[1])} sequences.",
    )


def figure_3_direct_path(ours: pd.DataFrame, theirs: pd.DataFrame) -> Drawing:
    """Wrong answers with and without Layer 1's path to the output; index seed, accuracies `whole` and `without`."""
    fig, ax = plt.subplots(figsize=(5.6, 3.1))
    for column, face in (("without", pale(QUIET, 0.5)), ("whole", "none")):
        label = "the paper, " + _NETWORKS[column]
        mark = dict(marker="s", ms=10, ls="", mec=pale(QUIET, 0.5))
        ax.plot(theirs.index.astype(str), 1 - theirs[column], mfc=face, label=label, **mark)
    for column, face in (("without", INK), ("whole", "none")):
        wrong = np.maximum(1 - ours[column], NO_MISTAKE)
        ax.plot(ours.index.astype(str), wrong, "o", ms=7, mfc=face, mec=INK, label="ours, " + _NETWORKS[column])
    ax.set(yscale="log", ylim=(1.2e-6, 30), xlabel="seed", ylabel="share of wrong answers")
    ax.set_title("Layer 1's direct path to the output is hardly used")
    ax.set_yticks([NO_MISTAKE, *10.0 ** np.arange(-5, 1)], ["none", *(rf"$10^{{{i}}}$" for i in range(-5, 1))])
    ax.minorticks_off()
    ax.legend(ncols=2, loc="upper center")
    told = [f"seed {s} {1 - row.whole:.1e} and {1 - row.without:.1e}" for s, row in ours.iterrows()]
    return Drawing(
        "figure_3_direct_path",
        fig,
        "Section 3: Layer 1 works through Layer 2",
        "Wrong answers of the whole network, and without what Layer 1 says to the output directly.",
        "Points for each seed on a logarithmic axis, the share of wrong answers of the whole network and without the "
        f"path: {'; '.join(told)}.",
    )


_NETWORKS = {"whole": "whole network", "without": "without the path"}


def _spelt(name: str) -> str:
    return name.replace("held_out", "held-out").replace("_", " ")
