"""Figures of `clamp_your_own_model`: the paper's clamps on a plain model of tokens."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float, Num
from numpy import ndarray

from induction_heads.machinery.drawing import Drawing

from ..own_model import BATCH, times
from . import parts

COLOURS = {  # of a condition, as in figure 5b
    "no clamp": "none",
    "step 1, one head": "1",
    "step 1, all heads": "grey",
    "induction pattern": "1, 2, 3qk, 4",
}
SMOOTH = 10  # steps of a mean


def figure_own_model(losses: Mapping[str, Float[ndarray, "seed step"]]) -> Drawing:
    """Loss of every step under each condition: the median of the seeds in their range."""
    fig, ax = plt.subplots(figsize=(6.4, 3.5))
    for name, each in losses.items():
        parts.curve(ax, BATCH * np.arange(each.shape[1]), each, COLOURS[name], label=name)
    ax.set(ylim=(0, None), title="Given steps move the fall, or take the plateau away")
    ax.legend()
    learnt = {name: [times(loss)["learnt"] for loss in each] for name, each in losses.items()}
    return Drawing(
        "figure_own_model", fig, "Clamps on a model of tokens",
        "A plain model of tokens, trained on repeated blocks with steps of the circuit given from the first update "
        "on: the "
        "median of the seeds in their range.",
        "Loss through training under four conditions. Learnt (below 0.4 ln 12), by seed: "
        + "; ".join(f"{name} after {', '.join(f'{t:,}' for t in found)}" for name, found in learnt.items())
        + " sequences.",
    )  # fmt: skip


def figure_own_model_heads(
    at: Num[ndarray, " time"],
    previous: Mapping[str, Float[ndarray, "time head"]],
    induced: Mapping[str, Float[ndarray, "time head"]],
) -> Drawing:
    """Attention of Layer 1's heads to the previous token and of Layer 2's to the induced one; a column a condition."""
    fig, axes = plt.subplots(2, len(previous), figsize=(10, 4.2), sharex=True, sharey=True)
    rows = (("L1H", previous, "to the previous token\n(Layer 1)"), ("L2H", induced, "to the induced token\n(Layer 2)"))
    for row, (layer, scores, words) in zip(axes, rows, strict=True):
        for ax, (name, each) in zip(row, scores.items(), strict=True):
            for head, values in enumerate(each.T):
                parts.curve(ax, at, values, f"{layer}{head}", quantity=words)
            if scores is previous:
                ax.set(title=name, xlabel=None)
    for ax in axes[:, 1:].flat:
        ax.set_ylabel(None)
    heads = range(next(iter(previous.values())).shape[1])
    parts.heads_legend(fig, heads, layer=2)
    return Drawing(
        "figure_own_model_heads", fig, "Who forms when",
        "Attention of each head of Layer 1 to the previous token (above) and of each head of Layer 2 to the token "
        "after the "
        "previous occurrence (below), through training.",
        "Six panels. At the end, the best head: "
        + "; ".join(f"{name}: Layer 1 {previous[name][-1].max():.2f}, Layer 2 "
        f"{induced[name][-1].max():.2f}" for name in previous)
        + ".",
    )  # fmt: skip


def figure_own_model_text(losses: Mapping[str, Float[ndarray, " step"]]) -> Drawing:
    """The same clamps on text made on the spot; means of ten steps."""
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    for name, loss in losses.items():
        smooth = np.convolve(loss, np.ones(SMOOTH) / SMOOTH, "valid")
        parts.curve(ax, BATCH * np.arange(len(smooth)), smooth, COLOURS[name], label=name)
    ax.set(title="Words of their own: the same clamps on text-like data")
    ax.legend()
    return Drawing(
        "figure_own_model_text", fig, "The same clamps on text",
        "Loss on the second half of lines made of four words of their own; means of ten steps.",
        "Loss through training. Over the last 20 steps: "
        + "; ".join(f"{name} {loss[-20:].mean():.2f} nats" for name, loss in losses.items())
        + ".",
    )  # fmt: skip
