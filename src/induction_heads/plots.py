"""Arrays in, Axes out: the style of every figure, the curves of the paper behind ours, and how a figure is saved.

Colours are in `colours`, drawings that are not plots in `diagrams`, the published numbers in `published`;
all are reached from here as well, so that a notebook imports `plots` alone.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from numpy import ndarray

from .colours import HEAD_COLOURS, INK, NAMED, QUIET, SUBCIRCUIT_COLOURS, colour, pale
from .diagrams import attention, circuit, draw_sequence
from .paths import write_whole
from .published import learning_times, paper_curve

__all__ = [
    "HEAD_COLOURS", "INK", "NAMED", "QUIET", "SUBCIRCUIT_COLOURS", "attention", "chance_lines", "circuit", "colour", "curve",
    "draw_sequence", "head_points", "heads_legend", "learning_times", "pale", "panel_titles", "paper_curve", "published", "save",
    "sequence_axis", "style",
]  # fmt: skip

FONT = "DejaVu Sans"  # shipped with matplotlib, so the same on every machine
DPI = 200
SMALL_PRINT = 5.5  # points
MARK = "induction_heads.plots.save"  # tells what `save` has written on a figure


def style() -> None:
    """Sets how figures look, once, at the top of a notebook. The same figure then gives the same bytes."""
    settings = {
        "font.family": [FONT],
        "mathtext.fontset": "dejavusans",
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "savefig.dpi": DPI,
        "axes.titlelocation": "left",
        "axes.titlesize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#4A4A4A",
        "axes.linewidth": 0.8,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "legend.edgecolor": "none",
        "legend.framealpha": 0.85,
        "lines.linewidth": 1.6,
        "svg.hashsalt": "induction-heads",
        "svg.fonttype": "path",
    }
    sns.set_theme(context="paper", style="ticks", palette=HEAD_COLOURS, font=FONT, rc=settings)


def save(fig: Figure, name: str, *, folder: Path | str, identity: str, profile: str = "paper") -> Path:
    """Writes `name`.png and `name`.svg to `folder` and returns the first.

    `identity` says which runs the figure shows: small print below it, and the description in each file's metadata.
    A figure of any profile but paper carries the profile's name across it. Both stay on the figure, and are replaced
    when it is saved again.
    """
    for old in [text for text in fig.texts if text.get_gid() == MARK]:
        old.remove()
    _settle(fig)
    width, height = fig.get_size_inches()
    lines = textwrap.fill(identity, max(40, int(72 * width / (0.56 * SMALL_PRINT))))
    fig.text(0, -0.06 / height, lines, va="top", ha="left", size=SMALL_PRINT, color=QUIET, gid=MARK)
    if profile != "paper":
        size = 80 * width / len(f"{profile} profile")
        mark = dict(ha="center", va="center", rotation=18, color="#C00000", alpha=0.16, weight="bold", zorder=1000)
        fig.text(0.5, 0.5, f"{profile} profile", size=size, gid=MARK, **mark)
    path = Path(folder) / f"{name}.png"
    about = {"Title": name, "Description": identity}
    # No program name, no date: a figure made again from the same runs has the same bytes.
    for target, facts in ((path, {"Software": None}), (path.with_suffix(".svg"), {"Creator": None, "Date": None})):
        with write_whole(target) as part, plt.rc_context({"svg.hashsalt": "induction-heads", "svg.fonttype": "path"}):
            fig.savefig(part, format=target.suffix[1:], dpi=DPI, bbox_inches="tight", pad_inches=0.06, metadata=about | facts)
    return path


def _settle(fig: Figure) -> None:
    """Lays the figure out for good: a legend below the panels would otherwise slide to the edge of the small print."""
    fig.draw_without_rendering()
    fig.set_layout_engine("none")
    for legend in fig.legends:
        corner = fig.transFigure.inverted().transform(legend.get_window_extent().p0)
        legend.set_bbox_to_anchor((0, 0, 1, 1), transform=fig.transFigure)
        legend.set_loc(tuple(corner))


def curve(
    ax: Axes,
    sequences: Num[ndarray, "time"],
    values: Float[ndarray, "*seed time"],
    name: str | int = "",
    *,
    label: str | None = None,
    quantity: str = "loss (nats)",
    **line,
) -> Line2D:
    """A quantity through training, in the colour of `name` (see `colours`), which is its label too unless one is given.

    Several seeds give their median, in a band from the lowest to the highest.
    """
    values, own = np.asarray(values), line.pop("color", None) or colour(name)
    if values.ndim == 2:
        ax.fill_between(sequences, values.min(0), values.max(0), color=own, alpha=0.16, lw=0)
        values = np.median(values, 0)
    (drawn,) = ax.plot(sequences, values, color=own, label=_spelt(name) if label is None else label, **{"zorder": 3} | line)
    sequence_axis(ax)
    ax.set_ylabel(quantity)
    return drawn


def published(ax: Axes, frame: pd.DataFrame, *, label: str = "the paper") -> None:
    """The paper's curves (`paper_curve`), wide and pale behind ours; paler still where another curve hid them.

    Each has the colour of its series' name. One entry goes into the legend.
    """
    if frame.panel.nunique() != 1:
        raise ValueError(f"expected the curves of one panel, got {frame.panel.nunique()}: {'; '.join(frame.panel.unique())}")
    wide = dict(lw=3.4, solid_capstyle="butt", zorder=1)
    for series, rows in frame.groupby("series", sort=False):
        rows, own = rows.sort_values("x"), colour(series)
        ax.plot(rows.x, rows.y, color=pale(own, 0.16), **wide)
        ax.plot(rows.x, rows.y.where(~rows.hidden), color=pale(own), **wide)
    ax.plot([], [], color=pale(QUIET, 0.5), label=label, **wide)


def chance_lines(ax: Axes, labels: int = 5, *, context: int = 2) -> None:
    """Where guessing ends: the loss of a uniform guess over all labels, and over those in the context."""
    for count, meaning in ((context, "the labels in context"), (labels, "all labels")):
        ax.axhline(np.log(count), color=QUIET, lw=0.8, ls=(0, (4, 3)), zorder=0)
        at = dict(xy=(1, np.log(count)), xycoords=("axes fraction", "data"), xytext=(0, 1.5), textcoords="offset points")
        ax.annotate(f"ln {count}: guessing among {meaning}", **at, ha="right", va="bottom", size=6.5, color=QUIET, annotation_clip=True)


def sequence_axis(ax: Axes) -> None:
    """The horizontal axis in sequences seen, its ticks as 0, 200k, 1M."""
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: _short(n)))
    ax.set_xlabel("sequences seen")


def _spelt(name: str | int) -> str:
    return str(name).replace("held_out", "held-out").replace("_", " ")


def _short(n: float | int) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(n) >= size:
            return f"{n / size:g}{letter}"
    return f"{n:g}"


def head_points(
    ax: Axes, x: Float[ndarray, "head"], y: Float[ndarray, "head"], *, filled: bool = True, label: str | None = None, **marker
) -> None:
    """A point for each head in its colour, hollow unless `filled`; the legend's entry is grey, since it is about all heads."""
    for head, at in enumerate(zip(x, y, strict=True)):
        own = HEAD_COLOURS[head % len(HEAD_COLOURS)]
        ax.plot(*at, **{"marker": "o", "ms": 6, "mew": 1.4} | marker, ls="", mfc=own if filled else "white", mec=own)
    if label is not None:
        ax.plot([], [], **{"marker": "o", "ms": 6, "mew": 1.4} | marker, ls="", mfc=QUIET if filled else "white", mec=QUIET, label=label)


def panel_titles(axes: Iterable[Axes], titles: Sequence[str]) -> None:
    """Each panel's letter, in bold, and what it shows."""
    for letter, ax, title in zip("abcdefghijklmnopqrstuvwxyz", axes, titles, strict=False):
        ax.set_title(rf"$\bf{{{letter}}}$  {title}")


def heads_legend(
    where: Axes | Figure, heads: Iterable[int] = range(8), *, layer: int = 2, extra: Mapping[str, str] | None = None, **legend
) -> Legend:
    """The heads' colours as a legend (of an Axes, or below a whole Figure); `extra` is label -> colour."""
    entries = {f"L{layer}H{head}": colour(head) for head in heads} | dict(extra or {})
    handles = [Line2D([], [], color=own, lw=2.4, label=text) for text, own in entries.items()]
    if isinstance(where, Figure):
        legend = {"loc": "outside lower center", "ncols": len(handles)} | legend
    return where.legend(handles=handles, **{"handlelength": 1.2, "columnspacing": 1.1} | legend)
