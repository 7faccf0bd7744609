"""Figures of Edelman and others 2024: phases, heads, the stumbling block, and the clamp of the first paper."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from induction_heads.machinery import plots
from induction_heads.machinery.colours import HEAD_COLOURS, INK, QUIET, pale
from induction_heads.machinery.drawing import Drawing
from induction_heads.machinery.numbers import number
from induction_heads.machinery.store import Trained

from .chains import STRATEGIES
from .claims import DELAYED_LOSS, crossing, nearest, order_flip, steps_waiting
from .minimal import LAGS
from .network import BATCH

COLOURS = dict(zip(STRATEGIES, (QUIET, HEAD_COLOURS[1], HEAD_COLOURS[0]), strict=True))
STYLES = dict(zip(STRATEGIES, (":", "--", "-"), strict=True))
RUNS = (HEAD_COLOURS[0], HEAD_COLOURS[2])
SHOWN_LAGS = 8


def figure_1(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """The loss of two layers and of one, with that of each strategy."""
    fig, ax = plt.subplots(figsize=(5.8, 3.4))
    for (name, seeds), color, style in zip(runs.items(), (INK, HEAD_COLOURS[3]), ("-", "-."), strict=True):
        plots.over_seeds(ax, seeds, "loss", color=color, label=name, ls=style)
    last = next(iter(runs.values()))[0].history.iloc[-1]
    for strategy in STRATEGIES:
        ax.axhline(last[f"loss_{strategy}"], color=COLOURS[strategy], ls=STYLES[strategy], lw=1.1, label=strategy)
    ax.set(xlabel=f"steps, of {BATCH} sequences each", ylabel="KL to the true distribution (nats)", ylim=(0, None))
    ax.legend(fontsize=7.5, ncols=2)
    ends = {name: np.median([t.history.loss.iloc[-1] for t in seeds]) for name, seeds in runs.items()}
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: the loss, and that of three strategies",
        "At the last token of held-out chains. Median of the seeds in a band from the lowest to the highest; lines are "
        "strategies that count nothing, tokens, or pairs, on the same chains.",
        f"Falling curves that end at {', '.join(f'{number(x)} ({name})' for name, x in ends.items())}; lines at "
        + ", ".join(f"{number(last[f'loss_{s}'])} ({s})" for s in STRATEGIES)
        + ".",
    )


def figure_2(runs: Sequence[Trained]) -> Drawing:
    """Distances to the three strategies, a panel a seed, shaded by the nearest."""
    fig, axes = plt.subplots(1, len(runs), figsize=(3.6 * len(runs), 3), squeeze=False, sharey=True)
    for ax, trained in zip(axes[0], runs, strict=True):
        _distances(ax, trained)
    axes[0, 0].set_ylabel("KL from the strategy (nats)")
    axes[0, -1].legend(fontsize=7.5, title="strategy", title_fontsize=7.5)
    plots.panel_titles(axes[0], [f"Seed {trained.run.seed}" for trained in runs])
    flips = [f"seed {t.run.seed} at {number(order_flip(t.history))}" for t in runs]
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: which strategy is nearest",
        "How far the network's answers are from those of each strategy; the background has the colour of the nearest.",
        f"Three curves in each panel on a background in stretches. The bigram strategy is nearest from: "
        f"{', '.join(flips)}.",
    )


def _distances(ax: Axes, trained: Trained) -> None:
    """A run's distances to the strategies on a background in the nearest one's colour."""
    history, own = trained.history, nearest(trained.history).to_numpy()
    steps = history.steps.to_numpy()
    for i in range(len(steps) - 1):
        ax.axvspan(steps[i], steps[i + 1], color=pale(COLOURS[own[i]], 0.3), lw=0, zorder=0)
    for strategy in STRATEGIES:
        ax.plot(steps, history[f"from_{strategy}"], color=COLOURS[strategy], ls=STYLES[strategy], label=strategy)
    ax.set(xlabel="steps", ylim=(0, 0.35))


def figure_3(runs: Sequence[Trained]) -> Drawing:
    """Attention along the two steps of an induction head, a panel a seed, with the order flip."""
    fig, axes = plt.subplots(1, len(runs), figsize=(3.6 * len(runs), 2.9), squeeze=False, sharey=True)
    ends = []
    for ax, trained in zip(axes[0], runs, strict=True):
        history = trained.history
        ax.plot(history.steps, history.previous, color=HEAD_COLOURS[2], label="layer 1: token before")
        ax.plot(history.steps, history.induction, color=HEAD_COLOURS[3], ls="--", label="layer 2: what came after")
        ax.axvline(order_flip(history), color=QUIET, lw=1, ls=":", label="order flip")
        ax.set(xlabel="steps", ylim=(-0.02, 1.03))
        ends.append(f"seed {trained.run.seed}: {history.previous.iloc[-1]:.2f} and {history.induction.iloc[-1]:.2f}")
    axes[0, 0].set_ylabel("attention")
    axes[0, 0].legend(fontsize=7)
    plots.panel_titles(axes[0], [f"Seed {trained.run.seed}" for trained in runs])
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: two heads",
        "Layer 1's attention to the token before, a mean over places; layer 2's, from the last token, to what came "
        "after earlier tokens like it, a sum over places.",
        f"Two rising curves in each panel. At the end, {'; '.join(ends)}.",
    )


def figure_4(trained: Trained, at: Sequence[int]) -> Drawing:
    """Layer 1's mean attention by lag, at some steps."""
    fig, ax = plt.subplots(figsize=(5.4, 3))
    kept, told = trained.final, []
    width = 0.8 / len(at)
    for i, step in enumerate(at):
        lags = kept[f"lags at {step:05}"].numpy()
        places = np.arange(SHOWN_LAGS) + (i - (len(at) - 1) / 2) * width
        ax.bar(places, lags, width, color=HEAD_COLOURS[i], label=f"step {step}")
        told.append(f"step {step}: {lags[1]:.2f} at lag 1")
    ax.set(xlabel="lag: tokens back", ylabel="mean attention of layer 1", ylim=(0, 1))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: where layer 1 looks",
        f"Means over places and held-out chains, seed {trained.run.seed}.",
        f"Bars for lags 0 to {SHOWN_LAGS - 1} at each step. {'; '.join(told)}.",
    )


