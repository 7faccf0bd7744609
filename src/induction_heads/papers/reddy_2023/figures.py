"""Figures of Reddy 2023: how in-context learning comes, the three logits, and the clamp of the first paper."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from . import logits
from .claims import LEARNT, NOT_YET, first_step, steps_waiting
from .logits import Descent
from .task import PAIRS

TESTS = {
    "context": ("context: new classes", HEAD_COLOURS[0], "-"),
    "relabelled": ("context: known classes, other labels", HEAD_COLOURS[2], "--"),
    "weights": ("weights: known classes, not shown", HEAD_COLOURS[1], "-."),
}
MEASURES = {
    "item": ("layer 1: label to its item", HEAD_COLOURS[2], "-"),
    "target_label": ("layer 2: target to correct labels", HEAD_COLOURS[0], "-"),
    "label": ("layer 2: target to labels", HEAD_COLOURS[3], "--"),
    "in_context": ("answers with a label in context", INK, ":"),
    "context": ("answers with the right one", HEAD_COLOURS[1], "-."),
}
WAY = {
    "xi": ("ξ: readout", HEAD_COLOURS[1]),
    "a": ("a: match", HEAD_COLOURS[0]),
    "beta": ("β₁: previous token", HEAD_COLOURS[2]),
}


def figure_1(runs: Sequence[Trained]) -> Drawing:
    """Accuracies and loss of the main run through training."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    for column, (label, color, style) in TESTS.items():
        plots.over_seeds(axes[0], runs, column, color=color, label=label, ls=style)
    axes[0].axhline(1 / PAIRS, color=QUIET, lw=0.8, ls=(0, (1, 2)), label=f"one of {PAIRS} labels in context")
    axes[0].set(xlabel="steps", ylabel="accuracy", ylim=(-0.02, 1.03))
    axes[0].legend(fontsize=7, loc="upper left")
    plots.over_seeds(axes[1], runs, "loss", color=INK, label="loss of the batch", ls="-")
    for level, label in ((np.log(runs[0].run.labels), "all labels alike"), (np.log(PAIRS), "those in context alike")):
        axes[1].axhline(level, color=QUIET, lw=0.9, ls="--" if level > 3 else ":", label=label)
    axes[1].set(xlabel="steps", ylabel="loss (nats)", ylim=(0, None))
    axes[1].legend(fontsize=7)
    plots.panel_titles(axes, ["Accuracy by test", "Loss"])
    learnt = [first_step(t.history, t.history.context >= LEARNT) for t in runs]
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: slow, then abrupt",
        f"Median of {len(runs)} seeds in a band from the lowest to the highest. Look at what the loss does before "
        "accuracy in context moves.",
        f"Accuracy in context stays low and then rises steeply, to {LEARNT} at step {', '.join(map(number, learnt))}; "
        "the loss falls slowly and then fast.",
    )


def figure_2(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """The measures of progress and accuracy, with more labels than pairs and with as many, in three settings."""
    fig, axes = plt.subplots(2, 2, figsize=(9.2, 5.8), sharey=True)
    ends = []
    for ax, (name, seeds) in zip(axes.flat, runs.items(), strict=True):
        for column, (label, color, style) in MEASURES.items():
            plots.over_seeds(ax, seeds, column, color=color, label=label, ls=style)
        ax.axhline(NOT_YET, color=QUIET, lw=0.7, ls="--")
        ax.set(xlabel="steps", ylim=(-0.02, 1.03))
        last = {column: np.median([t.history[column].iloc[-1] for t in seeds]) for column in MEASURES}
        ends.append(f"{name}: " + ", ".join(f"{MEASURES[column][0]} {x:.2f}" for column, x in last.items()))
    for ax in axes[:, 0]:
        ax.set_ylabel("attention, or share of answers")
    plots.legend_above(fig, axes[0, 0], 3)
    plots.panel_titles(axes.flat, list(runs))
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: measures of progress",
        "Attention along the two steps of an induction head, how often the answer is a label of the context, and how "
        "often the right one. Below: as many labels as pairs in two more settings. The dashed line is what accuracy "
        f"stays below where learning is blocked, {NOT_YET}.",
        f"Five curves in each of four panels. At the end: {'; '.join(ends)}.",
    )


def figure_3(trained: Trained) -> Drawing:
    """Mean patterns of both layers before and after training."""
    fig, axes = plt.subplots(2, 2, figsize=(7.4, 5.2), height_ratios=(4, 1))
    kept = trained.final
    for column, when in zip(axes.T, ("before", "after"), strict=True):
        layer_1, layer_2 = (kept[f"{when}, layer {layer}"].numpy() for layer in (1, 2))
        column[0].imshow(layer_1, cmap="cividis", vmin=0, vmax=1)
        column[0].set(title=f"Layer 1, {when}", xlabel="key", ylabel="query")
        column[1].imshow(layer_2[None], cmap="cividis", vmin=0, vmax=1, aspect="auto")
        column[1].set(title=f"Layer 2, the target, {when}", xlabel="key", yticks=[])
        for ax in column:
            ax.set_xticks(range(0, len(layer_2), 4))
    fig.colorbar(axes[0, 1].images[0], ax=axes[:, 1], label="attention", shrink=0.7)
    after = kept["after, layer 1"].numpy()
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: patterns before and after",
        f"Means over sequences of new classes, seed {trained.run.seed}. Items stand at even places from 0, labels at "
        "odd ones; the target is last. Where do labels look?",
        "Two triangular patterns and two rows. After training labels attend to the token before by "
        f"{np.mean([after[t, t - 1] for t in range(1, 2 * PAIRS, 2)]):.2f} on average.",
    )


