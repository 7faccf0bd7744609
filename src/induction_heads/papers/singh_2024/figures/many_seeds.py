"""Figures of `16_many_seeds`: the main run over many initialisations, beyond the paper."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.reading import number

from . import parts


def figure_many_seeds(
    histories: Mapping[int, pd.DataFrame],
    table: pd.DataFrame,
    ranked: Float[ndarray, "seed rank"],
    theirs: Float[ndarray, "seed rank"],
    induction: float,
) -> Drawing:
    """Train loss of every seed, when it changes and how many induction heads it has, and strengths by rank.

    `table` has a row a seed, with its learning time and its number of heads of strength `induction` or more.
    """
    fig, axes = plt.subplots(1, 3, figsize=(10.4, 3.3), width_ratios=(1.25, 1, 1.1))
    _losses(axes[0], histories)
    finite = table["change (sequences)"].replace(np.inf, np.nan)
    apart = np.random.default_rng(0).uniform(-0.12, 0.12, len(table))  # so that no point hides another
    axes[1].plot(finite, table["induction heads"] + apart, "o", ms=5, mec="white", color=INK)
    parts.sequence_axis(axes[1])
    axes[1].set(ylim=(0, 8.5), xlabel="sequences to learn (loss below 0.4 ln 2)")
    axes[1].set_ylabel(f"heads of strength {induction} or more")
    _strengths(axes[2], ranked, theirs)
    plots.panel_titles(axes, [f"Train loss of {len(table)} seeds", "Change and induction heads", "Strength by rank"])
    middle = np.median(ranked, 0)
    return Drawing(
        "figure_many_seeds",
        fig,
        f"The main run over {len(table)} seeds",
        "When the change comes, how many induction heads there are, and how strength is shared out among the heads "
        "of a seed.",
        f"Three panels. Of {len(table)} seeds {finite.notna().sum()} learn, after {number(finite.min())} to "
        f"{number(finite.max())} sequences. They have {table['induction heads'].min()} to "
        f"{table['induction heads'].max()} heads of strength {induction} or more. By rank the median strength falls "
        f"from {middle[0]:.2f} to {middle[-1]:.2f}; the paper's five seeds have {np.median(theirs, 0)[0]:.2f} to "
        f"{np.median(theirs, 0)[-1]:.2f}.",
    )


def _losses(ax: Axes, histories: Mapping[int, pd.DataFrame]) -> None:
    losses = [history.train_loss.to_numpy() for history in histories.values()]
    seen = next(iter(histories.values())).sequences
    for loss in losses:
        ax.plot(seen, loss, color=pale(INK, 0.35), lw=0.7)
    parts.curve(ax, seen, np.stack(losses), "train", label="median and range")
    parts.chance_lines(ax)
    ax.set_ylim(0, 1.8)


def _strengths(ax: Axes, ranked: Float[ndarray, "seed rank"], theirs: Float[ndarray, "seed rank"]) -> None:
    places = range(1, ranked.shape[1] + 1)
    ax.plot(places, ranked.T, color=pale(INK, 0.4), lw=0.9)
    ax.plot(places, np.median(ranked, 0), "o-", color=INK, label="median of ours")
    ax.plot(places, np.median(theirs, 0), "s--", ms=4, color=QUIET, label="median of the paper's five")
    ax.set(xlabel="heads of a seed, by rank", ylabel="induction strength")
    ax.legend(fontsize=7)


def figure_many_seeds_claims(shares: pd.DataFrame, seeds: int) -> Drawing:
    """In how many of the seeds each claim holds; rows have `claim` (in words), `held`, `of`, `low` and `high`."""
    n = len(shares)
    fig, ax = plt.subplots(figsize=(8.2, 0.34 * n + 1.0))
    for y, row in enumerate(shares.itertuples()):
        ax.plot([row.low, row.high], [y, y], color=pale(INK, 0.4), lw=4, solid_capstyle="butt")
        ax.plot(row.held / row.of, y, "o", ms=6, color=INK)
        ax.annotate(f"{row.held} of {row.of}", (1.03, y), va="center", size=7, annotation_clip=False)
    ax.set(yticks=range(n), yticklabels=list(shares.claim), xlim=(-0.02, 1.02), ylim=(n - 0.4, -0.6))
    ax.set_xlabel("share of seeds (95 % interval)")
    ax.set_title(f"Claims that need the main run alone, {seeds} seeds")
    ax.tick_params(axis="y", labelsize=6.8, length=0)
    everywhere = int((shares.held == shares.of).sum())
    return Drawing(
        "figure_many_seeds_claims",
        fig,
        f"Claims over {seeds} seeds",
        "The share of seeds that meet a claim's criterion (disc), with the 95 % interval for all initialisations "
        "(bar).",
        f"{n} claims, a row each: {everywhere} hold for every seed measured. "
        + " ".join(f"{row.claim}: {row.held} of {row.of}." for row in shares.itertuples() if row.held < row.of),
    )
