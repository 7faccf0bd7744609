"""Figure 12 (appendix): what each layer tells the output directly, through training."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..published import paper_curve
from . import parts

LAYERS = {1: "#0E8C8C", 2: "#A8327D"}  # not those of subcircuits: a layer takes part in several
MARGINS = {  # `wiring.margins` -> what it is the margin of
    "context": "labels in context over the others",
    "correct": "the correct label over the other in context",
}


def added_without(loss: pd.DataFrame, layer: int) -> pd.Series:
    """The loss (nats) that cutting a layer's own path adds, by sequences seen; `loss` as in `wiring.direct_effects`."""
    return loss[f"no Layer {layer}"] - loss["whole"]


def figure_12(loss: pd.DataFrame, learnt: float, others: Mapping[int, pd.DataFrame], *, published: bool) -> Drawing:
    """The loss that each layer's own path to the output takes off, through training.

    `others` are the losses of other seeds, thin behind; so are the paper's if `published`.
    """
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.2))
    told = []
    for ax, (layer, own) in zip(axes, LAYERS.items(), strict=True):
        if published:
            parts.published(ax, paper_curve("12", f"no L{layer} output"))
        behind = {
            s: added_without(other, layer).rename("added").rename_axis("sequences").reset_index()
            for s, other in others.items()
        }
        parts.seeds_behind(ax, behind, "added", "ours")
        added = added_without(loss, layer)
        text = dict(label="ours", quantity="loss added without the path (nats)")
        parts.curve(ax, added.index.to_numpy(), added.to_numpy(), color=own, **text)
        ax.axvline(learnt, color=INK, lw=0.8, ls=(0, (1, 2)), label="ours below 0.4 ln 2")
        ax.axhline(0, color=QUIET, lw=0.7, zorder=0)
        told.append(
            f"Layer {layer} {added.max():.3f} at most, at {number(float(added.idxmax()))}, and {added.iloc[-1]:.4f} "
            "at the end"
        )
    axes[0].legend()
    plots.panel_titles(axes, ["Layer 1's own path to the output", "Layer 2's own path to the output"])
    return Drawing(
        "figure_12",
        fig,
        "Figure 12: direct effects on the output",
        "The loss without a layer's own path to the output minus the loss with it: positive where the path helps. "
        f"Dotted: where the task is learnt ({number(learnt)} sequences)."
        + (" Thin: other seeds." if others else "")
        + (" Wide pale curves: the paper's." if published else ""),
        f"Nats added without each layer's own path, against sequences seen: {'; '.join(told)}.",
    )


def figure_12_log(loss: pd.DataFrame, learnt: float) -> Drawing:
    """What each layer's own path is worth, beside the loss of the whole network, on a logarithmic scale."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    seen = loss.index.to_numpy()
    for layer, own in LAYERS.items():
        ours = added_without(loss, layer).to_numpy()
        parts.curve(ax, seen, np.where(ours > 0, ours, np.nan), label=f"Layer {layer}'s own path", color=own)
    parts.curve(ax, seen, loss["whole"].to_numpy(), "train", label="loss of the whole network")
    ax.axvline(learnt, color=INK, lw=0.8, ls=(0, (1, 2)), label="below 0.4 ln 2")
    ax.set(yscale="log", title="What each layer's own path is worth, and the loss", ylabel="nats")
    ax.legend(loc="lower left", fontsize=7, framealpha=1)
    ends = loss.iloc[-1]
    return Drawing(
        "figure_12_log",
        fig,
        "Figure 12 on a logarithmic scale",
        "What each layer's own path is worth in nats, beside the loss of the whole network.",
        f"Three curves against sequences seen. At the end the loss is {ends['whole']:.4f} nats, Layer 1's path is "
        f"worth {ends['no Layer 1'] - ends['whole']:.4f} and Layer 2's {ends['no Layer 2'] - ends['whole']:.2f}.",
    )


def figure_12_logits(effects: pd.DataFrame, learnt: float) -> Drawing:
    """What each layer's own path adds to the margins of the logits, through training; `effects` as "
    "`wiring.direct_effects`."""
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.2))
    told = []
    for ax, (quantity, meaning) in zip(axes, MARGINS.items(), strict=True):
        for layer, own in LAYERS.items():
            added = -added_without(effects[quantity], layer)
            text = dict(label=f"Layer {layer}'s own path", quantity="logit")
            parts.curve(ax, added.index.to_numpy(), added.to_numpy(), color=own, **text)
            told.append(
                f"Layer {layer}, {meaning}, {added.max():.2f} at most, at {number(float(added.idxmax()))}, and "
                f"{added.iloc[-1]:.2f} at the end"
            )
        ax.axvline(learnt, color=INK, lw=0.8, ls=(0, (1, 2)), label="below 0.4 ln 2")
        ax.axhline(0, color=QUIET, lw=0.7, zorder=0)
    axes[0].legend(fontsize=7.5)
    plots.panel_titles(axes, [meaning.capitalize() for meaning in MARGINS.values()])
    return Drawing(
        "figure_12_logits",
        fig,
        "What each layer's own path adds to the logits",
        "The margin of the mean logit, with the path minus without it: (a) the labels in context above the others, "
        "which guessing among them needs; (b) the correct label above the other in context. Not in the paper. Logits "
        "do not shrink as the loss does.",
        f"Two panels of logits against sequences seen. {'; '.join(told)}.",
    )
