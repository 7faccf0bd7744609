"""Figures of `circuits_with_transformer_lens`: the trained circuit in the weights (section 2.1)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Complex, Float, Num, Shaped
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.paths import write_whole

from ..colours import SUBCIRCUIT_COLOURS
from . import diagrams, parts

TOKENS = ("x1", "l1", "x2", "l2", "xq")
DIVERGING = "RdBu_r"  # white at 0
Matrix = Float[ndarray, "row column"]


def figure_circuit_patterns(
    patterns: Mapping[str, Matrix],
    images: Shaped[ndarray, "item height width"] | None,
    labels: Sequence[int],
    target: int,
) -> Drawing:
    """A sequence, and the attention on it of a previous-token head and of an induction head (name -> pattern)."""
    fig, axes = plt.subplots(1, 3, figsize=(10, 3.1), width_ratios=[1.5, 1, 1])
    if images is not None:
        diagrams.draw_sequence(axes[0], images, labels, target)
    for ax, pattern in zip(axes[1:], patterns.values(), strict=True):
        diagrams.attention(ax, pattern, TOKENS)
    previous, induction = patterns
    plots.panel_titles(axes, ["A sequence", f"{previous}: the previous token", f"{induction}: the matching label"])
    correct = 1 + 2 * list(labels).index(target)
    back, matched = patterns[previous].diagonal(-1)[::2], patterns[induction][-1, correct]
    return Drawing(
        "figure_circuit_patterns",
        fig,
        "Attention on a drawn sequence",
        f"One evaluation sequence, and where two heads look on it: {previous} of Layer 1 from each label to the "
        f"exemplar before it, {induction} of Layer 2 from the query to the labels.",
        f"A drawn sequence and two attention patterns of five tokens by five. {previous} gives the exemplar before a "
        f"label {back.min():.2f} to {back.max():.2f} of its attention; {induction} gives the correct label "
        f"{matched:.2f} from the query.",
    )


def _signed(ax: Axes, matrix: Matrix, largest: float | None = None) -> None:
    """A matrix in red (positive) and blue, with its colour bar."""
    largest = np.abs(matrix).max() if largest is None else largest
    shown = ax.imshow(matrix, cmap=DIVERGING, vmin=-largest, vmax=largest)
    ax.figure.colorbar(shown, ax=ax, shrink=0.8)


def figure_circuit_match(by_weights: Matrix, measured: Matrix, head: str) -> Drawing:
    """Scores of an induction head, class by class: by weights, as measured, and the diagonal against the rest."""
    fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.2), width_ratios=[1, 1, 0.9])
    for ax, matrix in zip(axes, (by_weights, measured), strict=False):
        _signed(ax, matrix)
        ax.set(xlabel="class before the label", ylabel="class of the query")
    others, own = by_weights[~np.eye(len(measured), dtype=bool)], by_weights.diagonal()
    look = dict(density=True, histtype="stepfilled", alpha=0.7, color=[QUIET, SUBCIRCUIT_COLOURS["B"]])
    axes[2].hist([others, own], 40, label=["another class", "its own class"], **look)
    axes[2].set(xlabel="score by weights", ylabel="density")
    axes[2].legend()
    plots.panel_titles(axes, [f"{head} by weights", "Measured, all classes", "The diagonal stands out"])
    return Drawing(
        "figure_circuit_match",
        fig,
        "Match: the QK circuit, class by class",
        f"The score that {head} gives a label token, by the class of the query (row) and of the exemplar before the "
        "label (column). A head that matches has a red diagonal.",
        f"Two matrices of {len(by_weights)} classes by {len(by_weights)}, and two histograms. By weights the mean "
        f"score is {own.mean():.1f} for the query's own class and {others.mean():.1f} for another; measured "
        f"{measured.diagonal().mean():.1f} on the diagonal.",
    )


def figure_circuit_copy(direct: Matrix, whole: Matrix, shares: Float[ndarray, "2 head"], head: str) -> Drawing:
    """The OV circuit by the embedding alone and with Layer 1; `shares` of all heads in the same two ways."""
    fig, axes = plt.subplots(1, 3, figsize=(10.5, 2.9), width_ratios=[1, 1, 1.1])
    for ax, matrix in zip(axes, (direct, whole), strict=False):
        _signed(ax, matrix, np.abs(whole).max())
        ax.set(xlabel="logit of label", ylabel="label attended to")
    heads = np.arange(shares.shape[1])
    for filled, row, text in ((False, shares[0], "embedding alone"), (True, shares[1], "with what Layer 1 copies")):
        parts.head_points(axes[2], heads, row, filled=filled, label=text)
    axes[2].axhline(0.5, color=QUIET, lw=0.8, ls=(0, (4, 3)))
    axes[2].set(xlabel="head of Layer 2", ylabel="own label above another", ylim=(0, 1.05))
    axes[2].legend(loc="lower right")
    plots.panel_titles(axes, [f"{head}, the embedding alone", "with what Layer 1 copies", "All heads"])
    return Drawing(
        "figure_circuit_copy",
        fig,
        "Copy: the OV circuit, label by label",
        "What full attention to a label token adds to each logit. A head that copies has a red diagonal. Dashed: "
        "guessing.",
        f"Two matrices of {len(direct)} labels by {len(direct)} for {head}, and a point for each head: the share of "
        f"comparisons in which its own label comes above another, {shares[0].mean():.2f} on average by the embedding "
        f"alone and {shares[1].mean():.2f} with what Layer 1 copies.",
    )


def figure_circuit_eigenvalues(values: Mapping[str, Mapping[str, Complex[ndarray, "head eigenvalue"]]]) -> Drawing:
    """Eigenvalues of the circuits of all heads (circuit -> moment -> values), each head's over its largest in size."""
    fig, axes = plt.subplots(1, 2, figsize=(8, 3))
    for ax, moments in zip(axes, values.values(), strict=True):
        for filled, (text, heads) in enumerate(moments.items()):
            for head, own in enumerate(heads):
                colour = HEAD_COLOURS[head]
                ax.plot(own.real, own.imag, "o", ms=4, mec=colour, mfc=colour if filled else "white", alpha=0.8)
            ax.plot([], [], "o", ms=4, mec=QUIET, mfc=QUIET if filled else "white", label=text)
        ax.axvline(0, color=QUIET, lw=0.6)
        ax.set(xlabel="real part, of the largest", ylabel="imaginary part")
        ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    axes[1].legend(loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=7)
    parts.heads_legend(fig, range(len(next(iter(next(iter(values.values())).values())))), fontsize=7)
    plots.panel_titles(axes, ["Match, all heads of Layer 2", "Copy"])
    right = {name: [(own.real > 0).mean() for own in moments.values()] for name, moments in values.items()}
    return Drawing(
        "figure_circuit_eigenvalues",
        fig,
        "Eigenvalues of match and copy",
        "Each head's eigenvalues over its largest in size, hollow at the start of training, filled at the end. A "
        "circuit that maps everything to itself has them right of the line.",
        "Two complex planes. "
        + " ".join(
            f"{name}: {before:.0%} of the eigenvalues have a positive real part at the start, {after:.0%} at the end."
            for name, (before, after) in right.items()
        ),
    )


