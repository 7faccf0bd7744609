"""Figures of one pass of one network: the patterns of both layers, and what the match clamp does to one head."""

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET
from induction_heads.machinery.drawing import Drawing

from ..colours import SUBCIRCUIT_COLOURS, colour
from .diagrams import attention, draw_sequence
from .the_task import ShownSequence

STEP_1, MATCH = SUBCIRCUIT_COLOURS["A"], SUBCIRCUIT_COLOURS["B"]  # as in the circuit of Figure 1


def token_names(shown: ShownSequence) -> list[str]:
    """x1, l1, x2, l2, … xq."""
    pairs = range(1, len(shown.labels) + 1)
    return [name for pair in pairs for name in (f"x{pair}", f"l{pair}")] + ["xq"]


def _pattern(ax: Axes, pattern: Float[ndarray, "query key"], shown: ShownSequence, *, queries: bool = True) -> None:
    """An attention pattern with the sequence's own pictures and labels below its keys, and beside its queries."""
    attention(ax, pattern, token_names(shown))
    tokens = len(pattern)
    for token in range(tokens):
        _item(ax, float(token), tokens + 0.15, shown, token)
        if queries:
            _item(ax, -1.15, float(token), shown, token)
    left = -1.7 if queries else -0.5
    ax.set(xlim=(left, tokens - 0.5), ylim=(tokens + 0.7, -0.5), xticks=[], yticks=[], xlabel="", ylabel="")


def _frame(ax: Axes, query: int, key: int, own: str, *, keys: int = 1) -> None:
    """A frame around some weights of a row, from `key` on."""
    ax.add_patch(Rectangle((key - 0.5, query - 0.5), keys, 1, fill=False, ec=own, lw=1.6, zorder=4, clip_on=False))


