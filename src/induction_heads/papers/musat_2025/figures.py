"""Figures of Musat and others 2025: the flow of three numbers, its times, and the network's weights."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from . import network
from .claims import FIRST_SIGHT
from .flow import LEARNT, Flow

LABELS = {
    "gamma": "γ₃: copy",
    "beta": "β₂: match",
    "alpha": "α₃: previous token",
    "attention": "attention to the label",
}
COLOURS = {"gamma": HEAD_COLOURS[1], "beta": HEAD_COLOURS[0], "alpha": HEAD_COLOURS[2], "attention": INK}
MARKS = {"gamma": "o", "beta": "s", "alpha": "D", "attention": "^"}
THREE = {"gamma": network.GAMMA_3, "beta": network.BETA_2, "alpha": network.ALPHA_3}


def figure_1(flow: Flow, pairs: int) -> Drawing:
    """The three weights, and the attention and the loss, of one context through time."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.1))
    scaled = flow.time / pairs**2
    for name in THREE:
        axes[0].plot(scaled, getattr(flow, name), color=COLOURS[name], label=LABELS[name])
    axes[0].axhline(LEARNT, color=QUIET, lw=0.8, ls=(0, (4, 3)), label="a half: learnt")
    axes[0].set(ylabel="weight")
    axes[1].plot(scaled, flow.attention, color=INK, label=LABELS["attention"])
    axes[1].plot(scaled, flow.loss, color=HEAD_COLOURS[3], ls="--", label="loss")
    axes[1].set(ylabel="attention, loss")
    for ax in axes:
        ax.set(xscale="log", xlabel="time / N²", xlim=(1e-3, scaled[-1]))
        ax.legend(fontsize=7)
    plots.panel_titles(axes, ["Each weight waits for the one before", "What the network does"])
    falls = number(scaled[(flow.loss <= 0.25).argmax()])
    return Drawing(
        "figure_1",
        fig,
        f"Figure 1: three weights in a context of {pairs} pairs",
        "Gradient flow from zero. Look at the order in which the weights rise, and at the long time in which the loss "
        "hardly moves though they do.",
        f"Two panels against time over N squared, on a logarithmic axis. The copy weight rises first, then the match, "
        f"then the previous token; the loss is halved at {falls} N squared.",
    )


def figure_2(times: Mapping[int, Mapping[str, float]], slopes: Mapping[str, float]) -> Drawing:
    """When each quantity reaches a half, against the context's length."""
    fig, ax = plt.subplots(figsize=(5.6, 3.6))
    pairs = list(times)
    for name, slope in slopes.items():
        at = [times[n][name] for n in pairs]
        ax.plot(pairs, at, MARKS[name], ms=5, color=COLOURS[name], label=f"{LABELS[name]}: slope {slope:.3f}")
        ax.plot(pairs, at[-1] * (np.array(pairs) / pairs[-1]) ** round(slope), color=pale(COLOURS[name], 0.6), lw=1)
    ax.set(xscale="log", yscale="log", xlabel="pairs in context, N", ylabel="time to reach a half")
    ax.set_xticks(pairs, [str(n) for n in pairs])
    ax.minorticks_off()
    ax.legend(fontsize=7.5)
    told = ", ".join(f"{LABELS[name]} {slope:.2f}" for name, slope in slopes.items())
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: how long it takes",
        "Marks are solutions of the flow, lines the whole power nearest to the slope, through the longest context.",
        f"Four rising rows of marks on logarithmic axes. Slopes over the longer contexts: {told}.",
    )


