"""Figure 7 (appendix): a trained Layer 1, grafted and frozen, and the rest trained from scratch."""

from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from ..published import paper_curve
from . import parts

PAPER_OWN = "Layer 1 of seed 5"  # what the paper's seed 5 has as its own


def label(name: str, own: str) -> str:
    """A row of Figure 7 as legends and readings call it; `own` is the row with the network's own Layer 1."""
    if name == "no clamp":
        return "no graft"
    return f"{name} (its own), frozen" if name == own else f"{name}, frozen"


def as_ours(rows: Iterable[str], own: str) -> dict[str, str]:
    """The paper's rows -> ours of the same role: without a graft, with the own Layer 1, with strangers' in order."""
    strangers = [name for name in rows if name not in ("no clamp", own)]
    theirs = [name for name in paper_curve("7").series.unique() if name not in ("no clamp", PAPER_OWN)]
    return {"no clamp": "no clamp", PAPER_OWN: own} | dict(zip(theirs, strangers, strict=True))


def figure_7(
    histories: Mapping[str, pd.DataFrame], learning: pd.DataFrame, own: str, *, labels: int = 5, scale: int = 1
) -> Drawing:
    """The train loss of every row of Figure 7, linear and logarithmic, the paper's behind; `learning` has their "
    "times."""
    fig, axes = plt.subplots(1, 2, figsize=(10.4, 3.7), width_ratios=(1.35, 1))
    theirs = paper_curve("7").replace({"series": as_ours(histories, own)})
    for ax in axes:
        parts.published(ax, parts.squeezed(theirs, scale), label=parts.the_paper(scale))
        for name, history in histories.items():
            parts.curve(ax, history.sequences.to_numpy(), history.train_loss.to_numpy(), name, label=label(name, own))
    parts.chance_lines(axes[0], labels)
    axes[0].set(xlim=(0, 600_000 / scale), ylim=(0, 2.05))
    axes[1].set(xlim=(0, 400_000 / scale), yscale="log", ylim=(0.01, 2.5))
    axes[0].legend(loc="center right", bbox_to_anchor=(1, 0.58))
    plots.panel_titles(axes, ["Train loss with a trained, frozen Layer 1", "The same on a logarithmic scale"])
    times = "; ".join(f"{label(name, own)} {number(time)}" for name, time in learning["learnt after"].items())
    return Drawing(
        "figure_7",
        fig,
        "Figure 7: grafting a trained Layer 1",
        "The train loss when Layer 1, embeddings included, comes trained from another run or from the same seed's and "
        "is frozen. On the logarithmic scale an exponential is a straight line and a plateau is a step. Wide pale "
        "curves: the paper's, in the colour of the same role (its own Layer 1 is that of its seed 5).",
        "Train loss against sequences seen, for each grafted Layer 1 and without a graft, on a linear and on a "
        f"logarithmic scale. Sequences until the loss is below 0.4 ln 2: {times}.",
    )


def figure_7_start(histories: Mapping[str, pd.DataFrame], own: str, *, labels: int = 5) -> Drawing:
    """The train loss of every row of Figure 7 before its first step, and the paper's of the same role."""
    fig, ax = plt.subplots(figsize=(6.2, 2.6))
    starts = {name: history.train_loss.iloc[0] for name, history in histories.items()}
    theirs = paper_curve("7").replace({"series": as_ours(starts, own)}).groupby("series").y.first()
    for height, (name, start) in enumerate(starts.items()):
        ax.plot(start, height, "o", color=colour(name))
        ax.plot(theirs[name], height, "D", ms=8, mec="none", color=pale(colour(name), 0.4), zorder=1)
    for count in (2, labels):
        ax.axvline(np.log(count), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
        ax.text(np.log(count), -0.3, f" ln {count}", size=7, color=QUIET)
    ax.set(yticks=range(len(starts)), yticklabels=[label(name, own) for name in starts])
    ax.set(ylim=(len(starts) - 0.5, -0.6), xlim=(0, 2.3), xlabel="train loss before the first step (nats)")
    ax.set_title("Where each run starts (diamonds: the paper)")
    nats = "; ".join(f"{label(name, own)} {start:.2f}" for name, start in starts.items())
    return Drawing(
        "figure_7_start",
        fig,
        "Where each run of Figure 7 starts",
        "The train loss before the first step. Nothing but a grafted Layer 1 is trained then. Dashed: guessing among "
        "the two labels in context, and among all.",
        f"A point for each run of Figure 7 at its train loss before the first step, in nats: {nats}.",
    )
