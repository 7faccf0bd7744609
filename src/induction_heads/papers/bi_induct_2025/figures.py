"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.networks.tokens import pictures

from .measures import ANTI, BACK, FORMED, FREE
from .runs import (
    ANYWHERE,
    BALANCED,
    FORWARD,
    HALF,
    NATURAL,
    NATURAL_LONG,
    REVERSE,
    REVERSE_HALF,
    REVERSE_LONG,
)

Histories = Mapping[str, Mapping[int, pd.DataFrame]]
ARMS = (NATURAL, FORWARD, REVERSE, BALANCED)
SOONER = (NATURAL, FORWARD, ANYWHERE, HALF)  # settings for what brings induction heads sooner,
COST = (NATURAL, REVERSE, REVERSE_HALF, REVERSE_LONG, NATURAL_LONG)  # and for what snippets cost
COLOURS = pictures.colours((*ARMS, ANYWHERE, HALF)) | {
    name: head_colour(i) for i, name in enumerate(COST[2:], start=len(ARMS))
}


def _through_training(ax: Axes, histories: Histories, column: str) -> None:
    for name, each in histories.items():
        pictures.each_seed(ax, each, column, color=COLOURS[name], label=name)


def figure_activity(histories: Histories) -> Drawing:
    """The largest prefix matching through training, by arm."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    _through_training(ax, histories, "prefix_matching")
    pictures.chance(ax, FORMED, "formed", left=True)
    ax.set(ylabel="largest prefix matching of a head", ylim=(0, 1))
    ax.legend()
    ends = {name: [h.prefix_matching.iloc[-1] for h in each.values()] for name, each in histories.items()}
    return Drawing(
        "figure_activity",
        fig,
        "Snippets and the time of induction heads",
        "Prefix matching on DUP(20, 3) of the head that has most, by what is mixed into natural sequences. Thin: each "
        "seed; bold: their median. Look at which arm crosses the dashed line first.",
        f"Four groups of curves against training steps. At the end, by seed: {pictures.told(ends)}.",
    )


def figure_copying(losses: Mapping[str, Mapping[int, Mapping[str, list[float]]]]) -> Drawing:
    """Loss on copied tokens of forward and of backward snippets through training, by arm."""
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.2), sharey=True)
    for ax, way in zip(axes, (FORWARD, REVERSE), strict=True):
        tables = {n: {s: pd.DataFrame(one) for s, one in each.items()} for n, each in losses.items()}
        _through_training(ax, tables, way)
        pictures.chance(ax, FREE, "free tokens", below=True)
        ax.set(ylim=(0, None))
    axes[0].set(ylabel="loss on copied tokens (nats)")
    axes[1].legend()
    plots.panel_titles(axes, ("Forward snippets", "Backward snippets"))
    ends = {
        f"{name}, {way} snippets": [one[way][-1] for one in each.values()]
        for name, each in losses.items()
        for way in (FORWARD, REVERSE)
    }
    return Drawing(
        "figure_copying",
        fig,
        "Copying, forward and backward",
        "Loss on the second half of snippets that stand where they stood in training. Look at whether reversal is "
        "learnt as well as copying.",
        f"Two panels of curves. At the end (nats), by seed: {pictures.told(ends)}.",
    )


def figure_lag_curves(curves: Mapping[str, Mapping[int, Float[ndarray, "head lag"]]]) -> Drawing:
    """Lag curves on reversed copies, a panel an arm: the head that attends most to lag -1 of each seed."""
    fig, axes = plt.subplots(1, 4, figsize=(10, 2.8), sharey=True)
    for ax, each in zip(axes, curves.values(), strict=True):
        seeds = {f"seed {seed}": heads[heads[:, BACK].argmax()] for seed, heads in each.items()}
        pictures.lag_panel(ax, seeds, pictures.colours(seeds))
        ax.label_outer()
    axes[0].legend(fontsize="small")
    plots.panel_titles(axes, list(curves))
    most = {name: [float(heads[:, BACK].max()) for heads in each.values()] for name, each in curves.items()}
    return Drawing(
        "figure_lag_curves",
        fig,
        "Lag curves on reversed copies",
        "Attention by the distance from the last occurrence of the present token, on 24 tokens and the same backwards; "
        "of the head that attends most to lag −1, where the answer stands. Look at lag −1 beside lag 0.",
        f"Four panels of lag curves. The largest attention at lag −1, by seed: {pictures.told(most)}.",
    )


def figure_backward(found: Mapping[str, Mapping[int, Mapping[str, float]]]) -> Drawing:
    """The largest attention to the answer on reversed copies, as they are and where snippets stood in training."""
    kinds = list(next(iter(next(iter(found.values())).values())))
    fig, axes = plt.subplots(1, len(kinds), figsize=(10, 3), sharey=True)
    told = []
    for ax, kind in zip(axes, kinds, strict=True):
        numbers = {name: [one[kind] for one in each.values()] for name, each in found.items()}
        pictures.by_seed(ax, numbers, COLOURS)
        pictures.chance(ax, ANTI, "")
        ax.tick_params(axis="x", labelsize="small")
        told.append(f"{kind}: {pictures.told(numbers)}")
    axes[0].set(ylabel="attention to the answer", ylim=(0, 1))
    plots.panel_titles(axes, kinds)
    return Drawing(
        "figure_backward",
        fig,
        "Backward attention, by what it is tested on",
        "Attention to the token before the last occurrence, where the answer stands in a reversed copy; of the head "
        "that has most, a point a seed. Dashed: the bar for a backward head. Look at whether the three tests agree.",
        f"Three panels of points by arm. {'. '.join(told)}.",
    )


def figure_natural_loss(histories: Histories) -> Drawing:
    """The loss on natural sequences through training, by arm."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    _through_training(ax, histories, "loss")
    ends = {name: [h.loss.iloc[-1] for h in each.values()] for name, each in histories.items()}
    low = min(min(values) for values in ends.values())
    ax.set(ylabel="loss on natural sequences (nats)", ylim=(low - 0.1, low + 1))
    ax.legend()
    return Drawing(
        "figure_natural_loss",
        fig,
        "What snippets cost",
        "Loss on natural sequences. Look at how far apart the arms end.",
        f"Four groups of curves. At the end (nats), by seed: {pictures.told(ends)}.",
    )


