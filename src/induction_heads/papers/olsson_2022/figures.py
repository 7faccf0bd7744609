"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import INK, QUIET, head_colour
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.networks.tokens import pictures

from .measures import CHANCE, HALF_OF_CHANCE, SMALL
from .runs import ONE, SMEARED_ONE, SMEARED_TWO, THREE, TWO

Histories = Mapping[str, Mapping[int, pd.DataFrame]]  # what a run is called -> seed -> its history
COLOURS = pictures.colours((ONE, TWO, THREE, SMEARED_ONE, SMEARED_TWO))
LOSS = "loss on repeated tokens (nats)"


def figure_phase_change(histories: Histories) -> Drawing:
    """Repeat loss, in-context-learning score and the largest prefix matching through training, one to three layers."""
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.1))
    for name, each in histories.items():
        scored = {seed: h.assign(in_context=h.late_loss - h.early_loss) for seed, h in each.items()}
        for ax, column in zip(axes, ("copied_loss", "in_context", "prefix_matching"), strict=True):
            pictures.each_seed(ax, scored, column, color=COLOURS[name], label=name)
    pictures.chance(axes[0], CHANCE, "chance")
    axes[0].set(ylabel=LOSS, ylim=(0, None))
    axes[1].set(ylabel="late loss less early loss (nats)")
    axes[2].set(ylabel="largest prefix matching of a head", ylim=(0, 1))
    axes[0].legend()
    plots.panel_titles(axes, ("Copying", "In-context learning", "Induction heads"))
    return Drawing(
        "figure_phase_change",
        fig,
        "Argument 1: the phase change",
        "Loss on repeated tokens; the in-context-learning score (loss on targets 48 to 63 less that on 3 to 7, so "
        "lower is better); the prefix matching of the head that has most. Thin: each seed; bold: their median. Look "
        "at whether the three change at the same steps, and at what one layer does.",
        f"Three panels of curves against training steps. Final loss on repeated tokens: {_ends(histories)} nats. "
        f"Final largest prefix matching: {_ends(histories, 'prefix_matching')}.",
    )


def _ends(histories: Histories, column: str = "copied_loss") -> str:
    return pictures.told({name: [h[column].iloc[-1] for h in each.values()] for name, each in histories.items()})


def figure_loss_paths(paths: Mapping[str, Float[ndarray, "_ 2"]], seed: int) -> Drawing:
    """The snapshots of each network in the plane in which losses at fixed targets differ most."""
    fig, ax = plt.subplots(figsize=(5.6, 4))
    for i, (name, path) in enumerate(paths.items()):
        ax.plot(*path.T, marker=pictures.MARKERS[i], ms=2.5, lw=1, color=COLOURS[name], label=name)
        ax.plot(*path[-1], marker=pictures.MARKERS[i], ms=8, color=COLOURS[name], mec=INK)
    ax.set(xlabel="first principal component (nats)", ylabel="second principal component (nats)")
    ax.set_title("Each point a snapshot; large: the last")
    ax.legend()
    turns = {name: [turn(path)] for name, path in paths.items()}
    return Drawing(
        "figure_loss_paths",
        fig,
        "Argument 1: losses through training, in a plane",
        f"The loss of every snapshot at one fixed target of each of many sequences is a vector; these are its two "
        f"principal components, of all networks of seed {seed} together. Look for where paths turn and where they "
        "part.",
        "Paths of points, one a network, from a common start. Largest turn between two parts of a path, in degrees: "
        f"{pictures.told(turns)}.",
    )


def turn(path: Float[ndarray, "_ 2"]) -> float:
    """The largest angle between what lies before a point and what comes after it, degrees; 0 for a straight path."""
    before, after = path[1:-1] - path[0], path[-1] - path[1:-1]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosine = (before * after).sum(1)[lengths > 0] / lengths[lengths > 0]
    return float(np.degrees(np.arccos(cosine.clip(-1, 1))).max()) if len(cosine) else 0.0


def figure_depth(histories: Histories) -> Drawing:
    """The largest prefix matching at the end by the number of layers."""
    ends = {name: [h.prefix_matching.iloc[-1] for h in each.values()] for name, each in histories.items()}
    fig, ax = plt.subplots(figsize=(4.2, 3.1))
    pictures.by_seed(ax, ends, COLOURS)
    ax.set(ylabel="largest prefix matching of a head", ylim=(0, 1))
    return Drawing(
        "figure_depth",
        fig,
        "Induction heads need two layers",
        "The prefix matching of the head that has most, at the end of training, a point a seed.",
        f"Columns of points by the number of layers: {pictures.told(ends)}.",
    )


def figure_smeared(histories: Histories) -> Drawing:
    """Repeat loss through training with and without smeared keys."""
    fig, axes = plt.subplots(1, 2, figsize=(8, 3.1), sharey=True)
    for ax, names in zip(axes, ((ONE, SMEARED_ONE), (TWO, SMEARED_TWO)), strict=True):
        for name in names:
            pictures.each_seed(ax, histories[name], "copied_loss", color=COLOURS[name], label=name)
        pictures.chance(ax, CHANCE, "chance")
        pictures.chance(ax, HALF_OF_CHANCE, "half of chance")
        ax.set(ylim=(0, None))
        ax.legend(loc="center right", bbox_to_anchor=(1, 0.59))  # between the dashed lines
    axes[0].set(ylabel=LOSS)
    plots.panel_titles(axes, ("One layer", "Two layers"))
    return Drawing(
        "figure_smeared",
        fig,
        "Argument 2: keys that see their predecessor",
        "Loss on repeated tokens with plain keys and with smeared ones. Look at whether one layer learns, and at when "
        "two layers do.",
        f"Two panels of two groups of curves. Final loss on repeated tokens: {_ends(histories)} nats.",
    )


