"""Parts of figures that several papers about token models draw: a curve a seed, a point a head, lag curves, seeds."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET, head_colour, pale
from induction_heads.machinery.numbers import number

from .measures import LAGS

MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # of conditions or layers, beside their colours
SHORT = 10  # letters of a condition's name that stay in one line


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour a condition, in their order."""
    return {name: head_colour(i) for i, name in enumerate(names)}


def each_seed(
    ax: Axes, histories: Mapping[int, pd.DataFrame], column: str, *, color: str, label: str, **line: Any
) -> None:
    """A quantity through training, a thin line a seed, and the median of seeds where all were measured, bold."""
    steps = next(iter(histories.values())).step.to_numpy()
    each = [history[column].to_numpy() for history in histories.values()]
    for values in each:
        ax.plot(steps, values, color=pale(color, 0.45), lw=0.8, zorder=2)
    plots.curve(ax, steps, np.median(each, 0), color=color, label=label, **line)
    plots.count_axis(ax, "training steps")
    ax.set_xlim(0, max(steps[-1], ax.get_xlim()[1]))


def chance(ax: Axes, level: float, text: str, *, left: bool = False, below: bool = False) -> None:
    """A dashed line at what guessing gives, with its name at the right end, or the left, above it or below."""
    ax.axhline(level, color=QUIET, lw=0.9, ls=(0, (4, 3)), zorder=1)
    ends: dict[str, Any] = {"ha": "left" if left else "right", "va": "top" if below else "bottom"}
    ax.annotate(text, (0.01 if left else 1, level), xycoords=("axes fraction", "data"), size=7, color=QUIET, **ends)


def by_head(ax: Axes, tables: Mapping[int, pd.DataFrame], x: str, y: str) -> None:
    """A point a head of every seed: its layer by colour and marker. Tables as `evaluate.heads` gives them."""
    for layer in sorted({layer for table in tables.values() for layer in table.layer}):
        rows = pd.concat([table[table.layer == layer] for table in tables.values()])
        colour, marker = head_colour(layer - 1), MARKERS[layer - 1]
        ax.plot(rows[x], rows[y], marker, ms=5, color=colour, mec="white", mew=0.4, label=f"Layer {layer}")


def by_seed(ax: Axes, numbers: Mapping[str, Sequence[float]], colour: Mapping[str, str]) -> None:
    """A column a condition, a point a seed, a dash at their median. What is not finite stands at the top, hollow."""
    for i, (name, each) in enumerate(numbers.items()):
        values = np.asarray(each, dtype=float)
        finite = values[np.isfinite(values)]
        spread = (np.arange(len(values)) - (len(values) - 1) / 2) * 0.3 / max(len(values), 2)
        ax.plot(i + spread, values, "o", ms=5, color=colour[name], mec="white", mew=0.4, zorder=3, clip_on=False)
        never = spread[~np.isfinite(values)]
        if len(never):
            top: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "clip_on": False}
            ax.plot(i + never, np.full(len(never), 0.97), "^", mfc="none", mec=colour[name], **top)
            ax.text(i, 0.88, "never", transform=ax.get_xaxis_transform(), ha="center", size=7, color=QUIET)
        if len(finite) == len(values):
            ax.plot([i - 0.25, i + 0.25], [np.median(finite)] * 2, color=colour[name], lw=1.2)
    ax.set_xticks(range(len(numbers)), [textwrap.fill(name, SHORT) for name in numbers])
    ax.set_xlim(-0.5, len(numbers) - 0.5)


def lag_panel(ax: Axes, curves: Mapping[str, Float[ndarray, " lag"]], colour: Mapping[str, str]) -> None:
    """Attention by the distance from the last occurrence of the present token: +1 is induction, -1 backward."""
    for i, (name, curve) in enumerate(curves.items()):
        ax.plot(LAGS, curve, marker=MARKERS[i % len(MARKERS)], ms=3.5, lw=1.2, color=colour[name], label=name)
    ax.set_xticks(LAGS[::2])
    ax.set(xlabel="lag from the last occurrence", ylabel="attention", ylim=(-0.03, 1.03))


def told(numbers: Mapping[str, Sequence[float]]) -> str:
    """`vanilla 0.19, 0.2 and 2.1; smeared …`: a number a seed."""
    each = ((name, [number(x) for x in values]) for name, values in numbers.items())
    return "; ".join(f"{name} {', '.join(values)}" for name, values in each)
