"""Figures of Singh and others 2023 and 2025: the toy model, and what networks rely on."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from .claims import FOUND, SHOWN, is_transient, met_at
from .toy import CONDITIONS, Course

CONTEXT, WEIGHTS = HEAD_COLOURS[0], HEAD_COLOURS[1]
LOWEST = 1e-9  # what is smaller is drawn here
COLOURS = dict(zip(SHOWN, (INK, WEIGHTS, HEAD_COLOURS[2], CONTEXT), strict=True))
STYLES = dict(zip(SHOWN, ("-", "-.", "--", "-"), strict=True))
NAMES = {
    "training": "as in training",
    "context": "labels 0 and 1: context",
    "flip": "labels exchanged: context",
    "constrained": "class not shown: weights",
}


def figure_1(courses: Mapping[str, Course], start: int) -> Drawing:
    """Both errors and the loss of one start, under each condition."""
    fig, axes = plt.subplots(1, len(courses), figsize=(11, 3.1), sharey=True)
    told = []
    for ax, (name, found) in zip(axes, courses.items(), strict=True):
        floor = CONDITIONS[name].mu1
        for values, color, style, label in (
            (found.context[start], CONTEXT, "-", "m₁: context"),
            (found.context[start] + floor, CONTEXT, ":", "m₁ + μ₁"),
            (found.weights[start], WEIGHTS, "--", "m₂: weights"),
            (found.loss[start], INK, "-.", "loss"),
        ):
            ax.plot(found.steps, np.maximum(values, LOWEST), color=color, ls=style, label=label)
        ax.set(yscale="log", ylim=(LOWEST, None))
        plots.count_axis(ax, "steps of descent")
        low, end = found.context[start].min(), found.context[start, -1]
        told.append(f"{name}: m₁ falls to {number(max(low, LOWEST))} and ends at {number(max(end, LOWEST))}")
    axes[0].set_ylabel("error, loss")
    axes[0].legend(fontsize=7, loc="lower left")
    plots.panel_titles(axes, ["μ₁ = 0.1, α = 0.1", "No floor: μ₁ = 0", "No competition: α = 0"])
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: it comes and goes",
        f"Start {start}. Does the error in context rise again after it has fallen, and what falls while it does?",
        f"Three panels of curves on a logarithmic axis. {'; '.join(told)}.",
    )


def figure_2(courses: Mapping[str, Course]) -> Drawing:
    """The error in context of every start, a column a condition."""
    starts = len(next(iter(courses.values())).context)
    fig, axes = plt.subplots(2, starts // 2, figsize=(11, 3.8), sharex=True, sharey=True)
    styles = dict(zip(courses, ((CONTEXT, "-"), (HEAD_COLOURS[2], "--"), (HEAD_COLOURS[3], ":")), strict=True))
    for start, ax in enumerate(axes.flat):
        for name, found in courses.items():
            color, style = styles[name]
            ax.plot(found.steps, np.maximum(found.context[start], LOWEST), color=color, ls=style, lw=1.2, label=name)
        ax.axhline(FOUND, color=QUIET, lw=0.6)
        ax.set(yscale="log", ylim=(LOWEST, None))
        ax.set_title(f"start {start}", size=7)
        ax.tick_params(labelsize=6)
        plots.count_axis(ax, "")
    fig.supxlabel("steps of descent", size=8)
    fig.supylabel("m₁: error in context", size=8)
    plots.legend_above(fig, axes.flat[0], 3)
    gone = sum(is_transient(met_at(courses["both"], start)) for start in range(starts))
    stay = {name: int((found.context[:, -1] < FOUND).sum()) for name, found in courses.items()}
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: twelve starts, three conditions",
        "The error in context. Quiet line: what counts as found. *both*: with floor and competition.",
        f"Twelve small panels. With both, learning in context comes and goes in {gone} of {starts}; at the end it is "
        f"there in {', '.join(f'{n} ({name})' for name, n in stay.items())}.",
    )


def figure_3(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Accuracy on the four sets through training, on both data sets."""
    fig, axes = plt.subplots(1, len(runs), figsize=(9, 3.2), sharey=True, squeeze=False)
    told = []
    for ax, (name, seeds) in zip(axes[0], runs.items(), strict=True):
        steps = seeds[0].history.steps.to_numpy()
        for which in SHOWN:
            values = np.stack([trained.history[which].to_numpy() for trained in seeds])
            plots.curve(ax, steps, values, color=COLOURS[which], label=NAMES[which], ls=STYLES[which])
        ax.axhline(0.5, color=QUIET, lw=0.8, ls=":")
        ax.set(xlabel="steps", ylim=(-0.03, 1.03))
        last = {which: np.median([t.history[which].iloc[-1] for t in seeds]) for which in SHOWN}
        told.append(f"{name}: " + ", ".join(f"{NAMES[which]} {x:.2f}" for which, x in last.items()))
    axes[0, 0].set_ylabel("accuracy, of two labels")
    axes[0, -1].legend(fontsize=7)
    plots.panel_titles(axes[0], list(runs))
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: what networks rely on",
        "Median of the seeds in a band from the lowest to the highest. Where the answer follows exchanged labels, the "
        "network reads the context; where it stays with the class, its weights.",
        f"Four curves in each panel. At the end: {'; '.join(told)}.",
    )


def figure_4(heads: Mapping[str, Mapping[str, tuple[float, float]]], seed: int) -> Drawing:
    """Of each head, the query's attention to the right label and to the other, where its class is not shown."""
    fig, axes = plt.subplots(1, len(heads), figsize=(9, 3.2), sharey=True, squeeze=False)
    told = []
    for ax, (name, each) in zip(axes[0], heads.items(), strict=True):
        places = np.arange(len(each))
        for i, (label, color) in enumerate((("the right label", WEIGHTS), ("the other label", QUIET))):
            ax.bar(places + (i - 0.5) * 0.38, [both[i] for both in each.values()], 0.38, color=color, label=label)
        ax.set_xticks(places, list(each))
        ax.set(xlabel="head", ylim=(0, 1.03))
        told.append(f"{name}: " + ", ".join(f"{head} {a:.2f} and {b:.2f}" for head, (a, b) in each.items()))
    axes[0, 0].set_ylabel("attention of the query")
    plots.legend_above(fig, axes[0, 0], 2)
    plots.panel_titles(axes[0], list(heads))
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: where the query looks",
        f"The item of the query's class is replaced, its label stays; means over sequences at the end, seed {seed}. A "
        "network of weights constrained to the context has to find the label by itself; one that reads the context "
        "has nothing to go by.",
        f"Two bars a head in each of {len(heads)} panels, attention to the right label and to the other. "
        f"{'; '.join(told)}.",
    )
