"""Figures of Chan and others 2022: what a network relies on, by the data that it has seen."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.store import Trained

Runs = Mapping[str, Sequence[Trained]]
LINES = {
    "context": ("labels mean nothing: context", HEAD_COLOURS[0], "-"),
    "flip": ("labels exchanged: context", HEAD_COLOURS[2], "--"),
    "constrained": ("class not shown, label is: weights", HEAD_COLOURS[1], "-."),
    "weights": ("neither shown, of all labels: weights", INK, ":"),
}


def _by(ax: Axes, runs: Runs, label: str) -> str:
    """Accuracies on four sets at the end, a point a row; tells the medians."""
    places, told = np.arange(len(runs)), []
    for column, (name, color, style) in LINES.items():
        values = np.array([[t.history[column].iloc[-1] for t in seeds] for seeds in runs.values()]).T
        plots.curve(ax, places, values, color=color, label=name, ls=style, marker="o", ms=3.5)
        told.append(f"{name} {', '.join(f'{x:.2f}' for x in np.median(values, 0))}")
    ax.axhline(0.5, color=QUIET, lw=0.8, ls=(0, (1, 2)))
    ax.set_xticks(places, [f"{float(name):,g}" for name in runs])
    ax.set(xlabel=label, ylabel="accuracy", ylim=(-0.03, 1.03))
    return f"Medians by {label}: {'; '.join(told)}."


def figure_1(runs: Runs) -> Drawing:
    """By the number of classes."""
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    told = _by(ax, runs, "number of classes")
    plots.legend_above(fig, ax, 2)
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: the number of classes",
        "The query's class is always in context. Medians of the seeds at the end, bands from the lowest to the "
        "highest; chance is 0.5 of two labels (dotted line), 1/32 of all. Where do the curves of context and of "
        "weights cross?",
        told,
    )


def figure_2(runs: Runs) -> Drawing:
    """By the part of sequences whose context has the query's class."""
    fig, ax = plt.subplots(figsize=(6.4, 3.8))
    told = _by(ax, runs, "part of sequences with the query's class in context")
    plots.legend_above(fig, ax, 2)
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: bursts",
        "2,048 classes. Without the query's class in context only weights can answer. Chance is 0.5 of two labels "
        "(dotted line), 1/32 of all.",
        told,
    )


def figure_3(runs: Mapping[str, Trained], every: Runs) -> Drawing:
    """By Zipf's exponent, one seed; and context against weights through training, for each exponent."""
    fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.8))
    told = _by(axes[0], every, "Zipf's exponent")
    plots.legend_above(fig, axes[0], 2)
    for i, (name, trained) in enumerate(runs.items()):
        history = trained.history
        axes[1].plot(history.weights, history.context, "-", color=HEAD_COLOURS[i], lw=0.8)
        sizes = 6 + 30 * history.steps / history.steps.iloc[-1]
        axes[1].scatter(history.weights, history.context, s=sizes, color=HEAD_COLOURS[i], label=f"exponent {name}")
    axes[1].set(xlabel="accuracy from weights", ylabel="accuracy from context", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes[1].legend(fontsize=7, title="larger dots: later", title_fontsize=6.5)
    plots.panel_titles(axes, ["At the end", "Through training"])
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: classes by Zipf's law",
        "2,048 classes, the query's in context nine times in ten; one seed, tested on classes drawn alike. No claim is "
        "made of this figure.",
        told,
    )
