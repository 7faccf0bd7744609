"""Figures of `live_bench`, which the bench draws itself as it trains."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from induction_heads.machinery.colours import INK, head_colour, pale
from induction_heads.machinery.drawing import Drawing

from . import parts

if TYPE_CHECKING:
    from ..live import Curve


def bench(curves: "Sequence[Curve]") -> Figure:
    """Loss of the latest run and, paler, of those before it; strengths of the latest. No pyplot, for threads."""
    fig = Figure(figsize=(9, 3.2), layout="constrained")
    FigureCanvasAgg(fig)
    left, right = fig.subplots(1, 2)
    for number, curve in enumerate(reversed(curves)):
        own = INK if number == 0 else head_colour(len(curves) - 1 - number)
        style: dict[str, Any] = dict(color=own, lw=2.0) if number == 0 else dict(color=pale(own, 0.75), lw=1.2)
        parts.curve(left, *_together(curve.sequences, curve.loss), label=curve.choice.name, **style)
    parts.chance_lines(left, curves[-1].choice.labels if curves else 5)
    for name, values in list(curves[-1].strengths.items()) if curves else ():
        parts.curve(right, *_together(curves[-1].seen, values), name, quantity="induction strength")
    left.set(ylim=(0, None), title="train loss")
    right.set(ylim=(-1.05, 1.05), title="strength of each head of Layer 2, of the latest run")
    parts.sequence_axis(right)
    if curves:
        left.legend(fontsize=6.5)
    if right.lines:
        right.legend(fontsize=6.5, ncols=2)
    return fig


def _together(sequences_seen: list[int], values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """As arrays of one length: another thread may just have added to the first."""
    y = np.array(values, dtype=float)
    return np.array(sequences_seen[: len(y)]), y


def figure_live(curves: "Sequence[Curve]") -> Drawing:
    """The bench after some trainings, the latest last."""
    ends = "; ".join(f"{curve.choice.name} ends at {curve.loss[-1]:.3f} nats" for curve in curves)
    strengths = {name: values[-1] for name, values in curves[-1].strengths.items()}
    strongest = max(strengths, key=lambda name: strengths[name]) if strengths else ""
    of_heads = f" Its strongest head is {strongest} with {strengths[strongest]:.2f}." if strengths else ""
    return Drawing(
        "figure_live",
        bench(curves),
        "The live bench",
        "Train loss of the latest run (black, wide) and of those before it (pale), and the induction strengths of "
        "the latest.",
        f"Train loss and induction strengths through training. {ends}.{of_heads}",
    )
