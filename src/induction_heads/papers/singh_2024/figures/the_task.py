"""Figures of the task (Figure 1, section 2): characters, sequences, how alike classes are, the circuit, chance."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure
from numpy import ndarray

from induction_heads.data import Dataset
from induction_heads.machinery import plots
from induction_heads.machinery.colours import pale
from induction_heads.machinery.drawing import Drawing

from ..colours import SUBCIRCUIT_COLOURS, colour
from .diagrams import circuit, draw_sequence

USES = ("0: trains", "1: held out", "2: held out")  # of each exemplar of a training class


class ShownSequence(NamedTuple):
    """A sequence as it is drawn: the pictures with the query last, the labels, and the answer."""

    pictures: UInt8[ndarray, "items height width"]
    labels: Sequence[int]
    target: int


def picture(data: Dataset, of_class: int, exemplar: int) -> UInt8[ndarray, "height width"]:
    """A character as an image, ink 255; where a data set holds features alone, its numbers as a square."""
    if data.images is not None:
        return data.images[of_class, exemplar]
    side = int(data.features.shape[2] ** 0.5)
    numbers = data.features[of_class, exemplar][: side**2]
    return np.uint8(255 * (numbers - numbers.min()) / np.ptp(numbers)).reshape(side, side)


def origin(evaluation_set: str, row: int, *, first_unseen: int, held_out: int) -> tuple[int, int]:
    """The class and the exemplar behind a row of `Exemplars.tables[evaluation_set]`.

    `first_unseen` is the first class that is never trained on, `held_out` the number of held-out exemplars a class.
    """
    if evaluation_set == "unseen_classes":
        return first_unseen + row, 0
    if evaluation_set == "held_out_exemplars":
        return row // held_out, 1 + row % held_out
    return row, 0


def figure_1_characters(
    pictures: UInt8[ndarray, "exemplar class height width"], data_name: str, classes: int
) -> Drawing:
    """Some training classes, a column each, and an exemplar a row."""
    fig, axes = plt.subplots(*pictures.shape[:2], figsize=(8.4, 2.5), squeeze=False)
    for place, ax in np.ndenumerate(axes):
        ax.imshow(255 - pictures[place], cmap="gray", vmin=0, vmax=255)
        ax.set(xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set(visible=True, color="#D0D0D0")
    for exemplar, use in enumerate(USES):
        label = f"exemplar\n{use}"
        axes[exemplar, 0].set_ylabel(label, size=7, rotation=0, ha="right", va="center")
    fig.suptitle(f"Twelve of the {classes} training classes ({data_name})", x=0.01, ha="left", size=9.5)
    return Drawing(
        "figure_1_characters",
        fig,
        "The characters",
        "A column is a class, a row an exemplar: the first trains, the others are held out.",
        f"A table of {pictures.shape[0]} rows and {pictures.shape[1]} columns of small pictures: "
        f"{pictures.shape[1]} of the {classes} training classes of {data_name}, {pictures.shape[0]} exemplars of "
        "each.",
    )


def figure_1_sequences(shown: Mapping[str, ShownSequence]) -> Drawing:
    """A sequence of each evaluation set, with its answer."""
    fig, axes = plt.subplots(4, 1, figsize=(5.6, 5.4))
    for ax, (name, one) in zip(axes, shown.items(), strict=True):
        draw_sequence(ax, one.pictures, one.labels, one.target)
        ax.set_title(_spelt(name))
    told = [
        f"{_spelt(name)}: labels {' and '.join(map(str, one.labels))}, answer {one.target}"
        for name, one in shown.items()
    ]
    return Drawing(
        "figure_1_sequences",
        fig,
        "A sequence",
        "Two character-label pairs, a query, and the answer; the four ways in which a network is tested.",
        "Four rows, each a character, its label, a second character, its label, the query and an arrow to the answer. "
        + "; ".join(told)
        + ".",
    )


def figure_1_features(cosines: Mapping[str, Float[ndarray, "class class"]]) -> Drawing:
    """How alike the features of different classes are, for the training classes and for the unseen ones."""
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2), width_ratios=(1, 1.35))
    means = {}
    for name, cosine in cosines.items():
        apart = cosine[np.triu_indices(len(cosine), 1)]
        means[name] = apart.mean()
        axes[1].hist(
            apart,
            bins=np.linspace(0, 1, 41),
            density=True,
            histtype="step",
            lw=1.6,
            color=colour(name),
            label=f"{name.replace('_', ' ')}: mean {apart.mean():.2f}",
        )
        if name == "train":
            drawn = axes[0].imshow(cosine, vmin=0, vmax=1, cmap="Blues")
            fig.colorbar(drawn, ax=axes[0], label="cosine")
    axes[0].set(xlabel="training class", ylabel="training class")
    axes[1].set(xlabel="cosine of two classes", ylabel="density")
    axes[1].legend(loc="upper left")
    plots.panel_titles(axes, ["Each class is most like itself", "How much two classes have in common"])
    return Drawing(
        "figure_1_features",
        fig,
        "What the model sees",
        "a: the cosine of the features of any two training classes. b: how it is distributed over pairs of different "
        "classes, for training classes and for unseen ones.",
        "Left, a square of cosines with a dark diagonal of ones. Right, two histograms of the cosine of two different "
        "classes: " + ", ".join(f"{_spelt(name)} with mean {mean:.2f}" for name, mean in means.items()) + ".",
    )


def figure_1_circuit() -> Drawing:
    """The induction circuit with its five steps."""
    fig, ax = plt.subplots(figsize=(5.4, 4.9))
    circuit(ax, key=True)
    ax.set_title("The induction circuit: A is blue, B orange, C purple")
    return Drawing(
        "figure_1_circuit",
        fig,
        "Figure 1: the circuit",
        "What has to go right, in five steps. Layer 1 attends from a label to the character before it (1) and copies "
        "it forward (2); Layer 2 reads queries and keys (3qk), matches them (4), reads values (3v) and copies the "
        "matched label to the output (5). Three subcircuits: **A** = 1 + 2, **B** = 3qk + 4 (match), **C** = 3v + 5 "
        "(copy).",
        "Five tokens from left to right, x1, l1, x2, l2 and the query, below two layers. A dashed arrow 1 in Layer 1 "
        "goes from l1 back to x1, an arrow 2 carries x1 to the place of l1. From there arrows 3qk go to the key and, "
        "at the query, to the query of Layer 2; a dashed arrow 4 goes from the query to the matching key; arrow 3v "
        "goes from l1 to the value, and arrow 5 from there to the output, which is l1.",
    )


def figure_1_chance(strategies: pd.DataFrame) -> Drawing:
    """What can be had without the whole circuit; rows are strategies, columns `accuracy` and `loss` (nats)."""
    fig = _bars(strategies)
    best = strategies.accuracy.idxmax()
    others = strategies.accuracy.drop(best).max()
    return Drawing(
        "figure_1_chance",
        fig,
        "Chance levels",
        "Accuracy on the training set of what can be done without the whole circuit, and of a match made by hand.",
        "Horizontal bars of accuracy: "
        + ", ".join(f"{name} {accuracy:.2f}" for name, accuracy in strategies.accuracy.items())
        + f". The best is the {best}; no other is above {others:.2f}.",
    )


def _bars(strategies: pd.DataFrame) -> Figure:
    fig, ax = plt.subplots(figsize=(6.2, 2.3))
    for height, (name, accuracy, loss) in enumerate(strategies.itertuples()):
        ax.barh(height, accuracy, color=pale(SUBCIRCUIT_COLOURS["A"], 0.6 if "hand" in name else 0.3))
        said = f"{accuracy:.2f}" + (f"   (loss {loss:.2f})" if np.isfinite(loss) else "")
        ax.text(accuracy + 0.01, height, said, va="center", size=7.5)
    ax.set(
        yticks=range(len(strategies)),
        yticklabels=strategies.index,
        xlabel="accuracy on the training set",
        xlim=(0, 1.32),
        xticks=np.linspace(0, 1, 6),
        title="Only a match solves the task",
    )
    ax.invert_yaxis()
    return fig


def _spelt(name: str) -> str:
    return name.replace("held_out", "held-out").replace("_", " ")
