"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.networks.tokens import pictures

from .measures import CLOSE, LIKE, Fitted
from .recall import FIT_LAGS


def figure_fits(found: Mapping[str, Mapping[int, Fitted]]) -> Drawing:
    """The curve of each seed's induction head and the CMR curve nearest to it: a row the pattern, a row the scores."""
    rows, seeds = len(found), len(next(iter(found.values())))
    fig, axes = plt.subplots(rows, seeds, figsize=(3 * seeds, 2.5 * rows), sharex=True, sharey="row", squeeze=False)
    for row, (what, by_seed) in zip(axes, found.items(), strict=True):
        for ax, each in zip(row, by_seed.values(), strict=True):
            _with_fit(ax, each)
        row[0].set(ylabel=what)
    for ax in axes[-1]:
        ax.set(xlabel="lag from the last occurrence")
    axes[0, -1].legend(fontsize="small")
    plots.panel_titles(axes[0], [f"Seed {seed}, {each.head}" for seed, each in next(iter(found.values())).items()])
    told = {what: [each.distance for each in by_seed.values()] for what, by_seed in found.items()}
    return Drawing(
        "figure_fits",
        fig,
        "Induction heads attend as people recall",
        "Attention by the distance from the last occurrence of the present token, of the head that matches prefixes "
        "most, and the nearest curve of recall; below, the same of its scores before softmax. Look at the peak at +1, "
        "at which side is higher, and at what softmax hides.",
        f"{rows} rows of panels, one a seed, of two curves over lags −5 to 5. Distances, by seed: "
        f"{pictures.told(told)}.",
    )


def _with_fit(ax: Axes, each: Fitted) -> None:
    """A head's curve, and the nearest curve of recall, scaled as in the fit."""
    scaled = each.curve.min() + (each.nearest - each.nearest.min()) / max(np.ptp(each.nearest), 1e-12) * np.ptp(
        each.curve
    )
    ax.plot(FIT_LAGS, each.curve, "o-", color=head_colour(0), ms=4, label="head")
    ax.plot(FIT_LAGS, scaled, "s--", color=head_colour(1), ms=3.5, lw=1, label="nearest CMR curve")
    ax.set_xticks(FIT_LAGS[::2])


def figure_other_shapes(ideal: Mapping[str, float], found: Mapping[int, Fitted]) -> Drawing:
    """Distances of ideal shapes, and the curve of each seed's best head with momentum with its fit."""
    fig, axes = plt.subplots(1, 1 + len(found), figsize=(3 * (1 + len(found)), 2.8), squeeze=False)
    bars, *panels = axes[0]
    bars.barh(list(ideal), list(ideal.values()), color=head_colour(2), height=0.5)
    for cut in (LIKE, CLOSE):
        bars.axvline(cut, color=QUIET, lw=0.9, ls=(0, (4, 3)))
    for place, distance in enumerate(ideal.values()):
        bars.text(max(distance, LIKE), place, f" {number(distance)}", va="center", size=7)  # clear of the dashed lines
    bars.invert_yaxis()
    bars.set(xlabel="distance from CMR", xlim=(0, 1.25 * max(ideal.values())))
    for ax, each in zip(panels, found.values(), strict=True):
        _with_fit(ax, each)
        ax.set(xlabel="lag from the last occurrence", ylim=(0, None))
    panels[0].set(ylabel="attention")
    panels[0].legend(fontsize="x-small", loc="upper left")
    titles = [f"Momentum, seed {seed}, {each.head}" for seed, each in found.items()]
    plots.panel_titles(axes[0], ["Ideal shapes", *titles])
    told = {name: [distance] for name, distance in ideal.items()}
    told["momentum"] = [each.distance for each in found.values()]
    return Drawing(
        "figure_other_shapes",
        fig,
        "What else is near to recall, and what is not",
        f"Left: the distance of ideal shapes; dashed: {CLOSE} and {LIKE}. Right: heads of one layer with momentum, "
        "which attend forward and backward. Look at which ideal shapes the model fits exactly, and at how much of the "
        "two-sided curves it takes.",
        f"Bars, and panels of two curves. Distances: {pictures.told(told)}.",
    )


def figure_recall(curves: Mapping[float, Float[ndarray, " lag"]]) -> Drawing:
    """Curves of recall for several γ."""
    fig, ax = plt.subplots(figsize=(4.6, 3.1))
    for i, (gamma, curve) in enumerate(curves.items()):
        ax.plot(FIT_LAGS, curve, marker=pictures.MARKERS[i], color=head_colour(i), ms=4, label=f"γ = {gamma:g}")
    ax.set(xlabel="lag between successive recalls", ylabel="frequency", ylim=(0, None))
    ax.legend()
    told = {f"γ = {gamma:g}": [curve[FIT_LAGS.index(-1)], curve[FIT_LAGS.index(1)]] for gamma, curve in curves.items()}
    return Drawing(
        "figure_recall",
        fig,
        "The model of recall",
        "How often recall goes from one item to one so many places later, both rates of drift 0.7. γ is how much an "
        "item brings back what came before it: look at what it does to negative lags.",
        f"Three curves over lags −5 to 5. At lags −1 and +1: {pictures.told(told)}.",
    )


