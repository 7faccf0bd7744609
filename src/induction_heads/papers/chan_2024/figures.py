"""Figures of Chan and others 2024: whom the gate trusts, by data, and through training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.store import Trained

from .data import GROUPS
from .runs import NOISES, SIZES, name

Runs = Mapping[str, Sequence[Trained]]
COLOURS = dict(zip(GROUPS, (HEAD_COLOURS[1], HEAD_COLOURS[0]), strict=True))
STYLES = dict(zip(GROUPS, ("-", "--"), strict=True))
WHO = {
    "f": ("the gated predictor", INK, "-"),
    "g": ("weights", HEAD_COLOURS[1], "--"),
    "h": ("context", HEAD_COLOURS[0], ":"),
}


def _at_the_end(ax: Axes, runs: Runs, noise: float, column: str, color: str, label: str, style: str) -> np.ndarray:
    """A measure against the number of sequences; returns its medians."""
    sizes = [size for size in SIZES if name(size, noise) in runs]
    values = np.array([[t.history[column].iloc[-1] for t in runs[name(size, noise)]] for size in sizes]).T
    plots.curve(ax, np.array(sizes), values, color=color, label=label, ls=style, marker="o", ms=3.5)
    ax.set(xscale="log", ylim=(-0.03, 1.03), xlabel="sequences in the training set")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    return np.median(values, 0)


def figure_1(runs: Runs) -> Drawing:
    """The error with labels moved at the end, by group, training set and noise."""
    fig, axes = plt.subplots(1, len(NOISES), figsize=(8.6, 3.1), sharey=True)
    told = []
    for ax, noise in zip(axes, NOISES, strict=True):
        for group in GROUPS:
            found = _at_the_end(ax, runs, noise, f"moved_{group}", COLOURS[group], group, STYLES[group])
            told.append(f"noise {noise:g}, {group}: " + ", ".join(f"{x:.2f}" for x in found))
        ax.axhline(0.5, color=QUIET, lw=0.8, ls=":")
    axes[0].set_ylabel("error, labels moved")
    axes[0].legend(fontsize=7.5, title="classes", title_fontsize=7.5)
    plots.panel_titles(axes, [f"Noise {noise:g}" for noise in NOISES])
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: who is trusted at the end",
        "The context's label is moved to another class and is the answer asked for: error 0 trusts the context, error "
        "1 the weights. Medians of the seeds in bands from the lowest to the highest.",
        f"Two curves in each panel. Medians by size of the training set, {'; '.join(told)}.",
    )


def figure_2(runs: Runs) -> Drawing:
    """Errors as in training of the gated predictor and of both that it chooses from."""
    fig, axes = plt.subplots(len(NOISES), 2, figsize=(8.6, 5.4), sharey=True, sharex=True)
    told = []
    for row, noise in zip(axes, NOISES, strict=True):
        for ax, group in zip(row, GROUPS, strict=True):
            for column, (label, color, style) in WHO.items():
                found = _at_the_end(ax, runs, noise, f"{column}_{group}", color, label, style)
                told.append(f"noise {noise:g}, {group}, {label} " + ", ".join(f"{x:.2f}" for x in found))
    for ax in axes[0]:
        ax.set_xlabel("")
    for ax in axes[:, 0]:
        ax.set_ylabel("error, as in training")
    axes[0, 1].legend(fontsize=7.5)
    plots.panel_titles(axes.flat, [f"Noise {noise:g}, {group} classes" for noise in NOISES for group in GROUPS])
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: who errs less",
        "Errors on fresh sequences at the end. The copy errs where the context has another class, one time in ten.",
        f"Three curves in each of four panels. Medians by size of the training set: {'; '.join(told)}.",
    )


def figure_3(runs: Runs, sequences: int) -> Drawing:
    """The error with labels moved, and the gate, through training on many sequences."""
    fig, axes = plt.subplots(1, 2 * len(NOISES), figsize=(12, 2.9), sharey=True)
    told = []
    titles = []
    for i, (noise, column) in enumerate((n, c) for c in ("moved", "gate") for n in NOISES):
        seeds = runs[name(sequences, noise)]
        steps = seeds[0].history.steps.to_numpy()
        for group in GROUPS:
            values = np.stack([t.history[f"{column}_{group}"].to_numpy() for t in seeds])
            plots.curve(axes[i], steps, values, color=COLOURS[group], label=group, ls=STYLES[group])
            told.append(f"{column}, noise {noise:g}, {group}: {np.median(values[:, -1]):.2f}")
        titles.append(f"{'Error, labels moved' if column == 'moved' else 'Gate: trust in weights'}, noise {noise:g}")
        axes[i].set(xlabel="steps", ylim=(-0.03, 1.03))
    axes[0].set_ylabel("error, or gate")
    axes[0].legend(fontsize=7.5)
    plots.panel_titles(axes, titles)
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: first context, then weights",
        f"{sequences:,} sequences. Does the error with labels moved begin low and end high?",
        f"Two curves in each of four panels; at the end {'; '.join(told)}.",
    )


def figure_4(gates: Runs, transformers: Runs) -> Drawing:
    """The errors of transformers at the end beside those of the gates, on the same sets."""
    noise = NOISES[0]
    beside = {size: gates[size] for size in transformers}
    columns = {"moved": "error, labels moved", "f": "error, as in training"}
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.3), sharey=True)
    told = []
    for ax, (column, label) in zip(axes, columns.items(), strict=True):
        for who, runs, style in (("gate", beside, ":"), ("transformer", transformers, "-")):
            for group in GROUPS:
                found = _at_the_end(ax, runs, noise, f"{column}_{group}", COLOURS[group], f"{who}, {group}", style)
                told.append(f"{label}, {who}, {group}: " + ", ".join(f"{x:.2f}" for x in found))
        ax.set_ylabel(label)
    plots.legend_above(fig, axes[0], 4)
    plots.panel_titles(axes, ["Whom it trusts", "How often it errs"])
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: a transformer beside the gate",
        f"Two blocks with MLPs, trained on the same sequences, noise {noise:g}. Medians of the seeds in bands from the "
        "lowest to the highest. Labels moved tell whom it trusts only where it errs little as in training. No claim is "
        "made of this figure.",
        f"Four curves in each of two panels. Medians by size of the training set: {'; '.join(told)}.",
    )
