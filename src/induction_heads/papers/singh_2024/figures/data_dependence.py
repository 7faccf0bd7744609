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


def figure_6(
    histories: Mapping[str, pd.DataFrame], lengths: Mapping[str, int], times: pd.Series, *, scale: int = 1
) -> Drawing:
    """The train loss of the twenty runs: a column for what is left to learn, a row for classes and one for labels.

    `histories` and `times` (sequences until learnt) have the names "LEFT, AMOUNT" of the runs, `lengths` those of LEFT.
    """
    fig, panels = plt.subplots(3, 4, figsize=(11, 7.2), sharey="row", height_ratios=(0.8, 1, 1))
    for column, left in enumerate(LEFT_TO_LEARN):
        circuit(panels[0, column], CLAMPED[left]).set_title(f"{left} left to learn", size=10)
        for ax, (kind, names) in zip(panels[1:, column], AMOUNTS.items(), strict=True):
            published(ax, squeezed(paper_curve("6", f"{left} / {kind}"), scale), label=the_paper(scale))
            for name in names:
                history, quantity = histories[f"{left}, {name}"], "" if column else "train loss (nats)"
                curve(ax, history.sequences, history.train_loss, name, quantity=quantity)
            ax.axhline(np.log(2), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
            ax.set(xlim=(0, lengths[left]), ylim=(0, 1.5))
    panels[1, 0].legend()
    panels[2, 0].legend()
    return Drawing(
        "figure_6",
        fig,
        "Figure 6: more classes, more labels",
        "Columns: what is left to learn, with the clamped steps shaded. Upper row: more classes, lower row: more "
        "labels; the more, the darker. Look at which panels fan out. Wide pale curves: the paper's.",
        f"Eight panels of three curves of the train loss below four diagrams of the circuit. {_told(times)}",
    )


def figure_6_times(ours: pd.Series, theirs: pd.Series) -> Drawing:
    """Learning times over that with the fewest classes or labels; names "LEFT, AMOUNT"."""
    fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.4))
    for ax, (kind, names) in zip(axes, AMOUNTS.items(), strict=True):
        numbers = [int(name.split()[0]) for name in names]
        for left in LEFT_TO_LEARN:
            _growth(ax, numbers, _of(ours, left, names), _of(theirs, left, names), left)
        ax.set(xticks=numbers, xlabel=f"number of {kind}", ylim=(0.8, None))
        ax.set_ylabel("learning time over that of the fewest")
    axes[1].plot([], [], color=pale(QUIET, 0.5), lw=3.4, label="the paper")
    axes[1].legend()
    plots.panel_titles(axes, ["More classes", "More labels"])
    return Drawing(
        "figure_6_times",
        fig,
        "What the data delay",
        "Learning times as multiples of that with the fewest classes or labels, a line for what is left to learn.",
        f"Two panels of four lines. {_told(ours)}",
    )


def _growth(ax: Axes, numbers: Sequence[int], ours: np.ndarray, theirs: np.ndarray, left: str) -> None:
    own = colour(CLAMPED[left])
    ax.plot(numbers, theirs / theirs[0], color=pale(own), lw=3.4, zorder=1)
    ax.plot(numbers, ours / ours[0], "o-", color=own, label=f"{left} left to learn")


def _of(times: pd.Series, left: str, names: Sequence[str]) -> np.ndarray:
    return np.array([times[f"{left}, {name}"] for name in names])


def _told(times: pd.Series) -> str:
    rows = []
    for kind, names in AMOUNTS.items():
        for left in LEFT_TO_LEARN:
            rows.append(f"{left}, {kind}: {', '.join(number(time) for time in _of(times, left, names))}")
    return f"Sequences until learnt, from the fewest to the most: {'; '.join(rows)}."
