"""Figures of `17_claims`: how far every claim is from its criterion, and the experiments on what misses."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing

from ..margins import FURTHEST
from ..measures import PLATEAU
from . import parts

TRUE, FALSE = "#2A74DA", "#E07B1E"
WRAPPED = 76  # characters of a statement on a line
TICKS = (1, 1.1, 1.25, 1.5, 2)
ROW = 0.33  # inches


def figure_claims(found: pd.DataFrame, claims: pd.DataFrame) -> Drawing:
    """Each seed's distance from the criterion (`margins.margins`): right of the line it is met, left it is not.

    `claims` has a row a claim, `statement`, `source` and `verdict` in words; those measured for one seed stand apart.
    """
    seeds = found.groupby("claim", sort=False).seed.size()
    groups = [list(seeds.index[several]) for several in (seeds > 1, seeds == 1)]
    groups = [ids for ids in groups if ids]
    rows = [len(ids) for ids in groups]
    fig, axes = plt.subplots(
        len(rows), 1, figsize=(9.4, ROW * sum(rows) + 1.4), height_ratios=rows, sharex=True, squeeze=False
    )
    for ax, ids in zip(axes[:, 0], groups, strict=True):
        _margins(ax, found[found.claim.isin(ids)], claims.loc[ids])
    titles = ["Several seeds" if seeds[ids[0]] > 1 else "One seed" for ids in groups]
    plots.panel_titles(axes[:, 0], titles)
    axes[-1, 0].set_xlabel("times that one number is away from the criterion")
    keys = [("meets the criterion", TRUE, "o"), ("misses it", FALSE, "X")]
    handles = [Line2D([], [], ls="", marker=mark, color=own, label=text) for text, own, mark in keys]
    fig.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=7.5)
    words, missed = claims.verdict.value_counts(), found[~found.holds].claim.unique()
    return Drawing(
        "figure_claims",
        fig,
        "The ledger: how far from the criterion",
        "A point is a seed. Right of the line its numbers meet the criterion, left they do not; the distance is the "
        f"factor by which one number would have to change for the verdict to be another ({FURTHEST:g}: that much or "
        "more).",
        f"A row for each of {len(claims)} claims: {', '.join(f'{n} {word}' for word, n in words.items())}. Missing for "
        f"some seed: {', '.join(missed) or 'none'}.",
    )


def _margins(ax: Axes, found: pd.DataFrame, claims: pd.DataFrame) -> None:
    places = {claim: y for y, claim in enumerate(claims.index)}
    for row in found.itertuples():  # many seeds of a claim lie on top of each other
        at = np.log(row.margin) * (1 if row.holds else -1)
        look: dict[str, Any] = dict(marker="o" if row.holds else "X", color=TRUE if row.holds else FALSE)
        ax.plot(at, places[row.claim], ms=6.5, mec="white", mew=0.6, alpha=0.7, clip_on=False, **look)
    ax.axvline(0, color=INK, lw=1)
    ends = np.log(FURTHEST)
    for y, claim in enumerate(claims.itertuples()):
        quiet = QUIET if claim.verdict == "holds" else INK
        ax.text(1.2 * ends, y, f"{claim.verdict} ({claim.source})", va="center", size=7, color=quiet)
        ax.axhline(y, color="#EEEEEE", lw=0.6, zorder=0)
    names = [textwrap.fill(f"{c.statement} [{c.Index}]", WRAPPED) for c in claims.itertuples()]
    ticks = [*(-np.log(t) for t in TICKS[:0:-1]), *np.log(TICKS)]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([*(f"{t:g}" for t in TICKS[:0:-1]), *(f"{t:g}" for t in TICKS)], size=7)
    ax.set(yticks=range(len(names)), xlim=(-1.1 * ends, 1.1 * ends), ylim=(len(names) - 0.4, -0.6))
    ax.set_yticklabels(names, size=6.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def figure_claims_causes(
    data: pd.DataFrame,
    names: tuple[str, str],
    alone: pd.DataFrame,
    groups: pd.DataFrame,
    tests: Sequence[str],
    paper: float,
) -> Drawing:
    """Three experiments: plateaus on two data sets, of heads alone, and Table 1 with the line at every place.

    `data`, `alone` and `groups` are those of `causes`; `names` the data sets, `paper` the share in its Figure 3a.
    """
    fig, axes = plt.subplots(1, 3, figsize=(10.8, 3.5), width_ratios=(0.8, 1, 1.2))
    _two_sets(axes[0], data, names, paper)
    _heads_alone(axes[1], alone)
    _lines(axes[2], groups, tests)
    plots.panel_titles(axes, ["Plateaus, by data", "Plateaus of heads alone", "Table 1, the line moved"])
    strongest, others = alone.share[alone.strongest], alone.share[~alone.strongest]
    met = {test: groups[groups[test]].groupby("seed").heads.count() for test in tests}
    return Drawing(
        "figure_claims_causes",
        fig,
        "Three experiments on what misses",
        "(a) The slowest tenth of the fall as a share of the learning time, the same initialisations on two data "
        "sets. (b) The same for every head alone, the strongest of its seed filled. (c) For how many heads in the "
        "group of previous-token heads the criteria of Table 1 are met; shaded: the number that the threshold takes.",
        f"Three panels. (a) {names[0]}: {data['here'].min():.2f} to {data['here'].max():.2f}"
        + (
            f"; {names[1]}: {data['there'].min():.2f} to {data['there'].max():.2f}"
            if data["there"].notna().any()
            else ""
        )
        + f"; the paper {paper:.2f}. (b) The strongest heads {strongest.min():.2f} to {strongest.max():.2f}, the "
        f"others "
        f"{others.min():.2f} to {others.max():.2f}. (c) "
        + "; ".join(f"{test} is met somewhere in {len(n)} of {groups.seed.nunique()} seeds" for test, n in met.items())
        + ".",
    )


def _two_sets(ax: Axes, data: pd.DataFrame, names: tuple[str, str], paper: float) -> None:
    there = data["there"].notna().any()
    for _, row in data.iterrows():
        ax.plot([0, 1], [row["here"], row["there"]], "o-", color=pale(INK, 0.75), ms=4.5, lw=1)
    ax.axhline(PLATEAU, color=QUIET, ls=(0, (4, 3)), lw=0.8)
    ax.axhline(paper, color=pale(QUIET, 0.5), lw=3, zorder=0)
    for words, y in (("the paper", paper), ("a plateau", PLATEAU)):
        at: dict[str, Any] = dict(xycoords=("axes fraction", "data"), textcoords="offset points", xytext=(0, 2.5))
        ax.annotate(words, (1, y), ha="right", va="bottom", size=6.5, color=QUIET, **at)
    shown = names if there else names[:1]
    ax.set(xticks=range(len(shown)), xticklabels=shown, xlim=(-0.3, len(shown) - 0.4), ylim=(0, None))
    ax.set_ylabel("slowest tenth / learning time")


def _heads_alone(ax: Axes, alone: pd.DataFrame) -> None:
    for strongest, face, edge in ((False, "white", QUIET), (True, INK, INK)):
        rows = alone[alone.strongest == strongest]
        label = "the strongest of its seed" if strongest else "the other heads"
        ax.plot(rows.learnt, rows.share, "o", ms=5.5, mew=1.2, label=label, zorder=2 + strongest, mfc=face, mec=edge)
    ax.axhline(PLATEAU, color=QUIET, ls=(0, (4, 3)), lw=0.8)
    parts.sequence_axis(ax)
    ax.set(xlabel="sequences to learn alone", ylim=(0, 1.25 * alone.share.max()))
    ax.legend(fontsize=7, loc="upper left")


def _lines(ax: Axes, groups: pd.DataFrame, tests: Sequence[str]) -> None:
    seeds = list(groups.seed.unique())
    for row in groups.itertuples():
        for i, test in enumerate(tests):
            met, y = groups.at[row.Index, test], seeds.index(row.seed) + 0.18 * (2 * i - 1) * (len(tests) > 1)
            own = TRUE if i == 0 else FALSE
            ax.plot(row.heads, y, "os"[i % 2], ms=6, mfc=own if met else "white", mec=own, mew=1.1)
        if row.chosen:
            y, own = seeds.index(row.seed), pale(QUIET, 0.35)
            ax.plot([row.heads] * 2, [y - 0.2, y + 0.2], color=own, lw=15, solid_capstyle="round", zorder=0)
    marks = zip(tests, (TRUE, FALSE), "os", strict=False)
    handles = [Line2D([], [], ls="", marker=m, color=own, label=f"{test} met") for test, own, m in marks]
    handles.append(Line2D([], [], ls="", marker="o", mfc="white", mec=QUIET, label="hollow: not met"))
    ax.legend(handles=handles, fontsize=6.5, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.2), columnspacing=0.8)
    ax.set(yticks=range(len(seeds)), yticklabels=[f"seed {s}" for s in seeds], ylim=(len(seeds) - 0.4, -0.6))
    ax.set(xticks=sorted(groups.heads.unique()), xlabel="heads in the group, by previous-token attention")
