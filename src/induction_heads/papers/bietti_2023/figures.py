"""Figures of Bietti and others 2023 and of Wang and Sato 2025: memories, maps, places."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from . import measures
from .data import LENGTH, VOCABULARY
from .network import BATCH
from .runs import FROZEN

MEMORIES = {"W_O2": "W_O², output", "W_K2": "W_K², trigger", "W_K1": "W_K¹, place before"}
COLOURS = dict(zip(MEMORIES, HEAD_COLOURS[:3], strict=True))
WRITTEN = {"W_O2": "$W_O^2$, output", "W_K2": "$W_K^2$, trigger", "W_K1": "$W_K^1$, place before"}
STYLES = dict(zip(MEMORIES, ("-", "--", "-."), strict=True))
STEPS = f"steps, of {BATCH} sequences each"
KINDS = (HEAD_COLOURS[1], HEAD_COLOURS[0])  # of two rows in one panel


def figure_1(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Recall of each memory, and accuracy, through training; a panel for each kind of triggers."""
    fig, axes = plt.subplots(1, len(runs), figsize=(4.3 * len(runs), 3.2), sharey=True)
    told = []
    for ax, (name, seeds) in zip(axes, runs.items(), strict=True):
        for column, label in WRITTEN.items():
            look = dict(color=COLOURS[column], ls=STYLES[column])
            plots.over_seeds(ax, seeds, column, label=f"recall of {label}", **look)
        plots.over_seeds(ax, seeds, "accuracy", color=INK, label="accuracy", ls=":")
        ax.set(xlabel=STEPS, ylim=(-0.02, 1.03))
        half = {c: np.median([measures.when(t.history, c, 0.5) for t in seeds]) for c in MEMORIES}
        told.append(f"{name}: {', '.join(f'{MEMORIES[c]} at {number(x)}' for c, x in half.items())}")
    axes[0].set_ylabel("share recalled, or right")
    axes[0].legend(fontsize=7, loc="center right", bbox_to_anchor=(1, 0.69))
    plots.panel_titles(axes, [name.capitalize() for name in runs])
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: which memory is filled first",
        f"The share of what each learnt matrix is asked that it answers with its own; chance is 1/{VOCABULARY} for "
        "W_O², and for W_K² with random triggers, a fifth for W_K² with fixed ones. Median of the seeds in a band from "
        "the lowest to the highest.",
        f"Four rising curves in each of {len(runs)} panels. Steps to half, medians: {'; '.join(told)}.",
    )


def figure_2(trained: Trained) -> Drawing:
    """Attention of both layers on one sequence, a column for each step of training."""
    kept = measures.maps(trained.final)
    tokens, hints = (trained.final[f"shown {name}"] for name in ("tokens", "told"))
    fig, axes = plt.subplots(2, len(kept), figsize=(2.35 * len(kept), 4.8), sharex=True, sharey=True)
    told = []
    for column, (step, both) in enumerate(kept.items()):
        for row, pattern in enumerate(both):
            image = axes[row, column].imshow(pattern.numpy() ** 0.5, cmap="Blues", vmin=0, vmax=1)
        axes[0, column].set_title(f"step {step}")
        axes[1, column].set_xlabel("key: place")
        previous = float(both[0].diagonal(-1).mean())
        told.append(f"step {step}: {previous:.2f}, {measures.induction(both[1], tokens, hints):.2f}")
    for row in range(2):
        axes[row, 0].set_ylabel(f"layer {row + 1}, query: place")
    bar = fig.colorbar(image, ax=axes, shrink=0.6, ticks=np.sqrt([0, 0.1, 0.5, 1]))
    bar.ax.set_yticklabels(["0", "0.1", "0.5", "1"])
    bar.set_label("attention")
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: attention of both layers",
        f"One held-out sequence, seed {trained.run.seed}, fixed triggers; colour goes with the root of the attention. "
        "Look for a line just below the diagonal in layer 1, and for single dark places in layer 2: what came after "
        "earlier triggers.",
        f"Two rows of maps. Attention to the token before in layer 1, and to what came after the same trigger in layer "
        f"2: {'; '.join(told)}.",
    )


