"""Figures of von Oswald and others 2022: a trained layer beside a step of gradient descent."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from .network import CONTEXT, Products, Tuned

TRAINED, DESCENT, PLUS = HEAD_COLOURS[0], HEAD_COLOURS[1], HEAD_COLOURS[2]


def _seeds(runs: Sequence[Trained], column: str) -> tuple[Any, Any]:
    """Steps, and the values of every seed."""
    return runs[0].history.steps.to_numpy(), np.stack([trained.history[column].to_numpy() for trained in runs])


def figure_1(runs: Sequence[Trained]) -> Drawing:
    """The mean square error of one layer through training."""
    fig, ax = plt.subplots(figsize=(5.4, 3.2))
    steps, error = _seeds(runs, "test_loss")
    descent = runs[0].history.gradient_descent.iloc[0]
    plots.curve(ax, steps, error, color=TRAINED, label="one trained layer")
    ax.axhline(descent, color=DESCENT, ls="--", lw=1.2, label="one step of gradient descent")
    ax.set(xlabel="steps of training", ylabel="mean square error", ylim=(0, None))
    ax.legend()
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: the loss of one layer",
        f"Mean square error on the same test tasks; the median of {len(runs)} seeds in a band from lowest to highest. "
        "Does the layer stop where the step of descent is?",
        f"A curve that falls from {number(np.median(error[:, 0]))} and ends at {number(np.median(error[:, -1]))}; the "
        f"dashed line of gradient descent lies at {number(descent)}.",
    )


MODELS = {
    "cosine": ("cosine", TRAINED, "-"),
    "model_difference": ("distance of the models", HEAD_COLOURS[3], "--"),
    "prediction_difference": ("distance of the answers", INK, ":"),
}


def figure_2(runs: Sequence[Trained]) -> Drawing:
    """How far the fitted linear model is from that of the step, through training."""
    fig, ax = plt.subplots(figsize=(5.4, 3.2))
    ends = []
    for column, (label, color, style) in MODELS.items():
        steps, values = _seeds(runs, column)
        plots.curve(ax, steps, values, color=color, label=label, ls=style)
        ends.append(f"{label} {number(np.median(values[:, -1]))}")
    ax.axhline(1, color=QUIET, lw=0.7, zorder=0)
    ax.set(xlabel="steps of training", ylabel="cosine, or distance", ylim=(-0.1, None))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: the same linear model",
        "The derivative of the answer by the query's inputs is the linear model that was fitted to the context. Here "
        "it is held against that of one step of gradient descent, in means over test tasks.",
        f"Three curves against steps; at the end, in medians over seeds: {', '.join(ends)}.",
    )


def figure_3(products: Mapping[str, Products]) -> Drawing:
    """The two products of weights, rescaled, of the trained layer and of the construction."""
    fig, axes = plt.subplots(2, len(products), figsize=(2.6 * len(products), 5), squeeze=False)
    told = []
    for column, (name, found) in zip(axes.T, products.items(), strict=True):
        for ax, weights, title in zip(column, (found.kq, CONTEXT * found.pv), ("KQ", "N PV"), strict=True):
            _matrix(ax, weights.numpy(), f"{title}: {name}")
        told.append(f"{name}: KQ diagonal {number(found.kq.diagonal()[:-1].mean())}, N PV at y, y")
        told[-1] += f" {number(CONTEXT * found.pv[-1, -1])}"
    bar = fig.colorbar(axes[0, 0].images[0], ax=axes[:, -1], shrink=0.6, label="weight")
    bar.ax.tick_params(labelsize=7)
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: the same weights",
        "W_KᵀW_Q (above) and N times PW_V (below); rows and columns are the ten inputs and y. The scale that the two "
        "products may exchange is set so that the diagonal above is one. The last column above is never used: the "
        "query's y is 0.",
        f"Two rows of square matrices. {'; '.join(told)}.",
    )


def _matrix(ax: Axes, weights: np.ndarray, title: str) -> None:
    ax.imshow(weights, cmap="RdBu_r", vmin=-1.6, vmax=1.6)
    ticks = [0, len(weights) - 2, len(weights) - 1]
    names = ["x₁", "x₁₀", "y"]
    ax.set_xticks(ticks, names, size=6)
    ax.set_yticks(ticks, names, size=6)
    ax.set_title(title, size=8)


def figure_4(scales: Sequence[float], errors: np.ndarray) -> Drawing:
    """Mean square errors by the size of the inputs; `errors` is seed, scale, and trained or descent."""
    fig, ax = plt.subplots(figsize=(5.4, 3.2))
    for which, label, color, mark in ((0, "one trained layer", TRAINED, "o"), (1, "one step of descent", DESCENT, "x")):
        values = errors[:, :, which]
        plots.curve(
            ax, np.asarray(scales), values, color=color, label=label, marker=mark, ms=4, ls="-" if mark == "o" else "--"
        )
    ax.axvline(1, color=QUIET, lw=0.8, ls=":", label="in training")
    ax.set(xlabel="inputs are uniform in ± this", ylabel="mean square error", yscale="log")
    ax.legend(fontsize=7.5)
    apart = np.abs(errors[:, :, 0] / errors[:, :, 1] - 1).max()
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: inputs of other sizes",
        "The rate of the step, too, is that which is best in training. A network that knew only its training "
        "distribution would leave the step's curve away from the dotted line.",
        f"Two rising curves on a logarithmic axis, at most {100 * apart:.1f} % apart.",
    )


def figure_5(runs: Sequence[Trained], best: Tuned) -> Drawing:
    """Two layers through training, with two steps of descent and of GD++."""
    fig, ax = plt.subplots(figsize=(5.4, 3.2))
    steps, error = _seeds(runs, "test_loss")
    plots.curve(ax, steps, error, color=TRAINED, label="two trained layers")
    lines = ((best.descent, DESCENT, "--", "two steps of descent"), (best.plus, PLUS, "-.", "two steps of GD++"))
    for level, color, style, label in lines:
        ax.axhline(level, color=color, ls=style, lw=1.2, label=label)
    ax.set(xlabel="steps of training", ylabel="mean square error", ylim=(0, None))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: two layers",
        f"The layers share their weights. Rates on a grid: descent η = {best.eta:g}; GD++ η = {best.eta_plus:g}, "
        f"γ = {best.gamma:g}. Median of {len(runs)} seeds in a band from lowest to highest.",
        f"A curve that ends at {number(np.median(error[:, -1]))}; lines at {number(best.descent)} (descent) and "
        f"{number(best.plus)} (GD++).",
    )
