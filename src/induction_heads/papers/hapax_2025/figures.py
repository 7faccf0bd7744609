"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.networks.tokens import pictures

from .measures import early_and_late
from .runs import HAPAX, VANILLA

Histories = Mapping[str, Mapping[int, pd.DataFrame]]
COLOURS = pictures.colours((VANILLA, HAPAX))
CHANCE = float(np.log(63))  # nats, of a guess among all tokens but the separator, which DUP and SPAN leave out


def figure_suppression(histories: Histories) -> Drawing:
    """The largest prefix matching and the loss on repeats through training."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
    for ax, column in zip(axes, ("prefix_matching", "test_loss"), strict=True):
        for name, each in histories.items():
            pictures.each_seed(ax, each, column, color=COLOURS[name], label=name)
    axes[0].set(ylabel="largest prefix matching of a head", ylim=(0, 1))
    axes[1].set(ylabel="loss on repeats, DUP(20, 3) (nats)", ylim=(0, None))
    pictures.chance(axes[1], CHANCE, "chance")
    axes[0].legend()
    plots.panel_titles(axes, ("Induction heads", "Copying"))
    ends = {
        f"{name}, {words}": [h[column].iloc[-1] for h in each.values()]
        for name, each in histories.items()
        for column, words in (("prefix_matching", "prefix matching"), ("test_loss", "loss on repeats"))
    }
    return Drawing(
        "figure_suppression",
        fig,
        "Induction heads with and without the losses that train them",
        "Prefix matching of the head that has most, and the loss on the repeats of twenty tokens three times. Look at "
        "whether Hapax copies at all.",
        f"Two panels of two groups of curves. At the end, by seed: {pictures.told(ends)}.",
    )


def figure_kept(losses: Mapping[str, Mapping[int, Mapping[str, list[float]]]]) -> Drawing:
    """Loss on kept and on dropped targets through training."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), sharey=True)
    for ax, part in zip(axes, ("kept", "dropped"), strict=True):
        for name, each in losses.items():
            tables = {seed: pd.DataFrame(one) for seed, one in each.items()}
            pictures.each_seed(ax, tables, part, color=COLOURS[name], label=name)
        ax.set(ylim=(0, None))
    axes[0].set(ylabel="loss (nats)")
    axes[0].legend()
    plots.panel_titles(axes, ("Targets that Hapax keeps", "Targets that it drops"))
    ends = {
        f"{name}, {part}": [one[part][-1] for one in each.values()]
        for name, each in losses.items()
        for part in ("kept", "dropped")
    }
    return Drawing(
        "figure_kept",
        fig,
        "What is kept and what is dropped",
        "Loss on held-out targets of the two kinds: dropped are those that an induction head gets right.",
        f"Two panels of two groups of curves. At the end (nats), by seed: {pictures.told(ends)}.",
    )


def figure_abstractive(
    losses: Mapping[str, Mapping[int, Float[ndarray, " token"]]], bayes: Float[ndarray, " token"]
) -> Drawing:
    """Loss by position on sequences without copies, beside Bayes' rule."""
    fig, ax = plt.subplots(figsize=(5.8, 3.3))
    position = np.arange(1, len(bayes))
    for name, each in losses.items():
        plots.curve(ax, position, np.stack([one[1:] for one in each.values()]), color=COLOURS[name], label=name)
    ax.plot(position, bayes[1:], color=INK, ls="--", lw=1.2, label="Bayes' rule")
    ax.set(xlabel="position of the target", ylabel="loss (nats)")
    ax.legend()
    told = {
        f"{name}, {words}": [early_and_late(one)[i] for one in each.values()]
        for name, each in (dict(losses) | {"Bayes' rule": {0: bayes}}).items()
        for i, words in enumerate(("early", "late"))
    }
    return Drawing(
        "figure_abstractive",
        fig,
        "Inferring the class of a sequence",
        "Sequences in which nothing is copied: only which of four classes a sequence is of can be learnt from its "
        "context. Bands: lowest and highest seed. The test favours Hapax, since a network that copies does so wrongly "
        "here. Look at whether curves fall with position.",
        f"Curves over position. Targets 1 to 4 and 48 to 63 (nats), by seed: {pictures.told(told)}.",
    )


def figure_heads(tables: Mapping[str, Mapping[int, pd.DataFrame]]) -> Drawing:
    """Every head: prefix matching against the OV score, by training."""
    fig, ax = plt.subplots(figsize=(4.8, 3.5))
    for (name, each), marker in zip(tables.items(), pictures.MARKERS, strict=False):
        rows = pd.concat(list(each.values()))
        ax.plot(
            rows.prefix_matching, rows.ov_score, marker, ms=5, color=COLOURS[name], mec="white", mew=0.4, label=name
        )
    ax.axhline(0, color=QUIET, lw=0.5)
    ax.set(xlabel="prefix matching", ylabel="OV score", xlim=(-0.02, 1), ylim=(-1.05, 1.05))
    ax.legend()
    most = {name: [table.prefix_matching.max() for table in each.values()] for name, each in tables.items()}
    copies = {name: [table.ov_score.max() for table in each.values()] for name, each in tables.items()}
    return Drawing(
        "figure_heads",
        fig,
        "Every head",
        "Prefix matching and the OV score (1 copies, −1 suppresses) of every head of all seeds. Top right: induction "
        "heads; top left: heads that copy what they attend to, and attend elsewhere.",
        f"Points, one a head. Largest prefix matching by seed: {pictures.told(most)}. Largest OV score: "
        f"{pictures.told(copies)}.",
    )
