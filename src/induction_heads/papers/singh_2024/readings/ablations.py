"""Readings of figures 13 and 14 (notebook 11_ablations)."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr

from induction_heads.machinery.reading import listed, number, prediction

STRAIGHT = 0.9  # correlation with strength: the criterion of claim figure-18
EIGHT_HEADS = 0.738  # rank correlation of eight pairs that chance stays below in 95 % of draws (two-sided)
PAPER_HEADS = 7  # the paper's panels end with the seventh head
Heads = Float[np.ndarray, " head"]


def reading_13(strength: Heads, alone: Heads, without: Heads, whole: float, theirs: float) -> list[str]:
    """Whether strong heads are good alone and dear when ablated; losses (nats), and the paper's correlation alone."""
    straight = float(np.corrcoef(strength, alone)[0, 1])
    ranks = float(spearmanr(strength, without).statistic)
    dear = int((without > whole).sum())
    strongest = int(strength.argmax())
    others = np.delete(without - whole, strongest)
    return [
        "*Alone.* "
        + prediction(
            straight <= -STRAIGHT,
            f"strength and the loss of a head alone have a correlation of {straight:+.3f} (the paper: {theirs:+.3f})",
        ),
        "*Ablated.* "
        + prediction(
            ranks >= EIGHT_HEADS,
            f"strength and the loss without the head have a rank correlation of {ranks:+.2f} (from {EIGHT_HEADS} on "
            "chance is excluded)",
        ),
        f"Ablating {'every one' if dear == len(strength) else f'{dear} of {len(strength)}'} of the heads raises the "
        f"loss of {number(whole)} nats: the strongest, L2H{strongest}, by {number(without[strongest] - whole)}, "
        f"another by {number(others.max())} at most.",
        f"Of the others {int((others <= 0).sum())} of {len(others)} cost nothing, as spares would.",
    ]


def reading_14(order: Sequence[int], first: np.ndarray, second: np.ndarray, strength: Heads) -> list[str]:
    """Whether every head that is switched on lowers the loss, from the strongest and from the second strongest."""
    paths = {"from the strongest": (order, first), "from the second": (order[1:], second)}
    falls, steps = sum(int((np.diff(loss) < 0).sum()) for _, loss in paths.values()), len(first) + len(second) - 2
    raising = [
        f"L2H{head} {name} (strength {strength[head]:.2f}, {list(order).index(head) + 1} of {len(order)}) by "
        f"{number(step)} nats"
        for name, (heads, loss) in paths.items()
        for head, step in zip(heads[1:], np.diff(loss), strict=True)
        if step >= 0
    ]
    numbers = f"{falls} of {steps} steps lower the loss"
    sentences = [prediction(not raising, numbers + (f"; raised by {listed(raising)}" if raising else ""))]
    shown = np.r_[-np.diff(first[:PAPER_HEADS]), -np.diff(second[: PAPER_HEADS - 1])]
    return [
        *sentences,
        f"Of the {len(shown)} steps that the paper shows (its panels end with the seventh head) "
        f"{int((shown > 0).sum())} fall here, the least by {number(shown.min())} nats: for the eighth head there is "
        "nothing in the paper to compare with.",
        f"From the strongest the loss goes from {number(first[0])} to {number(first[-1])} nats, without the strongest "
        f"from {number(second[0])} to {number(second[-1])}: {_made_up(first, second)}",
    ]


def _made_up(first: np.ndarray, second: np.ndarray) -> str:
    if second[-1] <= first[-1]:
        return "the others make up for all of it."
    return f"the others make up for much of it, and the loss stays {second[-1] / first[-1]:.0f} times as high."
