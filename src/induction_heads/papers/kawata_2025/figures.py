"""Figures of Kawata and others 2025: where training takes the induction head, and what it takes instead."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing

from .claims import PUBLISHED
from .network import Weights
from .task import LONGEST, POSITIONS, SHORTEST, VOCABULARY

LENGTHS = range(SHORTEST, LONGEST + 1)


def _map(fig: Figure, ax: Axes, cells: pd.DataFrame, column: str, label: str, highest: float = 1.0) -> None:
    """A quantity by the lowest and the highest length; medians over seeds."""
    found = np.full((len(LENGTHS), len(LENGTHS)), np.nan)
    for (low, high), value in cells[column].groupby(level=[0, 1]).median().items():
        found[int(high) - SHORTEST, int(low) - SHORTEST] = value
    ax.imshow(found, cmap="cividis", vmin=0, vmax=highest, origin="lower")
    ticks = range(0, len(LENGTHS), 3)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([*ticks], [str(SHORTEST + t) for t in ticks])
    ax.set(xlabel="lowest length in training", ylabel="highest length in training")
    fig.colorbar(ax.images[0], ax=ax, shrink=0.8, label=label)


def figure_1(cells: Mapping[str, pd.DataFrame]) -> Drawing:
    """Accuracy with the output moved, for every range of lengths; by number of triggers."""
    fig, axes = plt.subplots(1, len(cells), figsize=(4.4 * len(cells), 3.6), squeeze=False)
    told = []
    for ax, (name, found) in zip(axes[0], cells.items(), strict=True):
        _map(fig, ax, found, "moved", "accuracy, output moved")
        for (low, high), theirs in PUBLISHED[name].items():
            ax.add_patch(Rectangle((low - SHORTEST - 0.5, high - SHORTEST - 0.5), 1, 1, fill=False, ec="white", lw=0.9))
            outline = [withStroke(linewidth=1.2, foreground=INK)]
            text = ax.text(low - SHORTEST, high - SHORTEST, f"{theirs:.2f}", size=5, color="white", ha="center")
            text.set(va="center", path_effects=outline)
        learnt = (found.moved.groupby(level=[0, 1]).median() >= 0.5).mean()
        told.append(f"with {name} above a half in {100 * learnt:.0f} % of the cells")
    plots.panel_titles(axes[0], list(cells))
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: accuracy with the output moved",
        "Each cell is a network trained on lengths uniform from the lowest to the highest, and tested where the output "
        "stands at another place than in training; medians of the seeds. Framed: the paper's accuracy in that cell. "
        "Look along a column: how many more lengths does it take?",
        f"{len(cells)} triangular maps, bright where accuracy is high, towards a low lowest and a high highest "
        f"length; {'; '.join(told)}.",
    )


def figure_2(cells: Mapping[str, pd.DataFrame], triggers: Sequence[int]) -> Drawing:
    """The same accuracy against R(D), with the threshold's order 1 / N_trg."""
    fig, axes = plt.subplots(1, len(cells), figsize=(4.4 * len(cells), 3.3), squeeze=False, sharey=True)
    for ax, (name, found), n in zip(axes[0], cells.items(), triggers, strict=True):
        median = found.groupby(level=[0, 1]).median()
        lowest = median.index.get_level_values(0)
        ax.scatter(median.ratio, median.moved, c=lowest, cmap="viridis", s=18, vmin=SHORTEST, vmax=LONGEST - 1)
        ax.axvline(1 / n, color=QUIET, ls="--", lw=1, label=f"1/{n}")
        ax.set(xlabel="R(D): share of the preferred position", ylim=(0, 1.03))
        ax.legend(fontsize=7.5, title=f"1 / triggers ({name})", title_fontsize=7)
    axes[0, 0].set_ylabel("accuracy, output moved")
    fig.colorbar(axes[0, -1].collections[0], ax=axes[0, -1], label="lowest length")
    plots.panel_titles(axes[0], list(cells))
    rank = [f"{name} {_rank(found):.2f}" for name, found in cells.items()]
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: one number of the lengths' distribution",
        "R(D) is the largest q/ℓ over their sum. It orders the cells; were it all, the points would lie on one curve.",
        f"Falling clouds of points, one panel a number of triggers; rank correlations: {', '.join(rank)}.",
    )


def _rank(found: pd.DataFrame) -> float:
    median = found.groupby(level=[0, 1]).median()
    return float(median.ratio.corr(median.moved, method="spearman"))


SAID = {"moved": ("the output", HEAD_COLOURS[0], "-"), "shortcut": ("the token half way", HEAD_COLOURS[1], "--")}


def figure_3(cells: pd.DataFrame) -> Drawing:
    """What is answered as the highest length grows, from the lowest 3; and the token at the leftmost place."""
    fig, ax = plt.subplots(figsize=(5.6, 3.3))
    rows = cells.loc[SHORTEST]
    highest = np.unique(rows.index.to_numpy())
    ends = []
    for column, (label, color, style) in (SAID | {"leftmost": ("the leftmost place's", INK, ":")}).items():
        values = np.stack([rows[column].loc[[high]].to_numpy() for high in highest], 1)
        plots.curve(ax, highest, values, color=color, label=label, ls=style)
        ends.append(f"{label} from {np.median(values[:, 0]):.2f} to {np.median(values[:, -1]):.2f}")
    ax.axhline(1 / 12, color=QUIET, lw=0.8, ls=(0, (1, 2)), label="chance")
    ax.set(xlabel=f"highest length (the lowest is {SHORTEST})", ylabel="share of answers", ylim=(0, 1.03))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: what is answered instead",
        "Four triggers, the output moved: shares of the answers that are the output, the token half way, and the one "
        "at the place of the shortest training sequences. One token may be two of these.",
        f"Curves against the highest length: {'; '.join(ends)}.",
    )


def figure_4(weights: Mapping[str, Weights], triggers: int) -> Drawing:
    """W_KQ for single triggers, by what it scores: positions, own tokens, tokens before."""
    fig, axes = plt.subplots(1, len(weights), figsize=(5 * len(weights), 3.3), squeeze=False)
    told = []
    for ax, (name, found) in zip(axes[0], weights.items(), strict=True):
        columns = slice(POSITIONS, POSITIONS + triggers)  # what a last token that is a trigger adds to scores
        scores = found.kq[:, columns].mean(1)
        before = found.kq[POSITIONS + VOCABULARY : POSITIONS + VOCABULARY + triggers, columns]
        match = np.diag(before).mean() - before[~np.eye(triggers, dtype=bool)].mean()
        ax.bar(np.arange(1, POSITIONS + 1), scores[:POSITIONS], color=HEAD_COLOURS[1], label="position")
        ax.axhline(match, color=HEAD_COLOURS[0], ls="--", label="the token before is the same trigger")
        ax.axhline(0, color=INK, lw=0.6)
        ax.set(xlabel="position of the key", ylabel="added to its score")
        ax.legend(fontsize=7)
        told.append(f"{name}: highest position {scores[:POSITIONS].max():.2f}, match {match:.2f}")
    plots.panel_titles(axes[0], list(weights))
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: what the step on attention writes",
        "What a trigger at the end adds to the score of a key: by the key's position (bars, means over triggers), and "
        "where the token before the key is the trigger itself (dashed, over that of another trigger).",
        f"Bars over positions and a dashed line in each panel. {'; '.join(told)}.",
    )