def figure_distance(tables: Mapping[int, pd.DataFrame]) -> Drawing:
    """Distance from CMR against prefix matching, a point a head."""
    fig, ax = plt.subplots(figsize=(4.8, 3.4))
    pictures.by_head(ax, tables, "prefix_matching", "distance")
    for cut in (LIKE, CLOSE):
        pictures.chance(ax, cut, f"{cut}")
    ax.set(xlabel="prefix matching", ylabel="distance from CMR", yscale="log")
    ax.legend()
    every = pd.concat(list(tables.values()))
    low = every[every.distance < LIKE]
    return Drawing(
        "figure_distance",
        fig,
        "Which heads are like recall",
        "Every head of all seeds; the axis of distances is logarithmic. The distance is a share of the curve's own "
        "variance, so that a head that hardly attends to any lag counts as much as a spike: look for low distances "
        "with little prefix matching.",
        f"Points, one a head. {len(low)} of {len(every)} heads have a distance below {LIKE}; their prefix matching is "
        f"{number(low.prefix_matching.min())} to {number(low.prefix_matching.max())}.",
    )


def figure_training(found: Mapping[int, Mapping[str, list]], losses: Mapping[int, pd.DataFrame]) -> Drawing:
    """Distance and fitted rates of drift through training, above the loss."""
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3))
    for i, (seed, each) in enumerate(found.items()):
        axes[0].plot(losses[seed].step, losses[seed].copied_loss, color=head_colour(i), label=f"seed {seed}")
        axes[1].plot(each["step"], each["distance"], color=head_colour(i))
        axes[2].plot(each["step"], each["beta_rec"], color=head_colour(i))
        axes[2].plot(each["step"], each["beta_enc"], color=head_colour(i), ls=":")
    axes[2].plot([], [], color=INK, label="β_rec")
    axes[2].plot([], [], color=INK, ls=":", label="β_enc")
    axes[0].set(ylabel="loss on repeated tokens (nats)", ylim=(0, None))
    axes[1].set(ylabel="distance from CMR", yscale="log")
    axes[2].set(ylabel="rates of drift that fit", ylim=(-0.03, 1.03))
    for ax in axes:
        plots.count_axis(ax, "training steps")
    axes[0].legend(fontsize="small")
    axes[2].legend(fontsize="small")
    plots.panel_titles(axes, ("Loss", "Distance", "Rates"))
    told = {f"seed {seed}": [each["distance"][0], each["distance"][-1]] for seed, each in found.items()}
    return Drawing(
        "figure_training",
        fig,
        "Nearer to recall through training",
        "The head that matches prefixes most at the end, at every snapshot. Look at whether its distance falls when "
        "the loss does.",
        f"Three panels of curves, one a seed. Distance at the start and at the end: {pictures.told(told)}.",
    )


def figure_causal(found: Mapping[int, Mapping[str, Any]]) -> Drawing:
    """Repeat loss with CMR-like heads zeroed beside random sets of as many."""
    fig, ax = plt.subplots(figsize=(4.6, 3.2))
    for i, each in enumerate(found.values()):
        random: Sequence[float] = each["random"]
        spread = np.linspace(-0.15, 0.15, len(random))
        ax.plot(i + spread, random, ".", color=QUIET, ms=4, label="random heads" if i == 0 else None)
        ax.plot(i, each["like"], "D", color=head_colour(0), ms=7, label="CMR-like heads" if i == 0 else None)
        ax.plot([i - 0.2, i + 0.2], [each["intact"]] * 2, color=INK, lw=1, label="intact" if i == 0 else None)
    ax.set_xticks(range(len(found)), [f"seed {seed}\n{len(each['heads'])} heads" for seed, each in found.items()])
    pictures.chance(ax, float(np.log(64)), "chance")
    ax.set(ylabel="loss on repeated tokens (nats)", ylim=(0, None), xlim=(-0.5, len(found) - 0.4))
    fig.legend(loc="outside lower center", ncols=3, fontsize="small")
    told = {f"seed {seed}": [each["like"], *each["random"][:1]] for seed, each in found.items()}
    return Drawing(
        "figure_causal",
        fig,
        "Heads zeroed",
        "Loss on repeated tokens with the heads of a distance below 0.5 zeroed, and with as many at random, twenty "
        "times. Look at where the large mark lies among the small ones.",
        f"Points by seed. CMR-like heads zeroed, and the first of the random sets: {pictures.told(told)}.",
    )