def figure_3(runs: Mapping[str, Trained]) -> Drawing:
    """The 19 coefficients of one seed's networks, the three of the induction head in colour."""
    fig, axes = plt.subplots(1, len(runs), figsize=(9, 4), squeeze=False)
    ends = []
    for ax, (name, trained) in zip(axes[0], runs.items(), strict=True):
        history = trained.history
        time = history.steps * trained.run.rate
        others = [each for each in network.NAMES if each not in THREE.values()]
        for i, each in enumerate(others):
            ax.plot(time, history[each], color=pale(QUIET, 0.6), lw=0.8, label="the other 16" if i == 0 else None)
        largest = max(others, key=lambda each: history[each].abs().max())
        ax.plot(time, history[largest], color=QUIET, lw=1.2, ls="--", label=f"largest: {largest}")
        for key, each in THREE.items():
            ax.plot(time, history[each], color=COLOURS[key], label=LABELS[key])
        ax.axhline(FIRST_SIGHT, color=QUIET, lw=0.7, ls=":")
        ax.set(xlabel="time: steps × rate", ylabel="coefficient")
        ax.legend(fontsize=6.5, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=2)
        last = history.iloc[-1]
        ends.append(f"{name}: " + ", ".join(f"{LABELS[key]} {last[each]:.2f}" for key, each in THREE.items()))
    plots.panel_titles(axes[0], list(runs))
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: the network's 19 coefficients",
        "How much of each direction the weights hold, through training from zero. Look for what rises beside the three "
        f"of the induction head, and at the order in which these pass {FIRST_SIGHT} (dotted line).",
        f"A panel for each context, 19 curves against time. At the end: {'; '.join(ends)}.",
    )


def figure_4(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """The shares of the squared weights that 19 directions and three hold; each seed a line."""
    fig, axes = plt.subplots(1, len(runs), figsize=(9, 3), squeeze=False, sharey=True)
    ends = []
    for ax, (name, seeds) in zip(axes[0], runs.items(), strict=True):
        steps = seeds[0].history.steps.to_numpy()
        for column, color, label in (("nineteen", INK, "19 directions"), ("three", HEAD_COLOURS[0], "three of them")):
            values = np.stack([trained.history[column].to_numpy() for trained in seeds])
            plots.curve(ax, steps[1:], values[:, 1:], color=color, label=label)
            ends.append(f"{name}, {label} {np.median(values[:, -1]):.2f}")
        ax.set(xlabel="steps", ylim=(0, 1.03))
    axes[0, 0].set_ylabel("share of the squared weights")
    axes[0, 0].legend(fontsize=7.5)
    plots.panel_titles(axes[0], list(runs))
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: what 19 directions and three hold",
        "The line is the median of the seeds, the band reaches from the lowest to the highest.",
        f"Two curves in each of {len(runs)} panels. Medians at the end: {'; '.join(ends)}.",
    )


def figure_5(trained: Trained) -> Drawing:
    """The three weight matrices of a network at the end, in blocks."""
    fig, axes = plt.subplots(1, 3, figsize=(11, 3.2), width_ratios=(1, 1, 1.7))
    for ax, (name, (rows, columns)) in zip(axes, network.BLOCKS.items(), strict=True):
        weights = trained.final[name].numpy()
        _blocks(ax, weights, rows, columns)
        fig.colorbar(ax.images[0], ax=ax, shrink=0.75, label="weight")
    told = "; ".join(f"{name}: {' by '.join(block)}" for name, block in network.strongest(trained.final).items())
    plots.panel_titles(axes, ["W¹: query by key", "W²: query by key", "W³: output by what is read"])
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: the weights at the end",
        f"{trained.run.pairs} pairs, seed {trained.run.seed}. A diagonal is a multiple of one; what looks like "
        "noise in the position block of W¹ is the fixed rotation, which carries an item's position to its label's.",
        f"Three matrices in blocks, most of them near zero. The strongest blocks are {told}.",
    )


def _blocks(ax: Axes, weights: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    size, most = weights.shape[0] // len(rows), np.abs(weights).max()
    ax.imshow(weights, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest", aspect="auto")
    for i in range(1, len(rows)):
        ax.axhline(i * size - 0.5, color=QUIET, lw=0.5)
    for i in range(1, len(columns)):
        ax.axvline(i * size - 0.5, color=QUIET, lw=0.5)
    ax.set_xticks([(i + 0.5) * size for i in range(len(columns))], columns, size=6, rotation=40)
    ax.set_yticks([(i + 0.5) * size for i in range(len(rows))], rows, size=6)
