"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.networks.tokens import pictures

from .measures import FAR, LONG, PREFIXES, SHORT, kind, long_head, short_head

Found = Mapping[str, Mapping[str, list[float]]]  # head -> quantity -> numbers; of `measures.prefixes`
KINDS = ("short", "between", "long", "none")
COLOURS = dict(zip(KINDS, (head_colour(0), head_colour(2), head_colour(1), QUIET), strict=True))
MARKERS = dict(zip(KINDS, ("o", "^", "s", ""), strict=True))


def _lines(found: Mapping[int, Found], quantity: str) -> tuple[Figure, Sequence[Axes]]:
    """A panel a seed, and a line a head over the length of the prefix, by what kind of head it is."""
    fig, axes = plt.subplots(1, len(found), figsize=(3.2 * len(found), 3.2), sharey=True, squeeze=False)
    styles: dict[str, dict[str, Any]] = {
        own: {"color": COLOURS[own], "marker": MARKERS[own], "ms": 4, "lw": 0.8 if own == "none" else 1.5}
        for own in KINDS
    }
    for ax, by_head in zip(axes[0], found.values(), strict=True):
        for each in by_head.values():
            own = kind(each["attention"])
            ax.plot(PREFIXES, each[quantity], zorder=1 if own == "none" else 3, **styles[own])
        ax.set_xticks(PREFIXES)
        ax.set_xlabel("tokens that repeat, m")
    handles = [Line2D([], [], label=own, **styles[own]) for own in KINDS]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(KINDS), fontsize="small")
    plots.panel_titles(axes[0], [f"Seed {seed}" for seed in found])
    return fig, list(axes[0])


def figure_prefix_lengths(found: Mapping[int, Found]) -> Drawing:
    """Attention to what came next by the length of the repeated prefix: a panel a seed, a line a head."""
    fig, axes = _lines(found, "attention")
    axes[0].set(ylabel="attention to what came next, s(m)", ylim=(0, 1))
    told = [f"seed {seed}: {counted(each)}" for seed, each in found.items()]
    return Drawing(
        "figure_prefix_lengths",
        fig,
        "How long a prefix a head needs",
        f"Attention of every head to the token that came next, where m tokens repeat. Short: s(1) of {SHORT} or more. "
        f"Long: s(1) of at most {LONG} and s(3) of {FAR} or more. Between: s(3) of {FAR} or more, and neither. Look "
        "for lines that rise beside lines that do not.",
        f"A panel a seed of twelve lines. Heads by kind: {'; '.join(told)}.",
    )


def counted(found: Found) -> str:
    """`2 short, 1 long`: how many heads are of each kind, of those kinds that there are."""
    kinds = [kind(one["attention"]) for one in found.values()]
    return ", ".join(f"{kinds.count(own)} {own}" for own in KINDS if own in kinds)


def figure_answer_logit(found: Mapping[int, Found]) -> Drawing:
    """What each head adds to the logit of the answer, by the length of the prefix."""
    fig, axes = _lines(found, "logit")
    for ax in axes:
        ax.axhline(0, color=QUIET, lw=0.6)
    axes[0].set(ylabel="added to the answer's logit")
    most = {
        f"m = {m}": [max(one["logit"][i] for one in each.values()) for each in found.values()]
        for i, m in enumerate(PREFIXES)
    }
    return Drawing(
        "figure_answer_logit",
        fig,
        "What a head says of the answer",
        "What each head adds directly to the logit of the token that came next, against the mean of all logits. "
        "Colours as in the figure of prefix lengths. Look at whether heads that attend also speak.",
        f"A panel a seed of twelve lines. The largest, by seed: {pictures.told(most)}.",
    )


