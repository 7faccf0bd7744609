"""What several figures of this paper share: curves behind ours, axes, lines at chance, points and legends of heads.

Colours are in `colours`, drawings that are not plots in `diagrams`, the published numbers in `published`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, QUIET, pale

from ..colours import colour


def curve(
    ax: Axes,
    sequences: Num[ndarray, " time"],
    values: Float[ndarray, "*seed time"],
    name: str | int = "",
    *,
    label: str | None = None,
    quantity: str = "loss (nats)",
    **line,
) -> Line2D:
    """A quantity through training, in the colour of `name` (see `colours`), which is its label unless one is given."""
    own = line.pop("color", None) or colour(name)
    drawn = plots.curve(ax, sequences, values, color=own, label=_spelt(name) if label is None else label, **line)
    sequence_axis(ax)
    ax.set_ylabel(quantity)
    return drawn


def published(ax: Axes, frame: pd.DataFrame, *, label: str = "the paper") -> None:
    """The paper's curves (`paper_curve`), wide and pale behind ours; paler still where another curve hid them.

    Each has the colour of its series' name. One entry goes into the legend.
    """
    if frame.panel.nunique() != 1:
        raise ValueError(
            f"expected the curves of one panel, got {frame.panel.nunique()}: {'; '.join(frame.panel.unique())}"
        )
    wide: dict[str, Any] = dict(lw=3.4, solid_capstyle="butt", zorder=1)
    for series, rows in frame.groupby("series", sort=False):
        rows, own = rows.sort_values("x"), colour(series)
        ax.plot(rows.x, rows.y, color=pale(own, 0.16), **wide)
        ax.plot(rows.x, rows.y.where(~rows.hidden), color=pale(own), **wide)
    ax.plot([], [], color=pale(QUIET, 0.5), label=label, **wide)


def chance_lines(ax: Axes, labels: int = 5, *, context: int = 2) -> None:
    """Where guessing ends: the loss of a uniform guess over all labels, and over those in the context."""
    for count, meaning in ((context, "the labels in context"), (labels, "all labels")):
        ax.axhline(np.log(count), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
        at: dict[str, Any] = dict(xycoords=("axes fraction", "data"), xytext=(0, 1.5), textcoords="offset points")
        ax.annotate(
            f"ln {count}: guessing among {meaning}",
            (1, np.log(count)),
            **at,
            ha="right",
            va="bottom",
            size=6.5,
            color=QUIET,
            annotation_clip=True,
            path_effects=[withStroke(linewidth=2, foreground="white")],  # a curve may pass behind it
            zorder=4,
        )


def sequence_axis(ax: Axes) -> None:
    """The horizontal axis in sequences seen, its ticks as 0, 200k, 1M."""
    plots.count_axis(ax, "sequences seen")


def _spelt(name: str | int) -> str:
    return str(name).replace("held_out", "held-out").replace("_", " ")


def head_points(
    ax: Axes,
    x: Float[ndarray, " head"],
    y: Float[ndarray, " head"],
    *,
    filled: bool = True,
    label: str | None = None,
    **marker,
) -> None:
    """A point for each head in its colour, hollow unless `filled`; the legend's entry, about all heads, is grey."""
    look: dict[str, Any] = {"marker": "o", "ms": 6, "mew": 1.4, "ls": ""} | marker
    for head, at in enumerate(zip(x, y, strict=True)):
        own = HEAD_COLOURS[head % len(HEAD_COLOURS)]
        ax.plot(*at, mfc=own if filled else "white", mec=own, **look)
    if label is not None:
        ax.plot([], [], mfc=QUIET if filled else "white", mec=QUIET, label=label, **look)


def heads_legend(
    where: Axes | Figure,
    heads: Iterable[int] = range(8),
    *,
    layer: int = 2,
    extra: Mapping[str, str] | None = None,
    **legend,
) -> Legend:
    """The heads' colours as a legend (of an Axes, or below a whole Figure); `extra` is label -> colour."""
    entries = {f"L{layer}H{head}": colour(head) for head in heads} | dict(extra or {})
    handles = [Line2D([], [], color=own, lw=2.4, label=text) for text, own in entries.items()]
    if isinstance(where, Figure):
        legend = {"loc": "outside lower center", "ncols": len(handles)} | legend
    return where.legend(handles=handles, **{"handlelength": 1.2, "columnspacing": 1.1} | legend)


def squeezed(frame: pd.DataFrame, scale: int) -> pd.DataFrame:
    """The paper's curves with time divided by `scale`, as the runs of a shorter profile have it."""
    return frame.assign(x=frame.x / scale)


def the_paper(scale: int = 1, who: str = "the paper") -> str:
    """What a legend calls the paper's curves: `the paper`, or `the paper, time / 25` where they are squeezed."""
    return f"{who}, time / {scale}" if scale > 1 else who


def colours_by_rank(ours: Float[ndarray, " head"], theirs: Float[ndarray, " head"]) -> list[str]:
    """Colours for the paper's heads: each has that of our head of the same rank, since head numbers mean nothing."""
    of_rank = np.argsort(ours, kind="stable")
    ranks = np.argsort(np.argsort(theirs, kind="stable"), kind="stable")
    return [colour(int(of_rank[rank])) for rank in ranks]


SEEDS_BEHIND: dict[str, Any] = dict(color="#B5B5B5", lw=0.7, zorder=2)  # thin, for seeds that are not the one shown


def seeds_behind(
    ax: Axes, histories: Mapping[int, pd.DataFrame], quantity: str = "train_loss", called: str = "train"
) -> None:
    """The same quantity for other seeds, thin; one entry in the legend names the seeds."""
    for i, history in enumerate(histories.values()):
        label = f"{called}, seed{'s' if len(histories) > 1 else ''} {', '.join(map(str, histories))}"
        ax.plot(history.sequences, history[quantity], label=None if i else label, **SEEDS_BEHIND)