def figure_4(free: Mapping[str, Descent], clamped: Mapping[str, Descent]) -> Drawing:
    """The three logits of 8 pairs and 32 labels, and the loss of every setting, the previous token given and not."""
    fig, axes = plt.subplots(1, 2, figsize=(9, 3.3))
    main, reached = free["8 of 32"], []
    for name, (label, color) in WAY.items():
        values = getattr(main, name)
        axes[0].plot(values, color=color, label=label)
        reached.append(f"{label} {number(logits.first(values >= logits.REACHED))}")
    axes[0].axhline(logits.REACHED, color=QUIET, lw=0.8, ls=":")
    axes[0].set(xlabel="steps of descent", ylabel="logit")
    for i, (name, descent) in enumerate(free.items()):
        own = HEAD_COLOURS[i]
        axes[1].plot(descent.loss, color=own, label=f"{name} labels")
        axes[1].plot(clamped[name].loss, color=own, lw=1, ls=":", label="previous token given" if i == 0 else None)
    axes[1].set(xlabel="steps of descent", ylabel="loss (nats)", ylim=(0, None))
    for ax in axes:
        ax.legend(fontsize=7)
    plots.panel_titles(axes, ["8 pairs, 32 labels", "The loss, by pairs of labels"])
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: three nested logits",
        "Gradient descent from zero. (a) The order in which the logits rise. (b) The loss; dotted, the same with every "
        "label attending to its item from the start.",
        f"Three curves that reach 1 at steps: {', '.join(reached)}. Losses end at "
        + ", ".join(f"{name} {descent.loss[-1]:.2f}" for name, descent in free.items())
        + ".",
    )


def figure_5(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Accuracy in context and in weights at the end, by classes and burst."""
    fig, ax = plt.subplots(figsize=(6, 3.2))
    places = np.arange(len(runs))
    told = []
    for shift, column in ((-0.15, "context"), (0.15, "weights")):
        label, color, _ = TESTS[column]
        values = [[t.history[column].iloc[-1] for t in seeds] for seeds in runs.values()]
        ax.bar(places + shift, [np.median(v) for v in values], 0.28, color=color, label=label)
        for x, each in zip(places + shift, values, strict=True):
            ax.plot([x] * len(each), each, "o", color=INK, ms=3)
        told.append(f"{label}: " + ", ".join(f"{n} {np.median(v):.2f}" for n, v in zip(runs, values, strict=True)))
    ax.set_xticks(places, list(runs))
    ax.set(xlabel="(classes, burst); burst 0: free draws", ylabel="accuracy", ylim=(0, 1.03))
    plots.legend_above(fig, ax, 2)
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: which data favour context",
        "Accuracy at the end on new classes, and on known ones that are not shown. Bars are medians, dots seeds.",
        f"Pairs of bars. {'; '.join(told)}.",
    )


def figure_6(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """Accuracy in context and picking among its labels: no clamp, at every token, at labels alone."""
    fig, axes = plt.subplots(1, len(runs), figsize=(3.6 * len(runs), 3.2), sharey=True)
    told = []
    for ax, (name, seeds) in zip(axes, runs.items(), strict=True):
        for column, label, color, style in (
            ("context", "accuracy in context", HEAD_COLOURS[0], "-"),
            ("in_context", "answers with a label in context", INK, ":"),
        ):
            plots.over_seeds(ax, seeds, column, color=color, label=label, ls=style)
        ax.axhline(NOT_YET, color=QUIET, lw=0.7, ls="--")
        ax.set(xlabel="steps", ylim=(-0.02, 1.03))
        waits = [steps_waiting(trained) for trained in seeds]
        told.append(f"{name}: waits {', '.join(map(number, waits))} steps")
    axes[0].set_ylabel("share of answers")
    plots.legend_above(fig, axes[0], 2)
    plots.panel_titles(axes, ["No clamp", "Clamped at every token", "Clamped at labels alone"])
    return Drawing(
        "figure_6",
        fig,
        "Figure 6: the first paper's clamp on this network",
        "Layer 1 has the pattern of a perfect previous-token head from the first step on, at every token or at labels "
        "alone. The network waits where the dotted curve is high and the other below the dashed line. Median of the "
        "seeds in a band from the lowest to the highest.",
        f"Three panels of two curves; {'; '.join(told)}.",
    )
