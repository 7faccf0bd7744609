"""The style of every figure, and how a figure is saved: whole, with who it shows, and the same bytes each time.

Colours are in `colours`; what a figure draws is said where it is drawn, a function a figure, in the folder of its
paper.
"""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter
from numpy import ndarray

from .colours import HEAD_COLOURS, QUIET
from .paths import write_whole
from .store import Trained

FONT = "DejaVu Sans"  # shipped with matplotlib, so the same on every machine
DPI = 200
SMALL_PRINT = 5.5  # points
MARK = "induction_heads.machinery.plots.save"  # tells what `save` has written on a figure


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
        across: dict[str, Any] = dict(ha="center", va="center", rotation=18, weight="bold", zorder=1000)
        fig.text(0.5, 0.5, f"{profile} profile", size=size, gid=MARK, color="#C00000", alpha=0.16, **across)
    path = Path(folder) / f"{name}.png"
    about = {"Title": name, "Description": identity}
    # No program name, no date: a figure made again from the same runs has the same bytes.
    for target, facts in ((path, {"Software": None}), (path.with_suffix(".svg"), {"Creator": None, "Date": None})):
        with write_whole(target) as part, plt.rc_context({"svg.hashsalt": "induction-heads", "svg.fonttype": "path"}):
            fig.savefig(
                part, format=target.suffix[1:], dpi=DPI, bbox_inches="tight", pad_inches=0.06, metadata=about | facts
            )
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
    ax: Axes, x: Num[ndarray, " time"], values: Float[ndarray, "*seed time"], *, color: str, label: str, **line
) -> Line2D:
    """A quantity through training. Several seeds give their median, in a band from the lowest to the highest."""
    values = np.asarray(values)
    if values.ndim == 2:
        ax.fill_between(x, values.min(0), values.max(0), color=color, alpha=0.16, lw=0)
        values = np.median(values, 0)
    (drawn,) = ax.plot(x, values, color=color, label=label, **{"zorder": 3} | line)
    return drawn


def over_seeds(ax: Axes, runs: Sequence[Trained], column: str, *, color: str, label: str, **line: Any) -> Line2D:
    """`curve` of a column of the histories of several seeds, which have a column of steps."""
    values = np.stack([trained.history[column].to_numpy() for trained in runs])
    return curve(ax, runs[0].history.steps.to_numpy(), values, color=color, label=label, **line)


def count_axis(ax: Axes, label: str) -> None:
    """The horizontal axis counts something, its ticks as 0, 200k, 1M."""
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: _short(n)))
    ax.set_xlabel(label)


def _short(n: float | int) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(n) >= size:
            return f"{n / size:g}{letter}"
    return f"{n:g}"


def legend_above(fig: Figure, ax: Axes, columns: int) -> None:
    """The curves of one panel, which stand for those of all, keyed above the figure: where no curve is."""
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=columns, fontsize=7.5)


def panel_titles(axes: Iterable[Axes], titles: Sequence[str]) -> None:
    """Each panel's letter, in bold, and what it shows."""
    for letter, ax, title in zip("abcdefghijklmnopqrstuvwxyz", axes, titles, strict=False):
        ax.set_title(rf"$\bf{{{letter}}}$  {title}")
