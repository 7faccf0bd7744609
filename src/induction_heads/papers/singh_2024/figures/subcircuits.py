"""Figure 5b (section 4): the circuit clamped in parts throughout training, and what is left learnt."""

from collections.abc import Mapping
from typing import Any

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
from .diagrams import circuit
from .parts import chance_lines, curve, published, sequence_axis, squeezed, the_paper

NAMES = {
    "none": "no clamp",
    "1": "step 1",
    "1, 2": "steps 1, 2",
    "1, 2, 3qk, 4": "match: 1, 2, 3qk, 4",
    "3v, 5": "copy: 3v, 5",
    "1, 2, 3v, 5": "Layer 1 and copy: 1, 2, 3v, 5",
}
SHORT = {name: said.partition(":")[0].replace(", ", " and ") for name, said in NAMES.items()}  # in a sentence
LEFT = {
    "none": "A, B and C",
    "1": "step 2, B and C",
    "1, 2": "B and C",
    "1, 2, 3qk, 4": "C",
    "3v, 5": "A and B",
    "1, 2, 3v, 5": "B",
}
LAYOUT: list[Any] = [  # the early part of the curves above the whole of them
    ["early", "none", "1"],
    ["early", "none", "1"],
    ["early", "1, 2", "1, 2, 3qk, 4"],
    ["whole", "1, 2", "1, 2, 3qk, 4"],
    ["whole", "3v, 5", "1, 2, 3v, 5"],
    ["whole", "3v, 5", "1, 2, 3v, 5"],
]
SHOWN = {"early": 100_000, "whole": 400_000}  # sequences
TICKS = {"learnt after": (2e4, 5e4, 1e5, 2e5), "slowest tenth": (3e3, 1e4, 3e4, 1e5)}  # sequences
PANELS = {  # column of `measures.learning` -> title, axis
    "learnt after": ("Learning time", "sequences until learnt"),
    "slowest tenth": ("Slowest tenth of the fall", "sequences"),
    "its share": ("The same as a share", "share of the learning time"),
    "its level": ("Where it lies", "loss (nats)"),
}


def figure_5b(
    histories: Mapping[str, pd.DataFrame], learning: pd.DataFrame, *, labels: int = 5, scale: int = 1
) -> Drawing:
    """The train loss under each clamp, with the circuit as legend; `learning` is from `measures.learning`."""
    fig, panels = plt.subplot_mosaic(LAYOUT, figsize=(11, 6.4), width_ratios=(2.15, 1, 1))
    for place, shown in SHOWN.items():
        _curves(panels[place], histories, scale)
        panels[place].set(xlim=(0, shown / scale), ylim=(0, 2.05))
    for name in histories:
        title = f"{NAMES[name]}\nleft to learn: {LEFT[name]}"
        circuit(panels[name], name).set_title(title, color=colour(name), size=8)
    for count in (2, labels):
        panels["early"].axhline(np.log(count), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    chance_lines(panels["whole"], labels)
    panels["whole"].legend(loc="center right", bbox_to_anchor=(1, 0.58), ncols=2, fontsize="small")
    panels["early"].set_xlabel("")
    early = f"The first {SHOWN['early'] / SHOWN['whole']:.0%}, stretched"
    plots.panel_titles([panels["early"], panels["whole"]], [early, "Train loss with parts of the circuit given"])
    told = ", ".join(f"{SHORT[name]} {number(time)}" for name, time in learning["learnt after"].items())
    return Drawing(
        "figure_5b",
        fig,
        "Figure 5b: clamping subcircuits throughout training",
        "A curve a clamp; the shaded strokes of a diagram are what is given from the first step on. Look at when the "
        f"rest is learnt (train loss below 0.4 ln 2) and in which shape. Sequences until learnt: {told}. Wide pale "
        "curves: the paper's.",
        "Six curves of the train loss, twice: their beginning and the whole; and six small diagrams of the circuit "
        f"with the clamped steps shaded. Sequences until learnt: {told}.",
    )


def _curves(ax: Axes, histories: Mapping[str, pd.DataFrame], scale: int) -> None:
    published(ax, squeezed(paper_curve("5b"), scale), label=the_paper(scale))
    for name, history in histories.items():
        curve(ax, history.sequences, history.train_loss, name, label=NAMES[name])


def figure_5b_seeds(
    tables: Mapping[int, pd.DataFrame], theirs: pd.DataFrame, *, labels: int = 5, scale: int = 1
) -> Drawing:
    """`measures.learning` of every seed and of the paper: learning time, slowest tenth, its share, its level."""
    fig, axes = plt.subplots(1, len(PANELS), figsize=(13, 3.2), sharey=True)
    for ax, (column, (_, label)) in zip(axes, PANELS.items(), strict=True):
        squeeze = scale if column in TICKS else 1
        for height, name in enumerate(NAMES):
            own = colour(name)
            ax.plot(theirs[column][name] / squeeze, height, "D", ms=8, mec="none", color=pale(own, 0.4), zorder=1)
            heights = height + np.linspace(-0.22, 0.22, len(tables))
            ax.plot([one[column][name] for one in tables.values()], heights, "o", ms=4.5, color=own)
        if column in TICKS:
            _log_axis(ax, np.array(TICKS[column]) / scale)
        ax.set_xlabel(label)
    axes[0].set(yticks=range(len(NAMES)), yticklabels=NAMES.values(), ylim=(len(NAMES) - 0.5, -0.5))
    _line(axes[2], PLATEAU, "plateau")
    _line(axes[3], np.log(2), "ln 2")
    _line(axes[3], np.log(labels), f"ln {labels}")
    axes[2].set_xlim(0, None)
    plots.panel_titles(axes, [title for title, _ in PANELS.values()])
    told = []
    for name, said in SHORT.items():
        rows = pd.DataFrame([one.loc[name] for one in tables.values()])
        low, high = rows.min(), rows.max()
        times = f"{number(low['learnt after'])} to {number(high['learnt after'])} sequences"
        told.append(f"{said} {times}, slowest tenth at {low['its level']:.2f} to {high['its level']:.2f} nats")
    return Drawing(
        "figure_5b_seeds",
        fig,
        "Figure 5b for other seeds",
        "A point a seed, in the order of the seeds from top to bottom; diamonds are the paper's seed 5. a and b have "
        "logarithmic axes. d: the loss at which each run waits.",
        f"Four panels of points, a row a clamp and a point a seed. Learnt after, and where it waits: "
        f"{'; '.join(told)}.",
    )


def _line(ax: Axes, x: float, text: str) -> None:
    ax.axvline(x, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    at: dict[str, Any] = dict(xy=(x, 0), xycoords=("data", "axes fraction"), xytext=(2, 2), textcoords="offset points")
    ax.annotate(text, **at, size=6.5, color=QUIET)


def _log_axis(ax: Axes, ticks: np.ndarray) -> None:
    ax.set(xscale="log", xticks=ticks)
    sequence_axis(ax)
    ax.xaxis.set_minor_formatter("")
