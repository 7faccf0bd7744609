"""Figure 8 (appendix): which Layer 1 heads are given the previous-token pattern throughout training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes

from induction_heads.machinery.colours import HEAD_COLOURS, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

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


def label(name: str, heads: Sequence[str]) -> str:
    """A row of Figure 8 as legends and readings call it, with the heads that it clamps."""
    if name == "all heads":
        return "all eight heads"
    return f"{name}: {', '.join(heads)}" if heads else name


def figure_8_heads(attention: Float[np.ndarray, "head"], seed: int) -> Drawing:
    """The attention of each Layer 1 head from the label tokens to the token before."""
    fig, ax = plt.subplots(figsize=(5.6, 2.8))
    ax.bar([f"L1H{h}" for h in range(len(attention))], attention, color=HEAD_COLOURS)
    ax.axhline(EVEN, color=QUIET, lw=0.8, ls=(0, (4, 3)), label="attention spread evenly")
    ax.set(ylim=(0, 1.02), ylabel="attention to the previous token")
    ax.set_title(f"Layer 1 heads of the main run of seed {seed}, from the label tokens")
    ax.legend()
    shares = ", ".join(f"L1H{h} {share:.2f}" for h, share in enumerate(attention))
    return Drawing(
        "figure_8_heads",
        fig,
        "Which heads are previous-token heads",
        "Attention from the label tokens to the token before, in the trained main run, mean over both labels and over "
        "sequences. Figure 8 clamps the highest, the lowest, the three highest and all of them.",
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
    parts.published_at(ax, paper_curve("8").replace({"series": PAPER}), scale)
    for name, history in histories.items():
        _curve(ax, history.sequences, history.train_loss, name, heads)
    parts.chance_lines(ax, labels)
    ax.set(xlim=(0, length), ylim=(0, 2.05))
    ax.set_title("Train loss with the previous-token pattern given to Layer 1 heads")
    key = dict(title="previous-token pattern given to", fontsize=7.5, title_fontsize=7.5)
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.575), **key)
    times = ", ".join(f"{label(name, heads[name])}: {number(time)}" for name, time in learning["learnt after"].items())
    return Drawing(
        "figure_8",
        fig,
        "Figure 8: which previous-token head is clamped",
        "The train loss while one Layer 1 head, another, three or all eight have the previous-token pattern from the first "
        "step on, and with no clamp. Wide pale curves: the paper's, in the colour of the same condition.",
        "Train loss against sequences seen, a curve for each choice of the heads that are given the previous-token pattern. "
        f"Sequences until the loss is below 0.4 ln 2: {times}.",
    )


def figure_8_unseen(histories: Mapping[str, pd.DataFrame], heads: Heads, length: int) -> Drawing:
    """The loss of every row of Figure 8 on classes that were never trained on."""
    fig, ax = plt.subplots(figsize=(7.2, 3.3))
    ends = []
    for name, history in histories.items():
        measured = history.dropna(subset="unseen_classes_loss")
        _curve(ax, measured.sequences, measured.unseen_classes_loss, name, heads)
        ends.append(f"{label(name, heads[name])}: {measured.unseen_classes_loss.iloc[-1]:.3f}")
    dashed = dict(color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.axhline(np.log(2), **dashed, label="ln 2: guessing among the labels in context")
    ax.set(xlim=(0, length), ylim=(0, 2.05), title="The same runs on classes that were never trained on")
    ax.legend(loc="upper right", title="previous-token pattern given to", title_fontsize="small")
    return Drawing(
        "figure_8_unseen",
        fig,
        "The runs of Figure 8 on unseen classes",
        "The loss on classes that were never trained on. Not in the paper. Dashed: guessing among the labels in context.",
        "Loss on unseen classes against sequences seen, a curve for each choice of the heads that are given the "
        f"previous-token pattern. At the end, in nats: {'; '.join(ends)}.",
    )


def _curve(ax: Axes, sequences: pd.Series, loss: pd.Series, name: str, heads: Heads) -> None:
    parts.curve(ax, sequences, loss, COLOURS.get(name, name), label=label(name, heads[name]))
