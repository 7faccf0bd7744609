"""Figure 15 (appendix): the match clamp at every strength, the right way and the wrong way."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_hex

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from . import parts

SETS = {"train": "Training set", "held_out_label_pairs": "Held-out label pairs", "unseen_classes": "Unseen classes"}
ANSWERS = {  # what is answered on held-out label pairs -> its colour
    "the right label": "#1D7A4A",
    "a label not in the context": "#8E1557",
    "the other label in the context": "#E07B1E",
}
STRENGTH = "strength s: attention on the correct label"
NAMED = (0, 0.25, 0.5, 0.75, 1)  # strengths that are drawn thick
HIGHEST = 5  # nats; the axis of held-out label pairs ends here
SMALLEST = 1e-4  # nats; a final loss below is drawn here


def shade() -> ScalarMappable:
    """The colours of strengths: dark at one half, where the clamp says nothing."""
    return ScalarMappable(plt.Normalize(0, 1), "managua")


def figure_15(histories: Mapping[float, pd.DataFrame], length: int) -> Drawing:
    """The losses of the runs at every strength, on the training set and two test sets."""
    shades = shade()
    fig, axes = plt.subplots(1, 3, figsize=(11, 3.9), sharex=True)
    for ax, key in zip(axes, SETS, strict=True):
        for strength, history in histories.items():
            measured = history.dropna(subset=f"{key}_loss")
            named = strength in NAMED
            line: dict[str, Any] = dict(lw=2, zorder=4, label=f"s = {strength:g}") if named else dict(lw=0.6, label="")
            parts.curve(
                ax,
                measured.sequences.to_numpy(),
                measured[f"{key}_loss"].to_numpy(),
                color=to_hex(tuple(shades.to_rgba(np.array(strength)))),
                **line,
            )
        _ln_2(ax, label="ln 2: guessing between the labels in context")
        ax.set(xlim=(0, length), ylim=(0, HIGHEST if key == "held_out_label_pairs" else 2.05))
    axes[0].legend(loc="upper right", fontsize=7, reverse=True)
    fig.colorbar(shades, ax=axes, ticks=[0, 0.25, 0.5, 0.75, 1], label=STRENGTH, pad=0.01)
    plots.panel_titles(axes, list(SETS.values()))
    highest = max(history.held_out_label_pairs_loss.max() for history in histories.values())
    beyond = f" Beyond the axis of (b) losses go up to {highest:.1f} nats." if highest > HIGHEST else ""
    ends = "; ".join(
        f"{title.lower()} " + ", ".join(f"{histories[s][f'{key}_loss'].dropna().iloc[-1]:.3f}" for s in (0.0, 0.5, 1.0))
        for key, title in SETS.items()
    )
    return Drawing(
        "figure_15",
        fig,
        "Figure 15: the match clamp at every strength",
        "The loss while the strongest head has attention s on the correct label and 1 - s on the other, throughout "
        f"training: {len(histories)} strengths, {len(NAMED)} of them thick. Dark is no information; the two colours "
        f"are the two directions.{beyond}",
        f"Loss against sequences seen for {len(histories)} strengths, in three panels. At the end, at strengths 0, "
        f"0.5 and 1, in nats: {ends}.",
    )


def figure_15_summary(learning: pd.DataFrame, final: Mapping[str, Float[np.ndarray, " strength"]]) -> Drawing:
    """Learning time and final losses against strength; `learning` and `final` (by evaluation set) in the order of "
    "strengths."""
    strengths, times = learning.index.to_numpy(), learning["learnt after"]
    fig, axes = plt.subplots(1, 2, figsize=(9.8, 3.5))
    axes[0].plot(strengths, times, color="#D8D8D8", zorder=1)
    axes[0].scatter(strengths, times, c=shade().to_rgba(strengths), zorder=2)
    for (key, title), mark in zip(SETS.items(), ("o", "s", "D"), strict=True):
        shown = np.maximum(final[key], SMALLEST)
        axes[1].plot(strengths, shown, mark + "-", ms=4, color=colour(key), label=title.lower())
    _ln_2(axes[1])
    axes[1].text(1, 0.8, "ln 2", size=6.5, color=QUIET, ha="right")
    axes[0].yaxis.set_major_formatter("{x:,.0f}")
    axes[0].set(ylim=(0, None), ylabel="sequences until learnt", xlabel=STRENGTH)
    axes[1].set(yscale="log", ylim=(8e-5, 60), ylabel="final loss (nats)", xlabel=STRENGTH)
    axes[1].legend(loc="upper right")
    left = f"What is left at the end ({SMALLEST:.4f} and less at the bottom)"
    plots.panel_titles(axes, ["When the training set is learnt", left])
    told = ", ".join(f"{number(times[s])} at {s:g}" for s in (0.0, times.idxmax(), 1.0))
    return Drawing(
        "figure_15_summary",
        fig,
        "Figure 15 in one picture",
        "Left: sequences until the training set is learnt, against the strength of the clamp. Right: the loss at the "
        "end of training, on the training set and on two test sets.",
        f"Learning time against strength: {told}. Final loss against strength, three curves: largest "
        + ", ".join(f"{title.lower()} {np.max(final[key]):.2f}" for key, title in SETS.items())
        + " nats.",
    )


def figure_15_answers(
    strengths: Float[np.ndarray, " strength"], shares: Mapping[str, Float[np.ndarray, " strength"]]
) -> Drawing:
    """What is answered on held-out label pairs at the end of training, as shares (by answer) of all sequences."""
    fig, ax = plt.subplots(figsize=(6.6, 3.2))
    bottom = np.zeros(len(strengths))
    for answer, own in ANSWERS.items():
        ax.bar(strengths, shares[answer], 0.045, bottom, color=own, label=answer)
        bottom += shares[answer]
    ax.set(xlim=(-0.03, 1.03), ylim=(0, 1), xlabel=STRENGTH, ylabel="share of held-out sequences")
    ax.set_title("Answers on held-out label pairs at the end of training")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    ends = "; ".join(f"{answer} {shares[answer][0]:.0%} at 0 and {shares[answer][-1]:.0%} at 1" for answer in ANSWERS)
    return Drawing(
        "figure_15_answers",
        fig,
        "Answers on held-out label pairs",
        "What the network of each strength answers to sequences with a held-out label pair: the right label, the "
        "other one in the context, or one that is not there. Not in the paper.",
        f"Stacked bars of shares of answers against strength: {ends}.",
    )


def _ln_2(ax: Axes, **text: Any) -> None:
    ax.axhline(np.log(2), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0, **text)
