"""Readings of figures 5a and 9, the toy model (notebook 03_toy_model)."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import spearmanr

from induction_heads.machinery.reading import listed, number, prediction

from ..measures import PLATEAU
from ..toy import TOLERANCE, Wait
from .words import percent

NAMES = {"none": "no clamp", "c": "c clamped", "b_and_c": "b and c clamped"}
CLOSE = 0.05  # of the closed form's time, by which gradient descent in steps may be off, or one iteration
SAME_LAW = 0.1  # by which a factor may differ from the law's
NEARLY_ALL = 0.9  # of the starts
ANOTHER_SCHEDULE = 2  # times as long as under the clamp


def reading_check(difference: float) -> list[str]:
    """Whether this is the authors' model, to rounding."""
    numbers = f"the largest difference from the authors' numbers is {difference:.0e}, {TOLERANCE:.0e} is allowed"
    return [prediction(difference < TOLERANCE, numbers)]


def reading_5a(waits: Mapping[str, Wait]) -> list[str]:
    """Whether clamps shorten the wait and two end it; the waits of one start, by condition."""
    plateau = {c: bool(w.longer_than_fall[0]) for c, w in waits.items()}
    left = {c: float(w.left[0]) for c, w in waits.items()}
    shorter = left["none"] > left["c"] > left["b_and_c"]
    told = [
        f"with {NAMES[c]} it waits {number(left[c])} iterations and falls in {number(float(w.done[0] - w.left[0]))}"
        for c, w in waits.items()
    ]
    shares = [f"{percent(float(w.share[0]))} with {NAMES[c]}" for c, w in waits.items()]
    agree = [c for c, w in waits.items() if plateau[c] == (w.share[0] >= PLATEAU)]
    also = "says the same of all three" if len(agree) == len(waits) else f"says the same of {len(agree)} of them"
    return [
        prediction(shorter and plateau["none"] and not plateau["b_and_c"], listed(told)),
        f"A wait longer than the fall, a plateau, is there with {_where(plateau)}.",
        f"The measure used for networks, the share of the slowest tenth, {also}: {listed(shares)}, with a plateau "
        f"from {percent(PLATEAU)} on.",
    ]


def _where(plateau: Mapping[str, bool]) -> str:
    found = [NAMES[c] for c, there in plateau.items() if there]
    return listed(found) if found else "none of the three conditions"


def reading_closed_form(
    learnt: Mapping[int, Float[ndarray, " start"]],
    exact: Mapping[int, Float[ndarray, " start"]],
    begin: Float[ndarray, " start"],
    rate: float,
) -> list[str]:
    """Whether descent lies on the curves, and what a start half as large costs; free factors -> time, in 1 / rate.

    The first of the initial shares `begin` is half of the second.
    """
    off = {free: abs(learnt[free] - exact[free]).max() for free in learnt}
    on = all((abs(learnt[free] - exact[free]) <= np.maximum(rate, CLOSE * exact[free])).all() for free in learnt)
    once, added, doubled = learnt[1][0] / learnt[1][1], learnt[2][0] - learnt[2][1], learnt[3][0] / learnt[3][1]
    laws = abs(once - 1) <= SAME_LAW and abs(added / np.log(2) - 1) <= SAME_LAW and abs(doubled / 2 - 1) <= SAME_LAW
    return [
        "Gradient descent on the closed form:",
        prediction(bool(on), f"the times to learn differ by at most {max(off.values()) / rate:.1f} iterations"),
        f"Half the start, {begin[0]} instead of {begin[1]}:",
        prediction(
            bool(laws),
            f"one free factor takes {once:.2f} times as long, two take {added:.2f} / κ more (ln 2 is {np.log(2):.2f}), "
            f"three take {doubled:.2f} times as long",
        ),
    ]


def reading_seeds(waits: Mapping[str, Wait], product: Float[ndarray, " seed"]) -> list[str]:
    """What random starts keep of it; the waits of many starts, by condition, and the initial product of each."""
    times = {c: w.learnt for c, w in waits.items()}
    in_order = float(np.mean((times["none"] >= times["c"]) & (times["c"] >= times["b_and_c"])))
    spread = {c: np.subtract(*np.percentile(t, [90, 10], method="lower")) for c, t in times.items()}
    rank = float(spearmanr(abs(product), times["none"]).statistic)
    medians = [float(np.median(times["none"][keep])) for keep in (product > 0, product < 0)]
    widest = max(spread, key=spread.__getitem__)
    return [
        prediction(
            bool(in_order >= NEARLY_ALL and widest == "none" and rank < 0 and medians[1] > medians[0]),
            f"the order of the three conditions is kept by {percent(in_order)} of {len(product)} starts; the times "
            f"spread most with {NAMES[widest]}; without a clamp the rank correlation with the size of the product is "
            f"{rank:+.2f}, and the median {number(medians[0])} iterations where it is positive, {number(medians[1])} "
            "where negative",
        ),
        f"Without a clamp {percent(float(np.mean(np.isinf(times['none']))))} have not learnt when the run ends.",
        *_plateaus(waits),
    ]


def _plateaus(waits: Mapping[str, Wait]) -> list[str]:
    by_wait = {c: float(np.mean(w.longer_than_fall)) for c, w in waits.items()}
    by_tenth = {c: float(np.mean(w.share >= PLATEAU)) for c, w in waits.items()}
    told = [f"{percent(by_wait[c])} of the starts with {NAMES[c]} ({percent(by_tenth[c])})" for c in waits]
    return [
        f"A wait longer than the fall is found in {listed(told)}; in brackets, by the measure used for networks.",
        f"With two factors left {percent(by_wait['c'])} of the starts have a plateau: where there is none, that does "
        "not tell that only one factor was left.",
    ]


def reading_9(clamped: float, measure: float, unclamped: float, turned: Mapping[str, float]) -> list[str]:
    """Whether the progress measures move on another schedule than the clamped loss; iterations to 40 %.

    `turned` has the iterations to 1 − cos² = 0.4 of a, under "none" and "b_and_c".
    """
    slower = min(measure / clamped, turned["none"] / turned["b_and_c"])
    return [
        prediction(
            bool(slower > ANOTHER_SCHEDULE),
            f"the loss with b and c true is at 40 % of a zero output's after {number(measure)} iterations of the "
            f"unclamped run, and after {number(clamped)} where they are clamped throughout; the direction of a is "
            f"right to 0.4 after {number(turned['none'])} and {number(turned['b_and_c'])}",
        ),
        f"The measure {'is' if measure < unclamped else 'is not'} ahead of the unclamped loss, which is there after "
        f"{number(unclamped)}: it tells how far a has come in this run. A clamp tells how a is learnt if the rest is "
        "there.",
    ]
