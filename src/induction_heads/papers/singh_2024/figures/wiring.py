"""Table 1 and Figure 11 (appendix): which Layer 1 heads feed which Layer 2 heads, and by which path."""

from collections.abc import Collection, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from ..colours import SUBCIRCUIT_COLOURS, colour
from ..wiring import PREVIOUS_TOKEN

PATHS = {"values": "Through patterns (values preserved)", "patterns": "Through values (patterns preserved)"}
PATH_COLOURS = {
    "values": SUBCIRCUIT_COLOURS["A"],
    "patterns": SUBCIRCUIT_COLOURS["C"],
}  # what is preserved -> the path left
SCORES = {"Q": "values", "K": "values", "V": "patterns"}  # composition score -> what is preserved where it should tell
Effects = Mapping[tuple[str, str], pd.DataFrame]  # (preserved, active in Layer 1) -> `wiring.effect`
Scores = Mapping[str, Float[np.ndarray, "layer_1 layer_2"]]  # "Q", "K", "V" -> composition scores


def figure_previous_token_heads(attention: Float[np.ndarray, " head"], previous: Collection[int]) -> Drawing:
    """The attention of each Layer 1 head from the label tokens to the token before, highest first."""
    order = np.argsort(-attention, kind="stable").tolist()
    fig, ax = plt.subplots(figsize=(4.6, 2.6))
    shades = [colour(h) if h in previous else pale(colour(h), 0.3) for h in order]
    ax.bar(range(len(order)), attention[order], color=shades, width=0.7)
    ax.axhline(PREVIOUS_TOKEN, color=INK, lw=0.9, ls=(0, (4, 3)))
    above: dict[str, Any] = dict(xytext=(0, 2), textcoords="offset points", ha="right", va="bottom", size=7)
    ax.annotate("threshold", (len(order) - 0.55, PREVIOUS_TOKEN), **above)
    ax.set(xticks=range(len(order)), xticklabels=[f"L1H{h}" for h in order], ylim=(0, 1))
    ax.set(ylabel="attention to the token before", title="Layer 1 heads at the label tokens")
    shares = ", ".join(f"L1H{h} {attention[h]:.2f}" for h in order)
    return Drawing(
        "figure_previous_token_heads",
        fig,
        "The previous-token heads",
        "Attention from the label tokens to the token before, mean over both labels and all sequences, highest first. "
        f"Full colour: previous-token heads, above the threshold of {PREVIOUS_TOKEN}.",
        f"A bar for each Layer 1 head, its attention from the label tokens to the token before: {shares}. "
        f"{len(previous)} lie above the threshold of {PREVIOUS_TOKEN}.",
    )


def table_1_bars(table: pd.DataFrame) -> Drawing:
    """The four accuracies of Table 1, ours (column accuracy) and the paper's (column the paper), side by side."""
    fig, ax = plt.subplots(figsize=(5.4, 2.7))
    for x, ((_, kept), row) in enumerate(table.iterrows()):
        ax.bar(x - 0.18, row.accuracy, 0.34, color=PATH_COLOURS[kept])
        label = "the paper (seed 5)" if x == 0 else None
        ax.bar(x + 0.2, row["the paper"], 0.34, color=pale(QUIET, 0.4), label=label)
        ax.annotate(f"{row.accuracy:.3f}", (x - 0.18, row.accuracy), ha="center", va="bottom", size=7)
    ax.set(xticks=range(4), xticklabels=[f"{group}\n{kept} preserved" for group, kept in table.index])
    for kept, text in PATHS.items():
        ax.bar([0], [0], color=PATH_COLOURS[kept], label=text.lower())
    ax.set(ylim=(0, 1.1), ylabel="accuracy", title="Layer 1 heads ablated: what is left, and by which path")
    ax.tick_params(axis="x", labelsize=7)
    fig.legend(loc="outside lower center", ncols=3, fontsize=6.5)
    found = "; ".join(
        f"{group} ablated, {kept} preserved {row.accuracy:.3f}" for (group, kept), row in table.iterrows()
    )
    return Drawing(
        "table_1_bars",
        fig,
        "Table 1: previous-token heads",
        "Accuracy with the previous-token heads ablated, and with the others, preserving patterns or values. Blue is "
        "what is left when Layer 1 reaches the output through patterns only (values preserved), purple through values "
        "only. Grey: the paper's.",
        f"Bars of accuracy, ours beside the paper's: {found}.",
    )


