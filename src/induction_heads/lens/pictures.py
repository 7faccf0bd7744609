"""The heads of a real model as a table, a figure and sentences: for `induction-heads heads MODEL` and its notebook."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import paths, plots
from induction_heads.machinery.drawing import Drawing, Page
from induction_heads.machinery.reading import listed, number
from induction_heads.networks.tokens import pictures
from induction_heads.networks.tokens.measures import LAGS

from . import heads
from .heads import Found

PANELS = {  # column -> title, colours, range
    "prefix_matching": ("Prefix matching", "viridis", (0.0, 1.0)),
    "previous_token": ("Previous token", "viridis", (0.0, 1.0)),
    "copying": ("Copying", "PuOr_r", (-1.0, 1.0)),
    "ov_score": ("OV score", "PuOr_r", (-1.0, 1.0)),
}
BEST = 4  # heads whose lag curves are drawn
SHOWN = 20  # rows of the table that are printed


def best(found: Found, column: str = "prefix_matching", many: int = 1) -> list[str]:
    """The heads that have most of a measure."""
    return list(found.table[column].nlargest(many).index)


def peak(found: Found, head: str) -> int:
    """The lag from the last occurrence that a head attends to most: +1 for an induction head."""
    return LAGS[int(np.nanargmax(found.lags[found.table.index.get_loc(head)]))]


def figure_heads_of_a_model(found: Found) -> Drawing:
    """Four measures by layer and head, and the lag curves of the heads that match prefixes most."""
    fig, axes = plt.subplots(1, 5, figsize=(13, 3.1), width_ratios=(1, 1, 1, 1, 1.5))
    for ax, (column, (_, colours, (low, high))) in zip(axes, PANELS.items(), strict=False):
        _map(fig, ax, found.table, column, colours, low, high)
    axes[0].set_ylabel("layer")
    names = best(found, many=BEST)
    curves = {name: found.lags[found.table.index.get_loc(name)] for name in names}
    pictures.lag_panel(axes[-1], curves, pictures.colours(names))
    axes[-1].legend(fontsize="small")
    plots.panel_titles(axes, [*(title for title, _, _ in PANELS.values()), "Lag curves"])
    told = listed(f"{name} {number(found.table.prefix_matching[name])}" for name in names)
    return Drawing(
        "figure_heads_of_a_model",
        fig,
        f"Every head of {found.model}",
        "a, b and c on random tokens that repeat and on text: attention to what came after earlier occurrences, to "
        "the token before, and how much a head raises what it attends to. d: eigenvalues of what it writes, 1 copies, "
        "−1 suppresses. e: where the heads of most prefix matching look, by the distance from the last occurrence; an "
        "induction head has its peak at +1.",
        f"Four maps of layers and heads, and lag curves. Most prefix matching: {told}; uniform attention would have "
        f"{number(found.uniform)}.",
    )


def _map(fig: plt.Figure, ax: Axes, table: pd.DataFrame, column: str, colours: str, low: float, high: float) -> None:
    layers = int(table.layer.max())
    values = table[column].to_numpy().reshape(layers, -1)
    shown = ax.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    many = values.shape[1]
    ax.set_xticks(range(0, many, -(-many // 8)))
    ax.set_yticks(range(0, layers, -(-layers // 8)), [f"L{i + 1}" for i in range(0, layers, -(-layers // 8))])
    ax.set_xlabel("head")
    fig.colorbar(shown, ax=ax, shrink=0.85)


def told(found: Found) -> list[str]:
    """Which head is the induction head, if any, where it looks, and what the in-context-learning score is."""
    (top,), (before,) = best(found), best(found, "previous_token")
    score = found.table.prefix_matching[top]
    times = score / found.uniform
    sentences = [
        f"{top} matches prefixes most, {number(score)}, {number(times)} times what uniform attention has "
        f"({number(found.uniform)}); its largest attention is at lag {peak(found, top):+d}.",
        f"{before} attends most to the previous token, {number(found.table.previous_token[before])}.",
    ]
    if np.isfinite(found.icl_score):
        sentences.append(
            f"In-context-learning score {found.icl_score:+.2f} nats: {found.late:.2f} late, {found.early:.2f} early."
        )
    return sentences


def folder_of(model: str) -> Path:
    """Where the table and the figure of a model go."""
    return paths.BUILD / "heads" / re.sub(r"[^\w.-]+", "-", model).strip("-.")


def report(name: str, text: str | None = None) -> str:
    """Opens a model, measures its heads, on a text file too, and writes table and figure; says what is seen, and where.

    The table has the lag curve of every head, of which the figure shows those of a few.

    `FileNotFoundError` where the model or the text is not at hand.
    """
    written = Path(text).read_text(encoding="utf-8") if text else None
    plots.style()
    found = heads.look(heads.open(name), name, written)
    page = Page(folder_of(name), "paper", f"{name}; {found.test}")
    picture = page.write(figure_heads_of_a_model(found))
    lags = pd.DataFrame(found.lags, index=found.table.index, columns=[f"lag {lag:+d}" for lag in LAGS])
    with paths.write_whole(picture.with_name("heads.csv")) as part:
        found.table.join(lags).to_csv(part)
    rows = found.table.sort_values("prefix_matching", ascending=False).head(SHOWN)
    return "\n".join(
        [rows.round(3).to_string(), "", *told(found), found.test, str(part.parent / "heads.csv"), str(picture)]
    )