def figure_load(loads: Mapping[str, Mapping[int, Mapping[str, float]]]) -> Drawing:
    """The share of the gain from copying that is lost without the top head, and without another, by arm."""
    fig, ax = plt.subplots(figsize=(5.2, 3.2))
    top = {name: [one["top"] for one in each.values()] for name, each in loads.items()}
    others = {name: [one["others"] for one in each.values()] for name, each in loads.items()}
    pictures.by_seed(ax, top, COLOURS)
    for i, values in enumerate(others.values()):
        ax.plot(np.full(len(values), i + 0.3), values, "x", color=QUIET, ms=4, label="other heads" if i == 0 else None)
    ax.axhline(0, color=QUIET, lw=0.6)
    ax.set(ylabel="share of the gain lost")
    ax.legend()
    return Drawing(
        "figure_load",
        fig,
        "What the top head carries",
        "The share of what copying gains on natural data that is lost when the head of most prefix matching is zeroed, "
        "a point a seed; crosses: another head zeroed, on average.",
        f"Columns of points by arm. Without the top head: {pictures.told(top)}. Without another: "
        f"{pictures.told(others)}.",
    )


def figure_further(histories: Histories) -> Drawing:
    """Prefix matching and natural loss through training in the further settings, one seed."""
    fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.3))
    for ax, names, column in zip(axes, (SOONER, COST), ("prefix_matching", "loss"), strict=True):
        for name in names:
            dashed: dict[str, Any] = (
                {"ls": "--", "zorder": 4} if name == NATURAL else {}
            )  # the longer one is the same until its end
            pictures.each_seed(ax, histories[name], column, color=COLOURS[name], label=name, **dashed)
        ax.legend(fontsize="small")
    pictures.chance(axes[0], FORMED, "formed", left=True)
    axes[0].set(ylabel="largest prefix matching of a head", ylim=(0, 1))
    axes[1].set(ylabel="loss on natural sequences (nats)")
    plots.panel_titles(axes, ("Forward: sooner?", "Reverse: what it costs"))
    formed = {name: [h.prefix_matching.iloc[-1] for h in histories[name].values()] for name in SOONER}
    cost = {name: [h.loss.iloc[-1] for h in histories[name].values()] for name in COST}
    return Drawing(
        "figure_further",
        fig,
        "Further settings",
        "One seed. Left, where forward snippets begin at any place, so that positions do not give the copy away, and "
        "where there are half as many. Right, half as many backward snippets, and twice the steps beside natural "
        "training of that length.",
        f"Two panels of curves against training steps. Prefix matching at the end: {pictures.told(formed)}. Natural "
        f"loss at the end: {pictures.told(cost)}.",
    )