def figure_5(runs: Mapping[str, Sequence[Trained]]) -> Drawing:
    """The loss on doubly stochastic chains, with and without forgetful ones in training."""
    fig, ax = plt.subplots(figsize=(5.8, 3.3))
    told = []
    for (name, seeds), color, style in zip(runs.items(), RUNS, ("-", "--"), strict=True):
        plots.over_seeds(ax, seeds, "loss", color=color, label=name, ls=style)
        told.append(f"{name} {', '.join(number(crossing(t.history)) for t in seeds)}")
    ax.axhline(DELAYED_LOSS, color=QUIET, lw=0.9, ls=":", label=f"{DELAYED_LOSS} nats")
    ax.set(xlabel="steps: doubly stochastic sequences / 64", ylabel="KL to the truth (nats)", ylim=(0, None))
    ax.legend(fontsize=7.5)
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: a stumbling block",
        "Tested on doubly stochastic chains, where counting tokens tells nothing. Both see as many of these; one also "
        "sees chains for which counting tokens is all there is. Median of the seeds in a band.",
        f"Two falling curves; steps to {DELAYED_LOSS}, by seed: {'; '.join(told)}.",
    )


def figure_6(free: Sequence[Trained], clamped: Sequence[Trained]) -> Drawing:
    """Distances to unigram and bigram, with and without the previous-token step clamped."""
    fig, axes = plt.subplots(1, 2, figsize=(8.6, 3.2), sharey=True, sharex=True)
    told = []
    for ax, (name, seeds) in zip(axes, (("no clamp", free), ("clamped", clamped)), strict=True):
        for strategy in STRATEGIES:
            look = dict(color=COLOURS[strategy], ls=STYLES[strategy])
            plots.over_seeds(ax, seeds, f"from_{strategy}", label=strategy, **look)
        ax.set(xlabel="steps", ylim=(0, 0.35))
        told.append(f"{name}: unigram nearest for {', '.join(number(steps_waiting(t)) for t in seeds)} steps")
    axes[0].set_ylabel("KL from the strategy (nats)")
    axes[1].legend(fontsize=7.5, title="strategy", title_fontsize=7.5)
    plots.panel_titles(axes, ["No clamp", "The previous-token step clamped throughout"])
    return Drawing(
        "figure_6",
        fig,
        "Figure 6: the first paper's clamp on this network",
        "Layer 1 has the pattern of a perfect previous-token head from the first step on. Is there still a stretch in "
        "which the dashed curve is lowest?",
        f"Two panels of three curves; {'; '.join(told)}.",
    )