def table_1_cut(tables: Mapping[int, pd.Series], previous: int) -> Drawing:
    """The four accuracies of Table 1 when the k heads that attend most to the token before are previous-token heads.

    `tables` has them by k; `previous` is the k that the threshold gives.
    """
    fig, ax = plt.subplots(figsize=(5.8, 3.2))
    for i, (group, kept) in enumerate(next(iter(tables.values())).index):
        accuracies = [accuracy[group, kept] for accuracy in tables.values()]
        line: dict[str, Any] = dict(ls="-" if i < 2 else (0, (4, 2)), marker="o", ms=4, color=PATH_COLOURS[kept])
        ax.plot(list(tables), accuracies, **line, label=f"{group} ablated, {kept} preserved")
    ax.axvline(previous, color=INK, lw=0.8, ls=(0, (1, 2)), label=f"threshold of {PREVIOUS_TOKEN}")
    ax.set(xlabel="heads counted as previous-token heads (k)", ylabel="accuracy", ylim=(0, 1.03))
    ax.set_title("Table 1 for every place of the line")
    ax.legend(fontsize=6.5, loc="center left", bbox_to_anchor=(1, 0.5))
    lowest = {key: min(accuracy[key] for accuracy in tables.values()) for key in next(iter(tables.values())).index}
    found = "; ".join(f"{group} ablated, {kept} preserved {low:.2f}" for (group, kept), low in lowest.items())
    return Drawing(
        "table_1_cut",
        fig,
        "Table 1 for every place of the line",
        "The four accuracies of Table 1 when the k heads that attend most to the token before count as previous-token "
        f"heads. Dotted: the k of the threshold of {PREVIOUS_TOKEN}.",
        f"Four curves of accuracy against k, from {min(tables)} to {max(tables)}. Their lowest points: {found}.",
    )


def figure_11(effects: Effects, previous: Collection[int], carries: float) -> Drawing:
    """The functional wiring as four matrices, Layer 1 head by Layer 2 head: two paths, one head missing and one left.

    A pair is a wire from an accuracy of `carries` on.
    """
    fig, axes = plt.subplots(2, 2, figsize=(8.2, 7.9), sharex=True, sharey=True)
    for ax, (panel, worth) in zip(axes.flat, effects.items(), strict=True):
        image = _matrix(ax, worth, previous, cmap="RdBu", vmin=-0.5, vmax=0.5)
        for i, j in np.argwhere(np.abs(worth.to_numpy()) >= carries).tolist():
            _number(ax, worth.iat[i, j], (i, j))
        if panel[1] == "all but one":
            _framed(ax, worth.to_numpy() >= carries)
    told = {"all but one": "lost without the one head", "only one": "given by the one head"}
    plots.panel_titles(axes.flat, [f"{PATHS[kept]}:\n    accuracy {told[active]}" for kept, active in effects])
    fig.colorbar(image, ax=axes, label="accuracy", shrink=0.5, aspect=30)
    fig.supxlabel("the Layer 2 head that works alone", size=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("the Layer 1 head", size=8)
    wires = {kept: int((effects[kept, "all but one"].to_numpy() >= carries).sum()) for kept in PATHS}
    return Drawing(
        "figure_11",
        fig,
        "Figure 11: wiring of all pairs of heads",
        "What each Layer 1 head is worth to each Layer 2 head that works alone, in accuracy: lost without it (who is "
        f"needed), and given by it where Layer 1 has nothing else (who is enough). Numbers from {carries} on; framed: "
        "wires, pairs that lose that much; ● marks previous-token heads.",
        "Four matrices of 8 by 8 pairs of heads. Pairs in which the missing Layer 1 head costs "
        f"{carries} of accuracy or more: {wires['values']} through patterns, {wires['patterns']} through values.",
    )


def figure_11_wires(effects: Effects, previous: Collection[int], carries: float) -> Drawing:
    """The pairs that are worth `carries` of accuracy or more, as lines between the heads of the two layers."""
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 2.5))
    found = []
    for ax, kept in zip(axes, PATHS, strict=True):
        wires = effects[kept, "all but one"].stack()
        wires = wires[wires >= carries]
        for (i, j), worth in wires.items():
            ax.plot([i, j], [0, 1], color=colour(i), lw=14 * worth, alpha=0.75, solid_capstyle="round", zorder=1)
        _heads(ax, previous)
        found.append(f"{PATHS[kept].lower()} {', '.join(f'L1H{i} to L2H{j}' for i, j in wires.index) or 'none'}")
    plots.panel_titles(axes, list(PATHS.values()))
    return Drawing(
        "figure_11_wires",
        fig,
        "The wires of Figure 11",
        f"Wires worth {carries} of accuracy or more to the Layer 2 head alone, drawn in proportion, in the colour of "
        "the Layer 1 head. Thick rims: previous-token heads.",
        f"Layer 1 heads below, Layer 2 heads above, joined by the wires: {'; '.join(found)}.",
    )


