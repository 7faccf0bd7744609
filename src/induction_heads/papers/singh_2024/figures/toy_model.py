"""Figures 5a and 9 (section 4, appendix E): three vectors fitted to a product, and why a product waits."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from .. import toy
from ..colours import SUBCIRCUIT_COLOURS, colour
from ..measures import LEARNT
from .parts import curve

NAMES = {"none": "no clamp", "c": "c clamped", "b_and_c": "b and c clamped"}
FREE = {3: "none", 2: "c", 1: "b_and_c"}  # number of free factors -> condition
LAWS = {3: "as 1/u₀", 2: "as ln 1/u₀", 1: "constant"}  # how the wait grows with a smaller start
MARKS = {3: "o", 2: "s", 1: "D"}
SHOWN_START = 3  # which of the initial shares panel b shows
LONGEST = 12  # time shown, in units of 1 / rate


def figure_5a(
    losses: Mapping[str, Float[ndarray, " iteration"]],
    zero: float,
    authors: Mapping[str, Float[ndarray, " iteration"]],
) -> Drawing:
    """The loss under each condition, and of the authors' own run of this size; `zero` is that of a zero output."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    for condition, loss in authors.items():
        own, label = pale(colour(condition), 0.25), "the authors' run" if condition == "none" else None
        ax.plot(loss, color=own, lw=3.4, zorder=1, label=label)
    for condition, loss in losses.items():
        curve(ax, np.arange(len(loss)), loss, condition, label=NAMES[condition], quantity="loss")
    ax.axhline(zero, color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0, label="a zero output")
    ax.set(xlabel="iterations of gradient descent", ylim=(0, 1.2 * losses["none"].max()))
    ax.set_title("The more factors are clamped, the shorter the plateau")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.legend()
    times = {NAMES[c]: toy.first_below(loss, LEARNT * zero) for c, loss in losses.items()}
    told = ", ".join(f"{name} {number(time)}" for name, time in times.items())
    return Drawing(
        "figure_5a",
        fig,
        "Figure 5a: the toy model",
        "Three vectors fitted to a product. Look at how long each curve stays at the loss of a zero output (dashed) "
        f"before it falls. Learnt (below 40 % of that loss) after: {told} iterations.",
        f"Three curves of the loss against iterations, with no factor clamped, c clamped, and b and c clamped; below "
        f"40 % of a zero output's loss after: {told} iterations.",
    )


def figure_5a_closed_form(
    descents: Mapping[int, Float[ndarray, "start iteration"]], begin: Float[ndarray, " start"], rate: float
) -> Drawing:
    """Gradient descent from aligned vectors (marks) on the closed form (lines), for 1, 2 and 3 free factors.

    `descents` is free factors -> loss as a share of a zero output's, a row for each initial share in `begin`.
    """
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.1))
    for free, descent in descents.items():
        _law_of(axes, free, descent, begin, rate)
    axes[0].set(xlabel="product s, as a share of the true one", ylabel="speed ds/dt, in units of κ", ylim=(0, 1.3))
    axes[1].set(xlabel="time, in units of 1/κ", ylabel="loss / loss of a zero output", ylim=(0, 1.04))
    axes[2].set(xscale="log", yscale="log", ylim=(0.05, 300))
    axes[2].set(xlabel="initial share u₀ of each free factor", ylabel="time to learn, in units of 1/κ")
    axes[0].legend(loc="upper right")
    shown = begin[SHOWN_START]
    plots.panel_titles(
        axes, ["Several factors start at rest", f"Learning from u₀ = {shown}", "A smaller start, a longer wait"]
    )
    times = {free: rate * toy.first_below(descent, LEARNT) for free, descent in descents.items()}
    longer = ", ".join(f"{free} free {time[0] / time[SHOWN_START]:.1f}" for free, time in times.items())
    return Drawing(
        "figure_5a_closed_form",
        fig,
        "Why a product waits",
        "a: the speed of the product at every height. b: the losses that follow. c: the time to learn over the "
        "initial share. Lines: the closed form; marks: gradient descent from aligned vectors.",
        "Three panels, each with a line and marks for 1, 2 and 3 free factors. The speed is greatest at zero with "
        "one free factor, and zero there with two and three. Learning from a share of "
        f"{begin[0]} takes this many times as long as from {shown}: {longer}.",
    )


