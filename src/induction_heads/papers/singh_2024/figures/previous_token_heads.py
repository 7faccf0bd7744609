"""Figure 8 (appendix): which Layer 1 heads are given the previous-token pattern throughout training."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from induction_heads.machinery.colours import QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from ..colours import colour
from ..published import paper_curve
from . import parts

COLOURS = {"all heads": "all Layer 1 heads"}  # "all heads" alone is the whole network's colour
PAPER = {  # the paper's heads have other numbers: its series -> our rows
    "L1H2": "strongest previous-token head",
    "L1H6": "weakest previous-token head",
    "all heads": "all Layer 1 heads",
}
EVEN = (1 / 2 + 1 / 4) / 2  # attention to the token before, of a head that spreads it evenly over what it may see
Heads = Mapping[str, Sequence[str]]  # row of Figure 8 -> the heads that it clamps


TOLD = {  # a row -> whom the pattern is given to
    "no clamp": "no head",
    "strongest previous-token head": "the head that attends there most",
    "weakest previous-token head": "the head that attends there least",
    "three heads": "the three that do most",
    "all heads": "all eight heads",
}


def label(name: str, heads: Sequence[str]) -> str:
    """A row of Figure 8 as its legends call it, with the heads that it clamps."""
    return f"{TOLD[name]} ({', '.join(heads)})" if 0 < len(heads) < 8 else TOLD[name]


MARKED = {  # a head has the colour of the last of these rows that clamps it
    "three heads": "among the three with most",
    "strongest previous-token head": "most, and among the three",
    "weakest previous-token head": "least",
}


def figure_8_heads(attention: Float[np.ndarray, " head"], heads: Heads, seed: int) -> Drawing:
    """The attention of each Layer 1 head from the label tokens to the token before, coloured as Figure 8 clamps it."""
    fig, ax = plt.subplots(figsize=(5.6, 2.8))
    shades = {f"L1H{head}": pale(QUIET, 0.5) for head in range(len(attention))}
    for name in MARKED:
        shades |= dict.fromkeys(heads[name], colour(name))
    ax.bar(list(shades), attention, color=list(shades.values()))
    evenly = ax.axhline(EVEN, color=QUIET, lw=0.8, ls=(0, (4, 3)), label="attention spread evenly")
    patches = [Patch(color=colour(name), label=text) for name, text in MARKED.items()]
    ax.legend(handles=[*patches, evenly], fontsize=7.5)
    ax.set(ylim=(0, 1.02), ylabel="attention to the previous token")
    ax.set_title(f"Layer 1 heads of the main run of seed {seed}, from the label tokens")
    shares = ", ".join(f"{head} {share:.2f}" for head, share in zip(shades, attention, strict=True))
    return Drawing(
        "figure_8_heads",
        fig,
        "Which heads Figure 8 clamps",
        "Attention from the label tokens to the token before, in the trained main run, mean over both labels and over "
        "sequences. Figure 8 clamps the head with most, the one with least, the three with most, and all of them.",
        f"A bar for each Layer 1 head, its attention from the label tokens to the token before: {shares}.",
    )


def figure_8(
    histories: Mapping[str, pd.DataFrame],
    heads: Heads,
    learning: pd.DataFrame,
    length: int,
    *,
    labels: int = 5,
    scale: int = 1,
) -> Drawing:
    """The train loss of every row of Figure 8, the paper's behind; `learning` has their times."""
    fig, ax = plt.subplots(figsize=(7.2, 4.1))
    parts.published(
        ax, parts.squeezed(paper_curve("8").replace({"series": PAPER}), scale), label=parts.the_paper(scale)
    )
    for name, history in histories.items():
        _curve(ax, history.sequences, history.train_loss, name, heads)
    parts.chance_lines(ax, labels)
    ax.set(xlim=(0, length), ylim=(0, 2.05))
    ax.set_title("Train loss with the previous-token pattern given to Layer 1 heads")
    _legend(
        ax,
        f"previous-token pattern given to\n(wide and pale: {parts.the_paper(scale)})",
        loc="center right",
        bbox_to_anchor=(1, 0.575),
    )
    times = "; ".join(f"{label(name, heads[name])} {number(time)}" for name, time in learning["learnt after"].items())
    return Drawing(
        "figure_8",
        fig,
        "Figure 8: which previous-token head is clamped",
        "The train loss while one Layer 1 head, another, three or all eight have the previous-token pattern from the "
        "first step on, and with no clamp. Wide pale curves: the paper's, in the colour of the same condition.",
        "Train loss against sequences seen, a curve for each choice of the heads that are given the previous-token "
        f"pattern. Sequences until the loss is below 0.4 ln 2: {times}.",
    )


def figure_8_unseen(histories: Mapping[str, pd.DataFrame], heads: Heads, length: int) -> Drawing:
    """The loss of every row of Figure 8 on classes that were never trained on."""
    fig, ax = plt.subplots(figsize=(7.2, 3.3))
    ends = []
    for name, history in histories.items():
        measured = history.dropna(subset="unseen_classes_loss")
        _curve(ax, measured.sequences, measured.unseen_classes_loss, name, heads)
        ends.append(f"{label(name, heads[name])} {measured.unseen_classes_loss.iloc[-1]:.3f}")
    dashed: dict[str, Any] = dict(color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.axhline(np.log(2), **dashed, label="ln 2: guessing among the labels in context")
    ax.set(xlim=(0, length), ylim=(0, 2.05), title="The same runs on classes that were never trained on")
    _legend(ax, "previous-token pattern given to", loc="upper right")
    return Drawing(
        "figure_8_unseen",
        fig,
        "The runs of Figure 8 on unseen classes",
        "The loss on classes that were never trained on. Not in the paper. Dashed: guessing among the labels in "
        "context.",
        "Loss on unseen classes against sequences seen, a curve for each choice of the heads that are given the "
        f"previous-token pattern. At the end, in nats: {'; '.join(ends)}.",
    )


def _curve(ax: Axes, sequences: pd.Series, loss: pd.Series, name: str, heads: Heads) -> None:
    parts.curve(ax, sequences.to_numpy(), loss.to_numpy(), COLOURS.get(name, name), label=label(name, heads[name]))


def _legend(ax: Axes, title: str, **where) -> None:
    """Whom the pattern is given to; the paper is told of in the title, since it is nobody's pattern."""
    handles, names = ax.get_legend_handles_labels()
    ours = [(handle, name) for handle, name in zip(handles, names, strict=True) if not name.startswith("the paper")]
    key = ax.legend(*zip(*ours, strict=True), title=title, fontsize=7.5, title_fontsize=7.5, **where)
    key.get_title().set_multialignment("left")
