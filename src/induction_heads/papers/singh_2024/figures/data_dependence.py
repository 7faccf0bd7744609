"""Figure 6 (section 4): how much later the whole and its subcircuits are learnt with more classes and more labels."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from ..published import paper_curve
from ..runs import DATA, LEFT_TO_LEARN
from .diagrams import circuit
from .parts import curve, published, squeezed, the_paper

CLAMPED = {"A, B and C": "none", "B": "1, 2, 3v, 5", "C": "1, 2, 3qk, 4", "B and C": "1, 2"}  # what is left -> clamped
AMOUNTS = {kind: [name for name in DATA if name.endswith(kind)] for kind in ("classes", "labels")}


SHOWN = {"A, B and C": 2_000_000, "B": 150_000, "C": 150_000, "B and C": 300_000}  # sequences
TICKS = (3e4, 1e5, 3e5, 1e6)  # sequences


def figure_6(histories: Mapping[str, pd.DataFrame], times: pd.Series, *, scale: int = 1) -> Drawing:
    """The train loss of the twenty runs: a column for what is left to learn, a row for classes and one for labels.

    `histories` and `times` (sequences until learnt) have the names "LEFT, AMOUNT" of the runs.
    """
    fig, panels = plt.subplots(3, 4, figsize=(11.4, 7.8), sharey="row", height_ratios=(0.9, 1, 1))
    for column, left in enumerate(LEFT_TO_LEARN):
        shown = SHOWN[left] / scale
        title = f"{left} left to learn\nfirst {shown:,.0f} sequences"
        circuit(panels[0, column], CLAMPED[left]).set_title(title, size=10, color=colour(f"{left} left"))
        for ax, (kind, names) in zip(panels[1:, column], AMOUNTS.items(), strict=True):
            published(ax, squeezed(paper_curve("6", f"{left} / {kind}"), scale), label=the_paper(scale))
            _curves_of(ax, histories, left, names)
            ax.set_xlim(0, shown)
    for ax, names in zip(panels[1:, 0], AMOUNTS.values(), strict=True):
        most = max(histories[f"{left}, {name}"].train_loss.iloc[0] for left in LEFT_TO_LEARN for name in names)
        ax.set(ylabel="train loss (nats)", ylim=(0, 1.03 * most))
        ax.legend(fontsize="small")
    return Drawing(
        "figure_6",
        fig,
        "Figure 6: more classes, more labels",
        "Columns: what is left to learn, with the clamped steps shaded; mind that they show different lengths. Upper "
        "row: more classes, lower row: more labels; the more, the darker. Look at which panels fan out. Wide pale "
        "curves: the paper's, whose figure has no loss above 1.5.",
        f"Eight panels of three curves of the train loss below four diagrams of the circuit. {_told(times)}",
    )


def _curves_of(ax: Axes, histories: Mapping[str, pd.DataFrame], left: str, names: Sequence[str]) -> None:
    for name in names:
        history = histories[f"{left}, {name}"]
        curve(ax, history.sequences, history.train_loss, name, quantity="")
    ax.axhline(np.log(2), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)


def figure_6_times(ours: pd.Series, theirs: pd.Series, *, scale: int = 1) -> Drawing:
    """Learning times, and how many sequences more the most classes or labels take; names "LEFT, AMOUNT"."""
    fig, axes = plt.subplots(2, 2, figsize=(9.8, 6), sharey="row", height_ratios=(1.25, 1))
    for (above, below), (kind, names) in zip(axes.T, AMOUNTS.items(), strict=True):
        numbers = [int(name.split()[0]) for name in names]
        for left in LEFT_TO_LEARN:
            own = colour(f"{left} left")
            above.plot(numbers, _of(theirs, left, names) / scale, color=pale(own), lw=3.4, zorder=1)
            above.plot(numbers, _of(ours, left, names), "o-", color=own, label=f"{left} left to learn")
        above.set(yscale="log", xticks=numbers, xlabel=f"number of {kind}")
        _delays(below, ours, theirs / scale, names)
        plots.count_axis(below, f"sequences more with {names[-1]} than with {names[0].split()[0]}")
    axes[0, 0].set(yticks=np.array(TICKS) / scale, ylabel="sequences until learnt")
    axes[0, 0].yaxis.set_major_formatter("{x:,.0f}")
    axes[0, 0].yaxis.set_minor_formatter("")
    axes[0, 1].plot([], [], "D-", ms=7, mec="white", color=pale(QUIET, 0.5), lw=3.4, label=the_paper(scale))
    fig.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    titles = ["More classes", "More labels", "Delay by classes", "Delay by labels"]
    plots.panel_titles(axes.flat, titles)
    return Drawing(
        "figure_6_times",
        fig,
        "What the data delay",
        "a, b: sequences until learnt, on one logarithmic axis; a line for what is left to learn. c, d: how many "
        "sequences more it takes with the most classes or labels. Compare B + C, the sum of the delays of both "
        "alone, with B and C learnt together and with the whole. Wide and pale, and diamonds: the paper's.",
        f"Two panels of four lines and two of five bars. {_told(ours)}",
    )


def _delays(ax: Axes, ours: pd.Series, theirs: pd.Series, names: Sequence[str]) -> None:
    """Bars of the delays between the first and the last amount, with the sum of the parts beside the whole."""
    rows = {"B": ("B",), "C": ("C",), "B + C": ("B", "C"), "B and C": ("B and C",), "A, B and C": ("A, B and C",)}
    for height, (row, parts) in enumerate(rows.items()):
        own = QUIET if row == "B + C" else colour(f"{row} left")
        delay, paper = (sum(_delay(times, left, names) for left in parts) for times in (ours, theirs))
        ax.barh(height, delay, color=pale(own, 0.75))
        ax.plot(paper, height, "D", ms=7, mec="white", mew=0.8, color=pale(own, 0.5))
        ax.annotate(
            f"{delay:+,.0f}",
            (max(delay, paper, 0), height),
            (6, 0),
            textcoords="offset points",
            va="center",
            size=7.5,
            color=own,
        )
    ax.set(yticks=range(len(rows)), yticklabels=rows)
    ax.set_xlim(None, 1.35 * ax.get_xlim()[1])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(0, color=QUIET, lw=0.8)


def _delay(times: pd.Series, left: str, names: Sequence[str]) -> float:
    first, *_, last = _of(times, left, names)
    return last - first


def _of(times: pd.Series, left: str, names: Sequence[str]) -> np.ndarray:
    return np.array([times[f"{left}, {name}"] for name in names])


def _told(times: pd.Series) -> str:
    rows = []
    for kind, names in AMOUNTS.items():
        for left in LEFT_TO_LEARN:
            rows.append(f"{left}, {kind}: {', '.join(number(time) for time in _of(times, left, names))}")
    return f"Sequences until learnt, from the fewest to the most: {'; '.join(rows)}."