def figure_circuit_attribution(attributed: Float[ndarray, " part"], heads: int) -> Drawing:
    """What every head of Layer 1, of Layer 2 and the embedding add to the correct less the other logit."""
    fig, ax = plt.subplots(figsize=(8, 2.8))
    at = np.arange(2 * heads + 1) + np.repeat([0, 0.8, 1.6], [heads, heads, 1])
    names = [f"L{i // heads + 1}H{i % heads}" for i in range(2 * heads)] + ["emb."]
    ax.bar(at, attributed[: 2 * heads + 1], color=[HEAD_COLOURS[i % heads] for i in range(2 * heads)] + [INK])
    ax.set_xticks(at, names, size=7)
    ax.axhline(0, color=QUIET, lw=0.8)
    ax.set(ylabel="correct − other logit", title="What each part adds to the answer")
    layers = attributed[:heads].sum(), attributed[heads : 2 * heads].sum()
    return Drawing(
        "figure_circuit_attribution",
        fig,
        "Direct logit attribution",
        "The correct logit less the other label's, divided exactly among the heads and the embedding; mean over "
        "sequences.",
        f"A bar for each of {2 * heads} heads and one for the embedding. Layer 1's add up to {layers[0]:+.2f}, Layer "
        f"2's to {layers[1]:+.2f}; the largest is {names[int(attributed[: 2 * heads].argmax())]} with "
        f"{attributed[: 2 * heads].max():+.2f}.",
    )


