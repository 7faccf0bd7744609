"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.networks.tokens import pictures

from .measures import FAR, LONG, PREFIXES, SHORT, kind, long_head, short_head

Found = Mapping[str, Mapping[str, list[float]]]  # head -> quantity -> numbers; of `measures.prefixes`
COLOURS = {"short": head_colour(0), "long": head_colour(1), "neither": QUIET}
MARKERS = {"short": "o", "long": "s", "neither": ""}


def _lines(ax: Axes, found: Found, quantity: str) -> None:
    """A line a head over the length of the prefix, by what kind of head it is."""
    labelled = set()
    for each in found.values():
        own = kind(np.array(each["attention"]))
        label = None if own in labelled else own
        labelled.add(own)
        thin = own == "neither"
        style: dict[str, Any] = {
            "color": COLOURS[own],
            "marker": MARKERS[own],
            "lw": 0.8 if thin else 1.5,
            "zorder": 1 if thin else 3,
        }
        ax.plot(PREFIXES, each[quantity], ms=4, label=label, **style)
    ax.set_xticks(PREFIXES)
    ax.set_xlabel("tokens that repeat, m")


def figure_prefix_lengths(found: Mapping[int, Found]) -> Drawing:
    """Attention to what came next by the length of the repeated prefix: a panel a seed, a line a head."""
    fig, axes = plt.subplots(1, len(found), figsize=(3.2 * len(found), 3), sharey=True, squeeze=False)
    for ax, each in zip(axes[0], found.values(), strict=True):
        _lines(ax, each, "attention")
        ax.legend(fontsize="small")
    axes[0, 0].set(ylabel="attention to what came next, s(m)", ylim=(0, 1))
    plots.panel_titles(axes[0], [f"Seed {seed}" for seed in found])
    kinds = {seed: [kind(np.array(one["attention"])) for one in each.values()] for seed, each in found.items()}
    told = [f"seed {seed}: {each.count('short')} short, {each.count('long')} long" for seed, each in kinds.items()]
    return Drawing(
        "figure_prefix_lengths",
        fig,
        "How long a prefix a head needs",
        f"Attention of every head to the token that came next, where m tokens repeat. Short: s(1) of {SHORT} or more. "
        f"Long: s(1) of at most {LONG} and s(3) of {FAR} or more. Grey: neither. Look for lines that rise.",
        f"A panel a seed of twelve lines. Heads by kind: {'; '.join(told)}.",
    )


def figure_answer_logit(found: Mapping[int, Found]) -> Drawing:
    """What each head adds to the logit of the answer, by the length of the prefix."""
    fig, axes = plt.subplots(1, len(found), figsize=(3.2 * len(found), 3), sharey=True, squeeze=False)
    for ax, each in zip(axes[0], found.values(), strict=True):
        _lines(ax, each, "logit")
        ax.axhline(0, color=QUIET, lw=0.6)
    axes[0, 0].set(ylabel="added to the answer's logit")
    axes[0, -1].legend(fontsize="small")
    plots.panel_titles(axes[0], [f"Seed {seed}" for seed in found])
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
        for i, pair in enumerate(numbers):
            ax.plot((0, 1), pair, marker=pictures.MARKERS[i], color=COLOURS[own], lw=1.2)
        ax.set_xticks((0, 1), ("intact", "corrupted"))
        ax.set(xlim=(-0.3, 1.3), ylim=(0, 1))
        told[own] = [f"{number(before)} to {number(after)}" for before, after in numbers]
    axes[0].set(ylabel="attention to what came next")
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


def figure_further(found: Mapping[str, Found]) -> Drawing:
    """s(1) and s(3) of every head in several settings."""
    fig, ax = plt.subplots(figsize=(4.8, 3.8))
    for i, (name, each) in enumerate(found.items()):
        strength = np.array([one["attention"] for one in each.values()])
        ax.plot(strength[:, 0], strength[:, 2], pictures.MARKERS[i], color=head_colour(i), ms=5, alpha=0.8, label=name)
    ax.axhspan(FAR, 1, xmax=LONG, color=QUIET, alpha=0.18, lw=0)
    ax.plot((0, 1), (0, 1), color=QUIET, lw=0.6)
    ax.set(xlabel="s(1)", ylabel="s(3)", xlim=(0, 1), ylim=(0, 1))
    fig.legend(loc="outside lower center", fontsize="small")
    most = {name: [each[long_head(each)]["attention"][2]] for name, each in found.items()}
    return Drawing(
        "figure_further",
        fig,
        "Other data, the same question",
        "Attention to what came next where one and where three tokens repeat; a point a head, one seed. Shaded: where "
        "heads of long prefixes would be.",
        f"Points of three settings. The largest s(3) of a head with s(1) of at most {LONG}: {pictures.told(most)}.",
    )
