"""Readings of figure 12 (notebook 10_direct_effects)."""

import numpy as np
import pandas as pd

from induction_heads.machinery.reading import number, prediction

from ..figures.direct_effects import added_without
from .words import beside, percent

WORTH = 0.05  # nats at its peak; this and the next two are the criteria of claims figure-12 and figure-12-layer-2
VANISHED = 0.1  # of its peak
GROWN = 2  # times what it is at half the learning time
CHANGED = 2  # times its median share of the loss: from here on the share has changed
UNLEARNT = 0.5  # of its peak in logits: what is left at the end, or less


def reading_12(loss: pd.DataFrame, learnt: float, published: dict[int, pd.DataFrame]) -> list[str]:
    """Whether Layer 1's path peaks early and vanishes and Layer 2's grows; `published` has the paper's curves by "
    "layer."""
    first, second = (added_without(loss, layer) for layer in (1, 2))
    theirs = {layer: curve.set_index("x").y for layer, curve in published.items()}
    end, peak, at = first.iloc[-1], first.max(), float(first.idxmax())
    early = bool(peak >= WORTH and at < learnt / 2 and end <= VANISHED * peak)
    numbers = (
        f"its path is worth most after {beside(at, float(theirs[1].idxmax()))} sequences, "
        f"{beside(peak, theirs[1].max())} nats, and {beside(end, theirs[1].iloc[-1])} at the end"
    )
    sentences = ["*Layer 1 helps early and is of no use later.* " + prediction(early, numbers)]
    if not np.isfinite(learnt):
        return [*sentences, "The task is not learnt in this run, so nothing is said about Layer 2."]
    half, last = float(np.interp(learnt / 2, second.index, second)), float(second.iloc[-1])
    grows = f"{half:.2f} nats at half the learning time and {beside(last, theirs[2].iloc[-1])} at the end"
    return [
        *sentences,
        "*Layer 2 carries the answer once it has induction heads.* " + prediction(last >= GROWN * half, grows),
    ]


def reading_12_log(loss: pd.DataFrame, learnt: float) -> list[str]:
    """What Layer 1's path is worth as a share of the loss that is left."""
    share = added_without(loss, 1) / loss["whole"]
    when = {
        "at half the learning time": learnt / 2,
        "when the task is learnt": learnt,
        "at the end": float(loss.index[-1]),
    }
    told = [
        f"{percent(float(np.interp(at, share.index, share)))} {name}" for name, at in when.items() if np.isfinite(at)
    ]
    return [f"As a share of the whole network's loss Layer 1's path is worth {', '.join(told)}: {_pace(share)}."]


def _pace(share: pd.Series) -> str:
    """How a path's worth falls beside the loss, by its share of the loss at the end over its median share."""
    change = share.iloc[-1] / share.median()
    if change < 1 / CHANGED:
        return "in nats it falls faster than the loss"
    if change > CHANGED:
        return "in nats it falls more slowly than the loss, so its share of what is left grows"
    return "in nats it falls with the loss and keeps its share of it"


def reading_12_logits(effects: pd.DataFrame) -> list[str]:
    """Whether Layer 1's path is unlearnt (it says less) or outgrown (Layer 2 says more); `wiring.direct_effects`."""
    ours, theirs = (-added_without(effects["context"], layer) for layer in (1, 2))
    kept = ours.iloc[-1] / ours.max()
    numbers = (
        f"its path lifts the labels in context above the others by {ours.max():.2f} at most, after "
        f"{number(float(ours.idxmax()))} sequences, and by {ours.iloc[-1]:.2f} at the end, {percent(kept)} of that"
    )
    unlearnt = bool(kept <= UNLEARNT)
    what = "unlearnt" if unlearnt else "outgrown, not unlearnt"
    correct = -added_without(effects["correct"], 1).iloc[-1]
    return [
        prediction(unlearnt, numbers),
        f"Layer 1's path is {what}: Layer 2's own lifts the same labels by {theirs.iloc[-1]:.2f} at the end.",
        f"Of which of the two is correct Layer 1's path says {correct:+.2f} at the end, Layer 2's "
        f"{-added_without(effects['correct'], 2).iloc[-1]:+.2f}.",
    ]


def reading_12_accuracy(whole: float, without: float, theirs_whole: float, theirs_without: float) -> list[str]:
    """What Layer 1's path is worth in accuracy at the end; ours and the paper's with and without it."""
    lost, theirs = whole - without, theirs_whole - theirs_without
    return [
        f"At the end, on the whole exhaustive set, accuracy is {whole:.4%}, and {without:.4%} without Layer 1's path: "
        f"{f'{percent(lost)} of the answers are lost' if lost > 0 else 'none is lost'} (the paper: {percent(theirs)})."
    ]