def figure_circuit_composition(
    brought: Mapping[str, float],
    cut: Float[ndarray, "layer_1 layer_2"],
    scores: Float[ndarray, "layer_1 layer_2"],
    head: str,
) -> Drawing:
    """Who wrote what the head matches (source -> score), what cutting a path costs, and the composition scores."""
    fig, axes = plt.subplots(1, 3, figsize=(10.5, 3), width_ratios=[1.25, 1, 1])
    heads = len(cut)
    axes[0].bar(list(brought), list(brought.values()), color=[INK, *HEAD_COLOURS[:heads], QUIET])
    axes[0].tick_params(axis="x", rotation=60, labelsize=7)
    axes[0].set_ylabel("score on the correct label − other")
    for ax, matrix, low in ((axes[1], cut, min(0, cut.min())), (axes[2], scores, None)):
        fig.colorbar(ax.imshow(matrix, cmap="Blues", vmin=low), ax=ax, shrink=0.8)
        ax.set(xlabel="head of Layer 2", ylabel="head of Layer 1", xticks=range(heads), yticks=range(heads))
    plots.panel_titles(axes, [f"Who wrote what {head} matches", "Strength lost when cut", "Composition score, K"])
    most = sorted(brought, key=lambda name: brought[name], reverse=True)[:3]
    costly = np.unravel_index(cut.argmax(), cut.shape)
    return Drawing(
        "figure_circuit_composition",
        fig,
        "The way of the previous token into the keys",
        f"Which head wrote what {head} matches (a), what cutting one path into a Layer 2 head's keys costs it (b), and "
        "what the weights alone say of the same pairs (c).",
        f"A bar for each source of the key, the largest {', '.join(f'{name} {brought[name]:.1f}' for name in most)}; "
        f"and two tables of Layer 1 by Layer 2 heads. The costliest cut is L1H{costly[0]} from L2H{costly[1]}, "
        f"{cut.max():.2f} of strength; composition scores go from {scores.min():.2f} to {scores.max():.2f}.",
    )


