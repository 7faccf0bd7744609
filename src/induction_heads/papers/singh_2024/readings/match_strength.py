"""Readings of figure 15 (notebook 12_match_strength)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.reading import listed, number, prediction

from ..measures import LEARNT, PLATEAU
from .words import LN_2, near, percent

NEAR_HALF = (0.4, 0.6)  # strengths that tell hardly anything; this and the next are criteria of claims figure-15...
FAST = 0.5  # of the slowest strength's time
Strengths = Float[np.ndarray, " strength"]


def reading_15(learning: pd.DataFrame) -> list[str]:
    """Whether clamps either way are fast and one half is slowest, with a plateau; `measures.learning` by strength."""
    times, half = learning["learnt after"].fillna(np.inf), learning.loc[0.5]
    slowest, (low, high) = times.idxmax(), NEAR_HALF
    ends = {s: times[s] for s in (0.0, 1.0)}
    mountain = bool(low <= slowest <= high and max(ends.values()) <= FAST * times.max())
    waits = half["its share"] >= PLATEAU and near(float(half["its level"]), LN_2)
    return [
        "*Either way is fast.* "
        + prediction(
            mountain,
            f"learnt after {number(ends[0.0])} sequences at strength 0, {number(ends[1.0])} at 1, and "
            f"{number(times.max())} at {slowest:g}, the slowest",
        ),
        "*A plateau at one half.* "
        + prediction(
            bool(waits),
            f"the slowest tenth of the fall takes {percent(half['its share'])} of the learning time (a plateau begins "
            f"at {percent(PLATEAU)}), at {half['its level']:.2f} nats (ln 2 is {LN_2:.2f})",
        ),
    ]


def reading_15_summary(strengths: Strengths, held_out: Strengths, unseen: Strengths) -> list[str]:
    """Whether clamps the wrong way fail on held-out label pairs alone; final losses (nats) by strength."""
    (low, high), wrong = NEAR_HALF, strengths < 0.5
    failing, learnt = held_out > LN_2, LEARNT * LN_2
    sound = held_out[strengths >= high].max()
    generalises = bool(failing[strengths <= low].all() and sound < learnt)
    numbers = (
        f"{_failing(strengths, held_out)}; from {high} on the highest is {sound:.2f} (learnt is below {learnt:.2f}, a "
        f"guess between the two {LN_2:.2f})"
    )
    highest = f"the highest final loss of any strength is {unseen.max():.3f} nats, at {strengths[unseen.argmax()]:g}"
    sentences = [
        "*Held-out label pairs.* " + prediction(generalises, numbers),
        "*Unseen classes.* " + prediction(bool(unseen.max() < learnt), highest),
    ]
    if (wrong & ~failing).any():
        overruled = listed(f"{s:g}" for s in strengths[wrong & ~failing])
        sentences.append(f"At {overruled} the clamp points the wrong way, and the loss is below a guess all the same.")
    return sentences


def _failing(strengths: Strengths, held_out: Strengths) -> str:
    """Which wrong-way strengths do worse than a guess on held-out label pairs."""
    wrong = strengths < 0.5
    failing = wrong & (held_out > LN_2)
    told = f"{int(failing.sum())} of {int(wrong.sum())} strengths below one half end worse than a guess"
    if not failing.any():
        return told
    losses = held_out[failing]
    return f"{told}, up to {strengths[failing].max():g}, at {losses.min():.2f} to {losses.max():.2f} nats"


def reading_15_answers(strengths: Strengths, shares: Mapping[str, Strengths]) -> list[str]:
    """Whether wrong-way networks answer with labels out of context; shares of the answers on held-out label pairs."""
    absent, wrong = shares["a label not in the context"], strengths <= NEAR_HALF[0]
    most_frequent = np.array(list(shares))[np.array(list(shares.values())).argmax(0)]  # of each strength
    most = most_frequent == "a label not in the context"
    first, last = int(strengths.argmin()), int(strengths.argmax())
    ends = "; ".join(
        f"at {strengths[i]:g} " + listed(f"{answer} {percent(float(share[i]))}" for answer, share in shares.items())
        for i in (first, last)
    )
    return [
        prediction(
            bool(most[wrong].all()),
            f"a label that is not in the context is the most frequent answer at {int(most[wrong].sum())} of the "
            f"{int(wrong.sum())} strengths up to {NEAR_HALF[0]}, with {percent(float(absent[wrong].min()))} to "
            f"{percent(float(absent[wrong].max()))} of the answers",
        ),
        f"Answers {ends}.",
        _right_all_the_same(strengths[wrong & (most_frequent == "the right label")]),
    ]


def _right_all_the_same(strengths: Strengths) -> str:
    """At which of the wrong-way strengths the right label is the most frequent answer."""
    if not len(strengths):
        return "At none of these strengths is the right label the most frequent answer."
    return (
        f"At {listed(f'{s:g}' for s in strengths)} the most frequent answer is the right label, for pairs that were "
        "never seen: no table of training pairs. Whether the network has learnt *the other one of the two* or other "
        "heads match by themselves, the answers do not tell."
    )