def figure_3(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Which places W_K¹ recalls at the end."""
    fig, ax = plt.subplots(figsize=(5.6, 3.1))
    told = []
    for (name, seeds), color, style in zip(runs.items(), KINDS, ("-", "--"), strict=True):
        hits = np.stack([measures.windows(t.final["W_K1 recalls"].double().numpy()) for t in seeds])
        places = measures.WINDOW * (np.arange(hits.shape[1]) + 0.5) + 1
        plots.curve(ax, places, hits, color=color, label=name, ls=style, marker="o", ms=3)
        told.append(f"{name}: {', '.join(f'{x:.2f}' for x in np.median(hits, 0))}")
    ax.set(xlabel="place of the query", ylabel="share recalled by $W_K^1$", ylim=(-0.02, 1.03), xlim=(0, LENGTH))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: which places layer 1 has learnt",
        f"Whether W_K¹, asked for a place, answers with the place before it; means over {measures.WINDOW} places. "
        "Median of the seeds in a band from the lowest to the highest.",
        f"Two curves; by windows of {measures.WINDOW} places, medians: {'; '.join(told)}.",
    )


def figure_4(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Attention to the token before, and accuracy, by place, on sequences twice as long as in training."""
    fig, axes = plt.subplots(1, 2, figsize=(8.8, 3.2), sharex=True, sharey=True)
    curves = {"attention to the token before": measures.previous_by_window, "accuracy": measures.accuracy_by_window}
    told = []
    for ax, (what, by_window) in zip(axes, curves.items(), strict=True):
        for (name, seeds), color, style in zip(runs.items(), KINDS, ("-", "--"), strict=True):
            values = np.stack([by_window(t.final) for t in seeds])
            places = measures.WINDOW * (np.arange(values.shape[1]) + 0.5)
            shown = slice(1, None)  # the first places have hardly anything to look back to
            plots.curve(ax, places[shown], values[:, shown], color=color, label=name, ls=style)
            told.append(f"{what}, {name}: {np.median(values[:, -1]):.2f} at the end")
        ax.axvline(LENGTH, color=QUIET, lw=1, ls=":", label="longest place in training")
        ax.set(xlabel="place", ylabel=what, ylim=(-0.02, 1.03))
    axes[1].legend(fontsize=7, loc="lower left")
    plots.panel_titles(axes, ["Layer 1", "Answers"])
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: beyond the places of training",
        f"Sequences of {2 * LENGTH} tokens; means over {measures.WINDOW} places. Median of the seeds in a band from "
        "the lowest to the highest.",
        f"Two curves in each of two panels with a line at {LENGTH}. {'; '.join(told)}.",
    )


def figure_5(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """The output memory and accuracy, with keys learnt and with keys as drawn."""
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.1), sharex=True, sharey=True)
    columns = {"W_O2": "share recalled by $W_O^2$", "accuracy": "accuracy"}
    told = []
    for ax, (column, what) in zip(axes, columns.items(), strict=True):
        for (name, seeds), color, style in zip(runs.items(), KINDS, ("-", "--"), strict=True):
            label = name if name == FROZEN else "keys learnt"
            plots.over_seeds(ax, seeds, column, color=color, label=label, ls=style)
            told.append(f"{column}, {label}: {np.median([t.history[column].iloc[-1] for t in seeds]):.2f}")
        ax.set(xlabel=STEPS, ylabel=what, ylim=(-0.02, 1.03))
    axes[1].legend(fontsize=7.5)
    plots.panel_titles(axes, ["The output memory", "Answers"])
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: the output memory without keys",
        "Random triggers. Both learn W_O²; one learns the keys of both layers too, the other keeps them as they were "
        "drawn. Median of the seeds in a band from the lowest to the highest.",
        f"Two curves in each of two panels; at their ends {'; '.join(told)}.",
    )
