"""Figures of `clamp_your_own_model`: the paper's clamps on a plain model of tokens."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float, Num
from numpy import ndarray

from induction_heads.machinery.colours import QUIET
from induction_heads.machinery.drawing import Drawing

from ..colours import colour
from ..own_model import BATCH, LEARNT, times
from . import parts

COLOURS = {  # of a condition, as in figure 5b
    "no clamp": "none",
    "step 1": "1",
    "induction pattern": "1, 2, 3qk, 4",
}


def figure_own_model(losses: Mapping[str, Float[ndarray, " step"]]) -> Drawing:
    """Loss of every step under each condition."""
    fig, ax = plt.subplots(figsize=(6.4, 3.5))
    for name, loss in losses.items():
        parts.curve(ax, BATCH * np.arange(1, len(loss) + 1), loss, COLOURS[name], label=name)
    ax.axhline(LEARNT, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.annotate(" learnt", (0, LEARNT), xycoords=("axes fraction", "data"), va="bottom", size=6.5, color=QUIET)
    ax.set(xscale="log", ylim=(0, None), title="Steps of the circuit given from the first update on")
    parts.sequence_axis(ax)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7.5)
    return Drawing(
        "figure_own_model",
        fig,
        "Clamps on a model of tokens",
        "A plain model of tokens, trained on repeated blocks with steps of the circuit given throughout. Time is on a "
        "log axis.",
        "Loss through training under three conditions. Learnt (below 0.4 ln 12): "
        + "; ".join(f"{name} after {times(loss)['learnt']:,}" for name, loss in losses.items())
        + " sequences.",
    )


def figure_own_model_heads(
    at: Num[ndarray, " time"],
    previous: Mapping[str, Float[ndarray, "time head"]],
    induced: Mapping[str, Float[ndarray, "time head"]],
) -> Drawing:
    """Attention of Layer 1's heads to the previous token and of Layer 2's to the induced one; a column a condition."""
    fig, axes = plt.subplots(2, len(previous), figsize=(10, 4.2), sharex=True, sharey=True)
    rows = ((previous, "to the previous token\n(Layer 1)"), (induced, "to the induced token\n(Layer 2)"))
    for row, (scores, words) in zip(axes, rows, strict=True):
        for ax, (name, each) in zip(row, scores.items(), strict=True):
            for head, values in enumerate(each.T):
                parts.curve(ax, at, values, head, quantity=words)
            if scores is previous:
                ax.set(title=name, xlabel=None)
    for ax in axes[:, 1:].flat:
        ax.set_ylabel(None)
    heads = range(next(iter(previous.values())).shape[1])
    keys = {f"head {head} (L1H{head} above, L2H{head} below)": colour(head) for head in heads}
    parts.heads_legend(fig, (), extra=keys, fontsize=7)
    return Drawing(
        "figure_own_model_heads",
        fig,
        "Who forms when",
        "Attention of each head of Layer 1 to the previous token (above) and of each head of Layer 2 to the token "
        "after the previous occurrence (below), through training. A colour is a head's number in its layer.",
        "Six panels. At the end, the best head: "
        + "; ".join(
            f"{name}: Layer 1 {previous[name][-1].max():.2f}, Layer 2 {induced[name][-1].max():.2f}"
            for name in previous
        )
        + ".",
    )
