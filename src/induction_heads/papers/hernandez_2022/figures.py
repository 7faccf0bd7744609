"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, head_colour, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.networks.tokens import pictures

from .measures import COPY_FLOOR, MEMORISED, TEST_FLOOR, memorised_at
from .runs import NAMES, NONE

Ends = Mapping[int, Mapping[str, Mapping[str, float]]]  # seed -> how often the pool is read -> quantity -> number
COLOURS = pictures.colours(NAMES)
TEST, COPY = head_colour(0), head_colour(1)
REPEATED = "times that the pool is read"


def _by_repeats(ax: Axes, ends: Ends, quantity: str, color: str, label: str, marker: str) -> None:
    """A point a seed for each number of repeats, and a line through the medians."""
    names = list(next(iter(ends.values())))
    each = np.array([[found[name][quantity] for name in names] for found in ends.values()])
    for values in each:
        ax.plot(range(len(names)), values, marker, color=pale(color, 0.55), ms=4, ls="")
    ax.plot(range(len(names)), np.median(each, 0), marker, color=color, ms=5, ls="-", lw=1.2, label=label)
    ax.set_xticks(range(len(names)), names)
    ax.set_xlabel(REPEATED)


def _told(ends: Ends, quantity: str) -> str:
    names = next(iter(ends.values()))
    return pictures.told({name: [found[name][quantity] for found in ends.values()] for name in names})


def figure_repeats(ends: Ends) -> Drawing:
    """Test loss and loss on the repeats of DUP(20, 3) by the number of repeats."""
    fig, ax = plt.subplots(figsize=(5.6, 3.4))
    _by_repeats(ax, ends, "test", TEST, "test loss", "o")
    _by_repeats(ax, ends, "copy", COPY, "loss on repeats, DUP(20, 3)", "s")
    pictures.chance(ax, COPY_FLOOR, "chance")
    pictures.chance(ax, TEST_FLOOR, "free tokens")
    ax.set(ylabel="loss at the end (nats)", ylim=(0, None))
    ax.legend(loc="center left", bbox_to_anchor=(0, 0.34))  # between the two curves
    return Drawing(
        "figure_repeats",
        fig,
        "Which number of repeats hurts most",
        "Loss on fresh sequences, and on the repeats of twenty tokens three times, at the end of training. The "
        "horizontal axis counts how often each sequence of the pool is read, in factors of ten; pale: each seed. Look "
        "for a maximum in the middle.",
        f"Two curves over the number of repeats. Test loss (nats): {_told(ends, 'test')}. Loss on repeats: "
        f"{_told(ends, 'copy')}.",
    )


def figure_pool(
    histories: Mapping[str, Mapping[int, pd.DataFrame]], pools: Mapping[str, Mapping[int, Mapping[str, list[float]]]]
) -> Drawing:
    """Test loss and the loss on the pool through training, a panel a number of repeats; a mark where it is known."""
    fig, axes = plt.subplots(1, len(histories), figsize=(10.4, 2.9), sharey=True)
    known = {}
    for ax, (name, each) in zip(axes, histories.items(), strict=True):
        pictures.each_seed(ax, each, "loss", color=TEST, label="test")
        for i, pool in enumerate(pools[name].values()):
            ax.plot(pool["step"], pool["loss"], color=COPY, lw=1, ls="--", label="pool" if i == 0 else None)
            at = memorised_at(pool)
            if np.isfinite(at):
                ax.plot(at, MEMORISED, "v", ms=6, color=INK, zorder=5)
        known[name] = [memorised_at(pool) for pool in pools[name].values()]
        ax.set(ylim=(0, None))
    axes[0].set(ylabel="loss (nats)")
    axes[-1].legend(fontsize="small")
    plots.panel_titles(axes, ["not repeated" if name == NONE else f"{name} times" for name in histories])
    repeated = {name: steps for name, steps in known.items() if name != NONE}
    return Drawing(
        "figure_pool",
        fig,
        "Known by heart",
        f"Solid: loss on fresh sequences. Dashed: loss on the sequences of the pool. Triangles: the first snapshot at "
        f"which it is below {MEMORISED} nats, the paper's diagnostic for a harmful number of repeats. Look at what the "
        "test loss does from there on.",
        f"A panel for each number of repeats. The pool is known (step, by seed): {pictures.told(repeated)}.",
    )


def figure_prefix_matching(ends: Ends) -> Drawing:
    """The largest prefix matching at the end by the number of repeats."""
    fig, ax = plt.subplots(figsize=(4.8, 3.1))
    values = {name: [found[name]["prefix"] for found in ends.values()] for name in NAMES}
    pictures.by_seed(ax, values, COLOURS)
    ax.set(xlabel=REPEATED, ylabel="largest prefix matching of a head", ylim=(0, 1))
    return Drawing(
        "figure_prefix_matching",
        fig,
        "Induction heads by the number of repeats",
        "Prefix matching on DUP(20, 3) of the head that has most, a point a seed.",
        f"Columns of points by the number of repeats: {_told(ends, 'prefix')}.",
    )


def figure_share_lost(lost: Ends) -> Drawing:
    """The share of what unrepeated training learns that is lost, of test loss and of copying."""
    fig, ax = plt.subplots(figsize=(5.6, 3.2))
    _by_repeats(ax, lost, "test", TEST, "test loss", "o")
    _by_repeats(ax, lost, "copy", COPY, "copying", "s")
    ax.axhline(0, color=INK, lw=0.6)
    ax.set(ylabel="share lost")
    ax.legend()
    return Drawing(
        "figure_share_lost",
        fig,
        "Copying and the whole",
        f"How much of what unrepeated training learns is lost: 0 is its loss, 1 a network that learns nothing (floors "
        f"{number(TEST_FLOOR)} nats on test data, {number(COPY_FLOOR)} on repeats). Look at which loses more.",
        f"Two curves over the number of repeats. Share lost of test loss: {_told(lost, 'test')}. Of copying: "
        f"{_told(lost, 'copy')}.",
    )
