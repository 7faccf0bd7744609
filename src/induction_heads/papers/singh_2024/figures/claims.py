"""Figures of `17_claims`: the ledger at a glance, and how long runs wait."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from induction_heads.machinery import ledger, plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.ledger import Verdict

from ..measures import PLATEAU
from ..published import paper_curve
from . import parts

TRUE, FALSE = "#2A74DA", "#E07B1E"
WIDEST = 96  # characters of a statement


def figure_claims(found: Sequence[Verdict]) -> Drawing:
    """A row a claim, a column a seed: a disc where the criterion is true, a cross where it is not."""
    n = len(found)
    fig, ax = plt.subplots(figsize=(9.6, 0.235 * n + 1))
    columns = {s: i for i, s in enumerate(dict.fromkeys(s for v in found for s in v.numbers))}
    for row, verdict in enumerate(found):
        for seed, held in verdict.by_seed.items():
            ax.plot(columns[seed], row, "o" if held else "X", ms=7, mfc=TRUE if held else FALSE, mec="none")
        quiet = QUIET if verdict.word == ledger.HOLDS else INK
        words = f"{verdict.word}   ({verdict.claim.source})"
        ax.text(len(columns) - 0.3, row, words, va="center", size=7, color=quiet)
    ax.set(yticks=range(n), xticks=range(len(columns)), xlim=(-0.6, len(columns) + 2.6), ylim=(n - 0.4, -0.6))
    ax.set_yticklabels([_named(verdict) for verdict in found], size=6.5)
    ax.set_xticklabels([f"seed\n{s}" for s in columns], size=7)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.hlines(np.arange(n) + 0.5, -0.6, len(columns) + 2.6, color="#EEEEEE", lw=0.6, zorder=0)
    ax.spines[:].set_visible(False)
    key = "(disc: the criterion is true for that seed; cross: it is not)"
    fig.suptitle(f"{n} claims: {ledger.summary(verdict.word for verdict in found)}   {key}", x=0.01, ha="left", size=9)
    missed = [verdict.claim.id for verdict in found if verdict.word not in (ledger.HOLDS, ledger.UNMEASURED)]
    return Drawing(
        "figure_claims", fig, "The ledger at a glance",
        "A disc is a seed whose numbers meet the criterion, a cross one whose numbers do not; a seed whose runs were not made "
        "has neither.",
        f"A table of {n} claims by {len(columns)} seeds: {ledger.summary(verdict.word for verdict in found)}. Less than held for every seed: "
        f"{', '.join(missed) or 'none'}.",
    )  # fmt: skip


def _named(verdict: Verdict) -> str:
    words = verdict.claim.statement
    return f"{words if len(words) < WIDEST else words[: WIDEST - 3] + '…'}  {verdict.claim.id}"


def figure_claims_plateaus(
    shares: Mapping[str, Sequence[float]], losses: Mapping[str, pd.DataFrame], scale: int
) -> Drawing:
    """Train losses of the same seed on one or two sets of characters (name -> history), and the plateaus' shares by group."""
    fig, axes = plt.subplots(1, 2, figsize=(10.4, 3.2), width_ratios=(1, 1.15))
    for row, (name, values) in enumerate(shares.items()):
        own = QUIET if "paper" in name else INK
        axes[1].plot(values, np.full(len(values), row), "o", ms=6, mfc="none", mec=own)
    axes[1].axvline(PLATEAU, color=QUIET, ls=(0, (4, 3)), lw=0.8)
    axes[1].invert_yaxis()
    axes[1].set(yticks=range(len(shares)), yticklabels=shares, xlim=(0, 0.65))
    axes[1].set_xlabel("slowest tenth of the fall / learning time")
    _losses(axes[0], losses, scale)
    titles = ["Train loss on other characters", "How long they wait (a plateau: right of the line)"]
    plots.panel_titles(axes, titles)
    return Drawing(
        "figure_claims_plateaus", fig, "How long runs wait",
        f"The slowest tenth of the fall of a loss, as a share of its learning time; from {PLATEAU:.0%} on (dashed) it is called "
        "a plateau.",
        "Train losses on the left; on the right the share of the learning time of each run, by group. "
        + " ".join(f"{name}: {_in_short(values)}." for name, values in shares.items()),
    )  # fmt: skip


def _losses(ax: Axes, losses: Mapping[str, pd.DataFrame], scale: int) -> None:
    theirs = paper_curve("3a", series="train").sort_values("x")
    ax.plot(theirs.x / scale, theirs.y, color=pale(QUIET, 0.5), lw=3.4, label="the paper")
    for (name, history), colour in zip(losses.items(), ("train", "unseen_classes"), strict=False):
        parts.curve(ax, history.sequences, history.train_loss, colour, label=name)
    parts.chance_lines(ax)
    ax.set(ylim=(0, 2.05), xlim=(0, 600_000 / scale))
    ax.legend(loc="center right", bbox_to_anchor=(1, 0.6))


def _in_short(values: Sequence[float]) -> str:
    waiting = sum(value >= PLATEAU for value in values)
    return f"median {np.median(values):.2f}, {waiting} of {len(values)} with a plateau"