def _law_of(
    axes: ndarray, free: int, descent: Float[ndarray, "start iteration"], begin: Float[ndarray, " start"], rate: float
) -> None:
    """One number of free factors in the three panels."""
    own, mark, name = colour(FREE[free]), MARKS[free], NAMES[FREE[free]]
    s, u, t = np.linspace(0, 1, 301), np.geomspace(0.008, 0.33, 100), np.linspace(0, LONGEST, 600)
    learnt = rate * toy.first_below(descent, LEARNT)
    share_when_learnt = (1 - LEARNT**0.5) ** (1 / free)
    axes[0].plot(s, toy.speed(s, free), color=own, label=f"{free} free ({name})")
    axes[1].plot(t, toy.closed_form(t, begin[SHOWN_START], free), color=own)
    shown = np.arange(round(LONGEST / rate))[::16]
    axes[1].plot(rate * shown, descent[SHOWN_START, shown], mark, ms=3.6, color=own)
    axes[2].plot(u, toy.time_to_reach(np.full_like(u, share_when_learnt), u, free), color=own)
    axes[2].plot(begin, learnt, mark, ms=4.5, color=own)
    axes[2].annotate(LAWS[free], (0.02, 1.25 * learnt[1]), color=own)


def figure_5a_seeds(
    learnt: Mapping[str, Float[ndarray, " seed"]], product: Float[ndarray, " seed"], iterations: int
) -> Drawing:
    """Learning times (infinite where never) of many random starts; those without a clamp over the initial product."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
    starts = len(product)
    for condition, times in learnt.items():
        share = np.arange(1, starts + 1) / starts
        axes[0].step(np.sort(times) + 1, share, where="post", color=colour(condition), label=NAMES[condition])
    _by_product(axes[1], learnt["none"], product, product > 0, INK, "initial product positive")
    _by_product(axes[1], learnt["none"], product, product < 0, "white", "negative: a factor has to turn round")
    axes[0].set(
        xscale="log", xlabel="iterations until learnt", ylabel="share of starts that have learnt", ylim=(0, 1.02)
    )
    axes[1].set(xscale="log", yscale="log", ylabel="iterations until learnt")
    axes[1].set_xlabel("size of the initial product, as a share of the true one")
    axes[1].set_ylim(None, 25 * iterations)
    axes[0].legend(loc="lower right")
    axes[1].legend(loc="upper right")
    plots.panel_titles(axes, [f"{starts} random starts", "No clamp: the smaller the product, the longer"])
    medians = ", ".join(f"{NAMES[c]} {number(np.median(times))}" for c, times in learnt.items())
    return Drawing(
        "figure_5a_seeds",
        fig,
        "Figure 5a for other random starts",
        "a: the share of starts that have learnt, over iterations. b: without a clamp, the time over the size of the "
        "initial product; hollow where the product is negative.",
        f"Left, three rising steps, one a condition, with medians of {medians} iterations. Right, a point a start on "
        f"logarithmic axes; {np.mean(product < 0):.0%} of them have a negative product.",
    )


def _by_product(
    ax: Axes,
    times: Float[ndarray, " seed"],
    product: Float[ndarray, " seed"],
    shown: Bool[ndarray, " seed"],
    face: str,
    label: str,
) -> None:
    ax.plot(abs(product[shown]), times[shown], "o", ms=4, mfc=face, mec=INK, mew=0.8, label=label)


def figure_9(free: toy.History, clamped: toy.History) -> Drawing:
    """Progress measures of the unclamped run beside training with b and c clamped; the first seed of each history."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
    _measure_and_clamp(axes[0], clamped.loss[0], free.loss_with_b_c_true[0])
    _measure_and_clamp(axes[1], clamped.one_minus_cos2_a[0], free.one_minus_cos2_a[0])
    curve(axes[0], np.arange(free.loss.shape[1]), free.loss[0], "none", label="unclamped loss")
    for ax, quantity in zip(axes, ("loss", "1 − cos² of a and true a"), strict=True):
        ax.set(xlabel="iterations of gradient descent", ylabel=quantity, ylim=(0, None))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    axes[0].legend()
    plots.panel_titles(axes, ["Loss if b and c were true", "Direction of a"])
    turned = [number(toy.first_below(run.one_minus_cos2_a[0], LEARNT)) for run in (clamped, free)]
    return Drawing(
        "figure_9",
        fig,
        "Figure 9: progress measures in the toy model",
        "Dashed: a measure of how far a has come in the unclamped run. Solid: the same number when b and c are "
        "clamped throughout training, so that a is all there is to learn.",
        "Two panels against iterations. The direction of a is right to 1 − cos² of 0.4 after "
        f"{turned[0]} iterations with b and c clamped, and after {turned[1]} in the unclamped run.",
    )


def _measure_and_clamp(
    ax: Axes, trained_with_clamp: Float[ndarray, " iteration"], measured_without: Float[ndarray, " iteration"]
) -> None:
    t = np.arange(len(measured_without))
    curve(ax, t, trained_with_clamp, "b_and_c", label="trained with b and c clamped")
    own, label = SUBCIRCUIT_COLOURS["C"], "progress measure of the unclamped run"
    curve(ax, t, measured_without, "progress", color=own, label=label, ls=(0, (5, 1.5)))