def figure_ablations(found: Mapping[int, Mapping[str, Mapping[str, float]]]) -> Drawing:
    """How repeat loss changes with each head and set of heads zeroed, both ways; `measures.ablations`."""
    names = list(dict.fromkeys(name for each in found.values() for name in each if name != "intact"))
    fig, ax = plt.subplots(figsize=(8, 3.5))
    told: dict[str, list[float]] = {}
    for kind, face, label in (("repeat", "full", "fully"), ("repeat, preserved", "none", "patterns preserved")):
        for i, (seed, each) in enumerate(found.items()):
            changes = {name: each[name][kind] - each["intact"]["repeat"] for name in names if name in each}
            places = [names.index(name) for name in changes]
            style: dict[str, Any] = {
                "marker": pictures.MARKERS[i],
                "fillstyle": face,
                "color": head_colour(i),
                "ls": "",
                "ms": 5,
                "zorder": 3,
            }
            offset = 0.18 * (i - (len(found) - 1) / 2)
            ax.plot(np.array(places) + offset, list(changes.values()), label=f"seed {seed}, {label}", **style)
            for name in names[-3:]:
                if name in changes:
                    told.setdefault(f"{name}, {label}", []).append(changes[name])
    ax.axhspan(-SMALL, SMALL, color=QUIET, alpha=0.15, lw=0)
    ax.axhline(0, color=QUIET, lw=0.6)
    ax.set_yscale("symlog", linthresh=SMALL)
    ax.set_yticks((-SMALL, 0, SMALL, 1, 10), (f"−{SMALL:g}", "0", f"{SMALL:g}", "1", "10"))
    ax.minorticks_off()
    ax.set_xticks(range(len(names)), names, rotation=25, ha="right")
    ax.set(ylabel="change of the loss on\nrepeated tokens (nats)", ylim=(min(ax.get_ylim()[0], -1.5 * SMALL), 12))
    fig.legend(loc="outside right upper", fontsize="small")
    return Drawing(
        "figure_ablations",
        fig,
        "Argument 3: heads taken away",
        "How much the loss on repeated tokens of two layers changes with a head, or a set of heads, zeroed. Filled: "
        "the rest computed anew. Hollow: every pattern kept as it was. The axis is linear in the shaded part, within "
        f"{SMALL:g} nats, and logarithmic beyond. Look at where the two differ.",
        f"Points for each head, for previous-token heads, and for each layer whole. Change in nats, by seed: "
        f"{pictures.told(told)}.",
    )


def figure_heads(tables: Mapping[int, pd.DataFrame]) -> Drawing:
    """Every head: prefix matching against copying, OV score and QK trace; tables of `measures.heads`."""
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.1))
    for ax, y in zip(axes, ("copying", "ov_score", "qk_trace"), strict=True):
        pictures.by_head(ax, tables, "prefix_matching", y)
        ax.set(xlabel="prefix matching")
    axes[0].set(ylabel="copying score (chance −0.9)")
    axes[1].set(ylabel="OV score", ylim=(-1.05, 1.05))
    axes[2].set(ylabel="QK trace")
    axes[1].legend()
    plots.panel_titles(axes, ("What they write", "Eigenvalues", "Match by weights"))
    every = pd.concat(list(tables.values()))
    most = every.prefix_matching >= every.prefix_matching.max() / 2
    return Drawing(
        "figure_heads",
        fig,
        "Argument 5: heads by pattern and by weights",
        "Every head of two layers, all seeds. Copying is measured on outputs, the OV score on the eigenvalues of the "
        "output circuit, the QK trace on the weights by which a Layer 2 head matches through previous-token heads. "
        "Look at whether heads that match prefixes are those that copy.",
        f"Three panels of points, one a head. The {int(most.sum())} heads of most prefix matching have copying scores "
        f"{_range(every.copying[most])} and OV scores {_range(every.ov_score[most])}; the others "
        f"{_range(every.copying[~most])} and {_range(every.ov_score[~most])}.",
    )


def _range(values: pd.Series) -> str:
    return f"{number(values.min())} to {number(values.max())}"


def figure_clamped(histories: Histories, halves: Mapping[str, Sequence[float]]) -> Drawing:
    """Repeat loss through training with parts of the circuit given, and the steps at which it is half of chance."""
    own = pictures.colours(histories)
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.2), width_ratios=(1.5, 1))
    for name, each in histories.items():
        pictures.each_seed(axes[0], each, "copied_loss", color=own[name], label=f"{name} given")
    pictures.chance(axes[0], CHANCE, "chance")
    pictures.chance(axes[0], HALF_OF_CHANCE, "half of chance")
    axes[0].set(ylabel=LOSS, ylim=(0, None))
    axes[0].legend(loc="upper right", bbox_to_anchor=(1, 0.82))  # between the dashed lines
    pictures.by_seed(axes[1], halves, own)
    axes[1].set(ylabel="step at half of chance", ylim=(0, None))
    plots.panel_titles(axes, ("Through training", "Half way"))
    return Drawing(
        "figure_clamped",
        fig,
        "Beyond the paper: parts given throughout training",
        "Loss on repeated tokens of two layers with nothing given; with attention to the previous token given to one "
        "head of Layer 1 (step 1); and with the induction pattern given to one head of Layer 2, where tokens without "
        "an earlier occurrence keep the head's own pattern. Look at the order in which they learn.",
        f"Left, three groups of curves; right, the step at which the loss is half of chance, a point a seed: "
        f"{pictures.told(halves)}.",
    )