def figure_circuit_patching(restored: Float[ndarray, "layer token head"]) -> Drawing:
    """Share of the answer that one head's output at one token restores, in a pass with the exemplars swapped."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 2.6))
    for layer, ax in enumerate(axes):
        _signed(ax, restored[layer], np.abs(restored).max())
        ax.set(xlabel=f"head of Layer {layer + 1}", ylabel="token", xticks=range(restored.shape[2]))
        ax.set_yticks(range(5), [r"$x_1$", r"$\ell_1$", r"$x_2$", r"$\ell_2$", "$x_q$"])
    plots.panel_titles(axes, ["Layer 1: share of the answer restored", "Layer 2"])
    best = [np.unravel_index(layer.argmax(), layer.shape) for layer in restored]
    return Drawing(
        "figure_circuit_patching",
        fig,
        "Activation patching",
        "The exemplars of a sequence are swapped, so that the answer changes; then one head's output at one token is "
        "put back. 1: all of the old answer comes back.",
        "Two tables of tokens by heads. "
        + " ".join(
            f"In Layer {layer + 1} the most is restored by L{layer + 1}H{head} at {TOKENS[token]}: "
            f"{restored[layer].max():.2f}."
            for layer, (token, head) in enumerate(best)
        ),
    )


def figure_circuit_training(films: Mapping[int, tuple[Matrix, Matrix]], head: str) -> Drawing:
    """Match and copy by weights at some moments of training (sequences seen -> both matrices)."""
    moments, (*_, ends) = list(films), films.values()
    fig, axes = plt.subplots(2, len(moments), figsize=(10.5, 3.4))
    for column, n in zip(axes.T, moments, strict=True):
        for ax, now, end in zip(column, films[n], ends, strict=True):
            ax.imshow(now, cmap=DIVERGING, vmin=-np.abs(end).max(), vmax=np.abs(end).max(), aspect="equal")
            ax.set(xticks=[], yticks=[])
        column[0].set_title(f"{n / 1000:,.0f}k" if n else "start")
    axes[0, 0].set_ylabel("match")
    axes[1, 0].set_ylabel("copy")
    fig.suptitle(f"{head} by weights, after so many sequences", x=0, ha="left", size=9.5)
    return Drawing(
        "figure_circuit_training",
        fig,
        "Match and copy through training",
        f"The circuits of {head} by weights at {len(moments)} moments; the colours' scale is that of the last.",
        f"Two rows of {len(moments)} matrices, match by classes and copy by labels, from the start to {moments[-1]:,} "
        f"sequences. The mean diagonal grows from {films[moments[0]][0].diagonal().mean():.1f} to "
        f"{ends[0].diagonal().mean():.1f} (match) and from {films[moments[0]][1].diagonal().mean():.1f} to "
        f"{ends[1].diagonal().mean():.1f} (copy).",
    )


def figure_circuit_curves(
    seen: Num[ndarray, " checkpoint"],
    grown: Mapping[str, Float[ndarray, " checkpoint"]],
    sizes: Mapping[str, Float[ndarray, " checkpoint"]],
    history: pd.DataFrame,
    head: str,
) -> Drawing:
    """In how many comparisons the own class (match) or label (copy) comes first, and below it the train loss.

    `sizes` are how much the mean diagonal is above the rest, as shares of that at the end.
    """
    fig, (above, below) = plt.subplots(2, 1, figsize=(6.6, 4.4), sharex=True, height_ratios=(1.3, 1))
    for (name, values), letter in zip(grown.items(), "BC", strict=True):
        own = dict(color=SUBCIRCUIT_COLOURS[letter], quantity="share")
        parts.curve(above, seen, values, letter, label=f"{name}: own above another", **own)
        parts.curve(
            above, seen, sizes[name], letter, label=f"{name}: size, of its last", ls=(0, (3, 1.5)), lw=1.1, **own
        )
    above.axhline(0.5, color=QUIET, lw=0.8, ls=(0, (4, 3)))
    above.annotate(
        "guessing", (1, 0.5), xycoords=("axes fraction", "data"), ha="right", va="bottom", size=6.5, color=QUIET
    )
    above.set(ylim=(min(0, *(float(size.min()) for size in sizes.values())), 1.05), xlabel=None)
    above.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    parts.curve(below, history.sequences, history.train_loss, "train", label="train loss")
    parts.chance_lines(below)
    below.set(ylim=(0, 1.8))
    plots.panel_titles((above, below), [f"{head}: its circuits by weights", "The train loss"])
    ends = " ".join(
        f"{name} goes from {v[0]:.2f} to {v[-1]:.2f} of the comparisons, its size from {sizes[name][0]:.2f} of the "
        f"last."
        for name, v in grown.items()
    )
    return Drawing(
        "figure_circuit_curves",
        fig,
        "The circuits and the loss through training",
        "(a) The share of comparisons by weights in which the own class (match) or the own label (copy) comes first, "
        "and how far the diagonal is above the rest, as a share of its end (dashed). (b) The train loss of the same "
        "run.",
        f"Two panels through training, for {head}. {ends} The train loss ends at {history.train_loss.iloc[-1]:.3f} "
        f"nats.",
    )


def circuit_training(films: Mapping[int, tuple[Matrix, Matrix]], folder: Path) -> Path:
    """Writes the two matrices through training as an animation, every second checkpoint: `circuit_training.gif`."""
    *_, last = films
    fig, axes = plt.subplots(1, 2, figsize=(6, 3.1), width_ratios=[1.2, 1])
    pictures = [
        ax.imshow(end, cmap=DIVERGING, vmin=-np.abs(end).max(), vmax=np.abs(end).max())
        for ax, end in zip(axes, films[last], strict=True)
    ]
    axes[0].set(xlabel="class before the label", ylabel="class of the query")
    axes[1].set(xlabel="logit", ylabel="label attended to")

    def show(n: int) -> None:
        for picture, matrix in zip(pictures, films[n], strict=True):
            picture.set_data(matrix)
        axes[0].set_title(f"match, {n:,} sequences")
        axes[1].set_title("copy")

    show(last)
    fig.draw_without_rendering()
    fig.set_layout_engine("none")  # frames that are laid out anew would shake
    target = folder / "circuit_training.gif"
    with write_whole(target) as part:
        FuncAnimation(fig, show, list(films)[::2]).save(part, PillowWriter(fps=8), dpi=70)
    plt.close(fig)
    return target