def _item(ax: Axes, x: float, y: float, shown: ShownSequence, token: int) -> None:
    """A token's picture, or its label in a circle, half a unit around a point."""
    if token % 2:
        ax.plot(x, y, "o", ms=9, mfc="white", mec=QUIET, mew=0.7, clip_on=False)
        ax.text(x, y, str(shown.labels[token // 2]), ha="center", va="center_baseline", size=6.5, color=INK)
        return
    place = (x - 0.45, x + 0.45, y + 0.45, y - 0.45)
    ax.imshow(255 - shown.pictures[token // 2], cmap="gray", vmin=0, vmax=255, extent=place)


def figure_network_patterns(
    patterns: Float[ndarray, "layer head query key"],
    previous: Float[ndarray, " head"],
    correct: Float[ndarray, " head"],
    shown: ShownSequence,
) -> Drawing:
    """A sequence, and below it the pattern of every head of each layer on it.

    `previous` is how much Layer 1's label tokens attend to the token before them, mean; `correct` how much the query
    attends to the correct label token in the last layer.
    """
    layers, heads, tokens, _ = patterns.shape
    steps = {1: [(label, label - 1, STEP_1) for label in range(1, tokens, 2)]}
    steps[layers] = [(tokens - 1, _correct(shown), MATCH)]
    widths = [(tokens + 1.2) / tokens, *[1] * (heads - 1)]  # the first has the queries beside it
    fig = plt.figure(figsize=(1.5 * heads, 1.1 + 1.75 * layers))
    top, *rows = fig.subfigures(1 + layers, 1, squeeze=False, height_ratios=[0.62, *[1] * layers])[:, 0]
    draw_sequence(top.subplots(), shown.pictures, shown.labels, shown.target)
    for layer, (row, of_layer) in enumerate(zip(rows, patterns, strict=True), 1):
        axes = row.subplots(1, heads, width_ratios=widths)
        for head, (ax, pattern) in enumerate(zip(axes, of_layer, strict=True)):
            _pattern(ax, pattern, shown, queries=head == 0)
            for place in steps.get(layer, ()):
                _frame(ax, *place)
            ax.set_title(f"L{layer}H{head}", color=colour(f"L{layer}H{head}"), weight="bold", loc="center")
    return Drawing(
        "figure_network_patterns",
        fig,
        "All attention patterns of one pass",
        f"Above, the sequence; below, the {heads} heads of Layer 1, then those of Layer 2. A row is a token that "
        "attends, a column one that is attended to. Framed: in Layer 1 the labels' weight on the token before them "
        "(step 1), in Layer 2 the query's on the correct label (step 4).",
        f"The sequence {_told(shown)}. Below it {layers} rows of {heads} attention patterns. Layer 1, weight of the "
        f"labels on the token before them, mean: {_each(1, previous)}. Layer {layers}, weight of the query on the "
        f"correct label: {_each(layers, correct)}.",
    )


def figure_network_clamp(
    before: Float[ndarray, "query key"],
    after: Float[ndarray, "query key"],
    logits: Float[ndarray, "2 label"],
    head: str,
    shown: ShownSequence,
) -> Drawing:
    """The pattern of a head as the network computed it and under the match clamp; the logits, before and after."""
    fig, axes = plt.subplots(1, 3, figsize=(9.2, 2.9), width_ratios=(1, 1, 1.25))
    for ax, pattern in zip(axes, (before, after), strict=False):
        _pattern(ax, pattern, shown)
    _frame(axes[1], len(after) - 1, 0, MATCH, keys=len(after))
    labels = np.arange(logits.shape[1])
    for side, values, own, name in ((-0.2, logits[0], INK, "no clamp"), (0.2, logits[1], MATCH, "match clamped")):
        axes[2].bar(labels + side, values, 0.38, color=own, label=name)
    axes[2].axhline(0, color=QUIET, lw=0.8)
    names = [f"{label}\n{_place(label, shown)}" for label in labels.tolist()]
    axes[2].set_xticks(labels, names)
    axes[2].set(xlabel="label", ylabel="logit at the query", ylim=_room_above(logits))
    axes[2].legend(loc="upper right", ncols=2)
    plots.panel_titles(axes, [f"{head}, as computed", f"{head}, match clamped", "What the network says"])
    chances = _probability(logits)[:, shown.target]
    weights = [pattern[-1, _correct(shown)] for pattern in (before, after)]
    return Drawing(
        "figure_network_clamp",
        fig,
        "One clamp: the match of one head",
        "The clamp replaces one row, the query's (framed): all weight on the correct label token. "
        f"The other rows of {head} are the network's own, and so are all other heads.",
        f"Two patterns of {head} on the sequence {_told(shown)}. They differ in the last row: the query gives the "
        f"correct label a weight of {weights[0]:.2f} as computed and {weights[1]:.2f} under the clamp. Beside, bars "
        f"of the {logits.shape[1]} logits without and with the clamp: the target's probability is {chances[0]:.4f} "
        f"without and {chances[1]:.4f} with it.",
    )


def _correct(shown: ShownSequence) -> int:
    """The place of the correct label token."""
    return 2 * list(shown.labels).index(shown.target) + 1


def _place(label: int, shown: ShownSequence) -> str:
    if label == shown.target:
        return "target"
    return "in context" if label in shown.labels else ""


def _room_above(logits: Float[ndarray, "2 label"]) -> tuple[float, float]:
    """Limits that leave a fifth of the height for the legend."""
    low, high = min(logits.min(), 0.0), max(logits.max(), 0.0)
    return low - 0.05 * (high - low), high + 0.3 * (high - low)


def _probability(logits: Float[ndarray, "*n label"]) -> Float[ndarray, "*n label"]:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _told(shown: ShownSequence) -> str:
    pairs = " ".join(f"x{i} {label}" for i, label in enumerate(shown.labels, 1))
    return f"{pairs} xq, whose answer is {shown.target}"


def _each(layer: int, numbers: Float[ndarray, " head"]) -> str:
    return ", ".join(f"L{layer}H{head} {number:.2f}" for head, number in enumerate(numbers))