def _heads(ax: Axes, previous: Collection[int]) -> None:
    """A disc for each head of the two layers."""
    for layer, fills in ((0, [colour(h) for h in range(8)]), (1, ["white"] * 8)):
        rims = [2 if layer == 0 and h in previous else 0.7 for h in range(8)]
        ax.scatter(range(8), [layer] * 8, s=330, c=fills, edgecolors=INK, linewidths=rims, zorder=3)
        for h in range(8):
            ink = "white" if layer == 0 and h in (1, 2, 3) else INK
            middle: dict[str, Any] = dict(ha="center", va="center", size=5.4, zorder=4, weight="bold")
            ax.annotate(f"L{layer + 1}H{h}", (h, layer), color=ink, **middle)
    ax.set(xlim=(-0.5, 7.5), ylim=(-0.2, 1.2))
    ax.set_axis_off()


def figure_11_scores(
    scores: Scores, effects: Effects, previous: Collection[int], correlation: Mapping[str, float], carries: float
) -> Drawing:
    """Each pair's composition score against what the Layer 1 head is worth to the Layer 2 head by that path.

    `correlation` has the rank correlation of each panel, by the letter of the score.
    """
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.2))
    kinds = {
        "a previous-token head": ("#E07B1E", list(previous)),
        "another Layer 1 head": (QUIET, [h for h in range(8) if h not in previous]),
    }
    for ax, (letter, kept) in zip(axes, SCORES.items(), strict=True):
        worth = effects[kept, "all but one"].to_numpy()
        for text, (own, chosen) in kinds.items():
            point: dict[str, Any] = dict(
                s=22, color=own, edgecolors=INK, linewidths=0.4, label=f"{text} and a Layer 2 head"
            )
            ax.scatter(scores[letter][chosen], worth[chosen], **point)
        ax.axhline(0, color=QUIET, lw=0.7, zorder=0)
        ax.axhline(carries, color=INK, lw=0.8, ls=(0, (4, 3)), zorder=0, label=f"a wire: {carries}")
        ax.set(xlabel=f"{letter}-composition score", ylabel="accuracy lost without it")
    path = {"values": "patterns", "patterns": "values"}
    titles = [f"{letter} score and {path[kept]}: r = {correlation[letter]:.2f}" for letter, kept in SCORES.items()]
    plots.panel_titles(axes, titles)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    found = ", ".join(f"{letter} {r:.2f}" for letter, r in correlation.items())
    return Drawing(
        "figure_11_scores",
        fig,
        "Composition scores against the functional wiring",
        "A point is a pair of heads, of Layer 1 and of Layer 2; r is the rank correlation over the 64 pairs. A score "
        "that told the wiring would put the points on a rising curve.",
        "Three scatter plots of 64 pairs of heads, accuracy lost against composition score. Rank correlations: "
        f"{found}.",
    )


def figure_11_composition(before: Scores, after: Scores, previous: Collection[int]) -> Drawing:
    """The composition scores of all pairs, at initialisation and at the end."""
    fig, axes = plt.subplots(2, 3, figsize=(9.2, 6), sharex=True, sharey=True)
    moments = {"at initialisation": before, "at the end": after}
    shown = {f"{letter}-composition, {when}": scores[letter] for when, scores in moments.items() for letter in SCORES}
    low, high = min(map(np.min, shown.values())), max(map(np.max, shown.values()))
    for ax, matrix in zip(axes.flat, shown.values(), strict=True):
        image = _matrix(ax, matrix, previous, cmap="mako_r", vmin=low, vmax=high)
    fig.colorbar(image, ax=axes, label="composition score", shrink=0.6, aspect=30)
    plots.panel_titles(axes.flat, list(shown))
    means = ", ".join(f"{letter} {before[letter].mean():.3f} and {after[letter].mean():.3f}" for letter in SCORES)
    return Drawing(
        "figure_11_composition",
        fig,
        "Composition scores of all pairs of heads",
        "How much of what a Layer 1 head writes lies where a Layer 2 head's queries, keys or values read, before "
        "training and after; ● marks previous-token heads.",
        f"Six matrices of 8 by 8 pairs of heads. Mean scores at initialisation and at the end: {means}.",
    )


def _matrix(ax: Axes, values: pd.DataFrame | np.ndarray, previous: Collection[int], **look) -> AxesImage:
    """A matrix of Layer 1 heads by Layer 2 heads."""
    image = ax.imshow(np.asarray(values), **look)
    ax.set_xticks(range(8), [f"L2H{h}" for h in range(8)], size=7)
    ax.set_yticks(range(8), [f"L1H{h}" + (" ●" if h in previous else "") for h in range(8)], size=7)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _number(ax: Axes, value: float, cell: tuple[int, int]) -> None:
    ink = "white" if abs(value) > 0.25 else INK
    ax.text(cell[1], cell[0], f"{value:.2f}", ha="center", va="center", size=6.5, color=ink)


def _framed(ax: Axes, cells: np.ndarray) -> None:
    for i, j in np.argwhere(cells):
        ax.add_patch(Rectangle((j - 0.48, i - 0.48), 0.96, 0.96, fill=False, ec=INK, lw=1.2))
