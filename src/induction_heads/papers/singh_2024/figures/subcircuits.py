"""Figure 5b (section 4): the circuit clamped in parts throughout training, and what is left learnt."""

from collections.abc import Mapping

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
LEFT = {
    "none": "A, B and C",
    "1": "step 2, B and C",
    "1, 2": "B and C",
    "1, 2, 3qk, 4": "C",
    "3v, 5": "A and B",
    "1, 2, 3v, 5": "B",
}
LAYOUT = [["curves", "none", "1"], ["curves", "1, 2", "1, 2, 3qk, 4"], ["curves", "3v, 5", "1, 2, 3v, 5"]]
SHOWN = 400_000  # sequences
TICKS = ((2e4, 5e4, 1e5, 2e5), (3e3, 1e4, 3e4, 1e5))  # sequences, of the first two panels


def figure_5b(
    histories: Mapping[str, pd.DataFrame], learning: pd.DataFrame, *, labels: int = 5, scale: int = 1
) -> Drawing:
    """The train loss under each clamp, with the circuit as legend; `learning` is from `measures.learning`."""
    fig, panels = plt.subplot_mosaic(LAYOUT, figsize=(10.6, 6), width_ratios=(2.15, 1, 1))
    ax = panels["curves"]
    published(ax, squeezed(paper_curve("5b"), scale), label=the_paper(scale))
    for name, history in histories.items():
        curve(ax, history.sequences, history.train_loss, name, label=NAMES[name])
        title = f"{NAMES[name]}\nleft to learn: {LEFT[name]}"
        circuit(panels[name], name).set_title(title, color=colour(name), size=8)
    chance_lines(ax, labels)
    ax.set(xlim=(0, SHOWN / scale), ylim=(0, 2.05), title="Train loss with parts of the circuit given from the start")
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.58), title="clamped throughout training")
    told = ", ".join(f"{NAMES[name]} {number(time)}" for name, time in learning["learnt after"].items())
    return Drawing(
        "figure_5b",
        fig,
        "Figure 5b: clamping subcircuits throughout training",
        "A curve a clamp; the shaded strokes of a diagram are what is given from the first step on. Look at when the "
        f"rest is learnt (train loss below 0.4 ln 2) and in which shape. Sequences until learnt: {told}. Wide pale "
        "curves: the paper's.",
        "Six curves of the train loss and six small diagrams of the circuit with the clamped steps shaded. Sequences "
        f"until learnt: {told}.",
    )


def figure_5b_seeds(tables: Mapping[int, pd.DataFrame], theirs: pd.DataFrame, *, scale: int = 1) -> Drawing:
    """`measures.learning` of every seed and of the paper: learning time, slowest tenth of the fall, and its share."""
    fig, axes = plt.subplots(1, 3, figsize=(11, 3.1), sharey=True)
    columns = ("learnt after", "slowest tenth", "its share")
    for ax, column, squeeze in zip(axes, columns, (scale, scale, 1), strict=True):
        for height, name in enumerate(NAMES):
            own = colour(name)
            ax.plot(theirs[column][name] / squeeze, height, "D", ms=8, mec="none", color=pale(own, 0.4), zorder=1)
            heights = height + np.linspace(-0.22, 0.22, len(tables))
            ax.plot([one[column][name] for one in tables.values()], heights, "o", ms=4.5, color=own)
    axes[0].set(yticks=range(len(NAMES)), yticklabels=NAMES.values(), ylim=(len(NAMES) - 0.5, -0.5))
    for ax, ticks, label in zip(axes, TICKS, ("sequences until learnt", "sequences"), strict=False):
        _log_axis(ax, np.array(ticks) / scale, label)
    axes[2].axvline(PLATEAU, color=QUIET, lw=0.8, ls=(0, (4, 3)))
    axes[2].set(xlabel="share of the learning time", xlim=(0, None))
    plots.panel_titles(axes, ["Learning time", "Slowest tenth of the fall", "The same as a share (line: plateau)"])
    told = []
    for name, said in NAMES.items():
        times = [one["learnt after"][name] for one in tables.values()]
        told.append(f"{said} {number(min(times))} to {number(max(times))}")
    return Drawing(
        "figure_5b_seeds",
        fig,
        "Figure 5b for other seeds",
        "A point a seed, in the order of the seeds from top to bottom; diamonds are the paper's seed 5. a and b have "
        "logarithmic axes.",
        f"Three panels of points, a row a clamp and a point a seed. Sequences until learnt: {'; '.join(told)}.",
    )


def _log_axis(ax: Axes, ticks: np.ndarray, label: str) -> None:
    ax.set(xscale="log", xticks=ticks)
    sequence_axis(ax)
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel(label)