def figure_corruption(found: Mapping[int, Found]) -> Drawing:
    """Attention where four tokens repeat, intact and with the token two before the attended one changed."""
    fig, axes = plt.subplots(1, 2, figsize=(6.4, 3), sharey=True)
    told = {}
    for ax, own, choose in zip(axes, ("short", "long"), (short_head, long_head), strict=True):
        numbers = [each[choose(each)]["corruption"] for each in found.values()]
        for i, (seed, pair) in enumerate(zip(found, numbers, strict=True)):
            ax.plot((0, 1), pair, marker=pictures.MARKERS[i], color=COLOURS[own], lw=1.2, label=f"seed {seed}")
        ax.set_xticks((0, 1), ("intact", "corrupted"))
        ax.set(xlim=(-0.3, 1.3), ylim=(0, 1))
        told[own] = [f"{number(before)} to {number(after)}" for before, after in numbers]
    axes[0].set(ylabel="attention to what came next")
    axes[0].legend(fontsize="small", loc="lower left")
    plots.panel_titles(axes, ("The head of s(1) most", "Of s(1) ≤ 0.3, the head of s(3) most"))
    listed = "; ".join(f"{own} {', '.join(each)}" for own, each in told.items())
    return Drawing(
        "figure_corruption",
        fig,
        "A prefix cut to one token",
        "Cases in which four tokens repeat and the head attends to what came next with more than 0.3; then the token "
        "two before the attended one is changed. A line a seed; where a head has no such case, no line. Look at "
        "whether the right-hand lines fall and the left-hand ones do not.",
        f"Two panels of lines from intact to corrupted, by seed (never: no such case): {listed}.",
    )


def figure_through_training(found: Mapping[int, Mapping[str, list]]) -> Drawing:
    """s(1) and s(3) of every head through training: a panel a seed."""
    fig, axes = plt.subplots(1, len(found), figsize=(3.2 * len(found), 3), sharey=True, squeeze=False)
    for ax, each in zip(axes[0], found.values(), strict=True):
        for name, label, own in (("one", "one token, s(1)", "short"), ("three", "three tokens, s(3)", "long")):
            by_head = np.array(each[name]).T
            ax.plot(each["steps"], by_head.T, color=COLOURS[own], lw=0.6, alpha=0.5)
            ax.plot(each["steps"], by_head.max(0), MARKERS[own] + "-", color=COLOURS[own], ms=3, label=label)
        ax.axhspan(0, LONG, color=QUIET, alpha=0.12, lw=0)
        ax.set(ylim=(0, 1))
        plots.count_axis(ax, "training steps")
    axes[0, 0].set(ylabel="attention to what came next")
    axes[0, 0].legend(fontsize="small")
    plots.panel_titles(axes[0], [f"Seed {seed}" for seed in found])
    most = {f"seed {seed}": [max(map(max, each["one"])), max(each["one"][-1])] for seed, each in found.items()}
    return Drawing(
        "figure_through_training",
        fig,
        "Which comes first",
        "Attention to what came next where one token repeats and where three do, through training. Thin: each head; "
        f"bold: the largest. Shaded: at most {LONG}, where the s(1) of a long head is. Look at whether the two part.",
        f"A panel a seed of two groups of curves. The largest s(1) at any time and at the end: {pictures.told(most)}.",
    )


def figure_further(found: Mapping[str, Mapping[int, Found]]) -> Drawing:
    """s(1) and s(3) of every head of every seed, a panel a setting."""
    fig, axes = plt.subplots(1, len(found), figsize=(2.6 * len(found), 2.9), sharey=True, squeeze=False)
    for ax, by_seed in zip(axes[0], found.values(), strict=True):
        for i, each in enumerate(by_seed.values()):
            strength = np.array([one["attention"] for one in each.values()])
            ax.plot(strength[:, 0], strength[:, 2], pictures.MARKERS[i], color=head_colour(i), ms=4.5, alpha=0.8)
        ax.axhspan(FAR, 1, xmax=LONG, color=QUIET, alpha=0.2, lw=0)
        ax.axvline(SHORT, color=QUIET, lw=0.9, ls=(0, (4, 3)))
        ax.plot((0, 1), (0, 1), color=QUIET, lw=0.6)
        ax.set(xlabel="s(1)", xlim=(0, 1), ylim=(0, 1))
    axes[0, 0].set(ylabel="s(3)")
    plots.panel_titles(axes[0], list(found))
    told = [f"{name}: {counted_over_seeds(by_seed)}" for name, by_seed in found.items()]
    return Drawing(
        "figure_further",
        fig,
        "Other data, the same question",
        "Attention to what came next where one and where three tokens repeat; a point a head, a colour and marker a "
        "seed. Shaded: long heads; right of the dashed line: short ones; on the diagonal a longer prefix changes "
        "nothing. Look for a panel that has both kinds.",
        f"{len(found)} panels of points. Heads by kind: {'; '.join(told)}.",
    )


def counted_over_seeds(by_seed: Mapping[int, Found]) -> str:
    """The same as `counted`, of all seeds together."""
    return counted({f"{seed} {name}": one for seed, each in by_seed.items() for name, one in each.items()})