def figure_7(runs: Sequence[Trained]) -> Drawing:
    """The minimal model: distances to the strategies, layer 2's weights, and layer 1's by lag."""
    fig, axes = plt.subplots(1, 3, figsize=(11, 3.2))
    for strategy in STRATEGIES:
        look = dict(color=COLOURS[strategy], ls=STYLES[strategy])
        plots.over_seeds(axes[0], runs, f"from_{strategy}", label=strategy, **look)
    axes[0].set(xlabel="steps", ylabel="KL from the strategy (nats)", ylim=(0, None))
    for column, label, color, style in (
        ("diagonal", "the token itself", HEAD_COLOURS[0], "-"),
        ("off_diagonal", "other tokens", HEAD_COLOURS[3], "--"),
    ):
        plots.over_seeds(axes[1], runs, column, color=color, label=label, ls=style)
    axes[1].set(xlabel="steps", ylabel="entry of W")
    steps = runs[0].history.steps
    shown = [steps.iloc[0], steps.iloc[len(steps) // 2], steps.iloc[-1]]
    for i, step in enumerate(shown):
        v = np.stack(
            [t.history.loc[t.history.steps == step, [f"v_{n}" for n in range(LAGS)]].to_numpy()[0] for t in runs]
        )
        plots.curve(axes[2], np.arange(LAGS), v, color=HEAD_COLOURS[i], label=f"step {step:.0f}", marker="o", ms=3)
    axes[2].set(xlabel="lag: tokens back", ylabel="v")
    for ax in axes:
        ax.legend(fontsize=7)
    plots.panel_titles(axes, ["Which strategy is nearest", "Layer 2: what it matches", "Layer 1: where it looks"])
    last = [trained.history.iloc[-1] for trained in runs]
    told = {name: float(np.median([row[name] for row in last])) for name in ("diagonal", "off_diagonal", "v_0", "v_1")}
    return Drawing(
        "figure_7",
        fig,
        "Figure 7: the minimal model",
        "A matrix of three states by three and a number a lag, by gradient descent. Median of the seeds in a band from "
        "the lowest to the highest. Which of the two moves first? No claim is made of this figure.",
        f"Three panels of curves. At the end, medians: W has {told['diagonal']:.2f} on the diagonal and "
        f"{told['off_diagonal']:.2f} off it, v {told['v_0']:.2f} at lag 0 and {told['v_1']:.2f} at lag 1.",
    )


def figure_8(runs: Mapping[str, Trained]) -> Drawing:
    """Distances to the strategies of two layers, with a number a lag, and at three times the rate."""
    fig, axes = plt.subplots(1, len(runs), figsize=(3.6 * len(runs), 3), squeeze=False, sharey=True)
    for ax, trained in zip(axes[0], runs.values(), strict=True):
        _distances(ax, trained)
    axes[0, 0].set_ylabel("KL from the strategy (nats)")
    axes[0, -1].legend(fontsize=7.5, title="strategy", title_fontsize=7.5)
    plots.panel_titles(axes[0], [name.capitalize() for name in runs])
    told = [f"{name} for {number(steps_waiting(trained))} steps" for name, trained in runs.items()]
    return Drawing(
        "figure_8",
        fig,
        "Figure 8: what the plateau hangs on",
        "As Figure 2, one seed, in two more settings. No claim is made of this figure.",
        f"Three curves in each panel on a background in stretches. Unigram is nearest: {'; '.join(told)}.",
    )
