"""The drawings of this paper, a function a figure: data in, a figure and its words out. Nothing is measured here."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery import plots
from induction_heads.machinery.colours import QUIET
from induction_heads.machinery.drawing import Drawing
from induction_heads.networks.tokens import pictures
from induction_heads.networks.tokens.languages import SYMBOLS, TOKENS

from .measures import LATE, WINDOW
from .runs import BIGRAM, BOTH, ONE, TWO

NAMES = (ONE, BIGRAM, BOTH, TWO)
COLOURS = pictures.colours(NAMES)
STYLES = dict(zip(NAMES, (":", "-.", "-", "--"), strict=True))
WRAPPED = {name: name.replace(" + ", "\n+ ") for name in NAMES}
Measured = Mapping[str, Sequence[float]]  # a number a seed, by network
KINDS = ("0", "1", "2 or more")  # matched tokens


def figure_1(networks: Mapping[str, Measured], counted: Mapping[str, Mapping[str, float]]) -> Drawing:
    """Distance and accuracy at late places: a point a seed, and lines of counting n-grams."""
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.6))
    for ax, (quantity, each) in zip(axes, networks.items(), strict=True):
        pictures.by_seed(ax, each, COLOURS)
        ax.set_xticks(range(len(each)), [WRAPPED[name] for name in each])
        for order, numbers in list(counted.items())[:3]:  # a fourth line lies upon others
            ax.axhline(numbers[quantity], color=QUIET, lw=0.9, ls=(0, (4, 3)), zorder=1)
            beside = dict(xycoords=("axes fraction", "data"), size=7, color=QUIET, va="center")
            ax.annotate(f"n = {order}", (1.01, numbers[quantity]), **beside)
        ax.tick_params(axis="x", labelsize=7.5)
    axes[0].set(ylabel="total variation from the truth", ylim=(0, None))
    axes[1].set(ylabel="share of possible answers")
    plots.panel_titles(axes, ["Distance (lower is better)", "Accuracy (higher is better)"])
    lines = ", ".join(f"{numbers['TVD']:.2f} for n = {order}" for order, numbers in counted.items())
    return Drawing(
        "figure_1",
        fig,
        "Figure 1: how well a new language is known",
        f"Places from {LATE} on of {TOKENS}, in 128 languages that training has not seen. A point a seed, a dash at "
        "their median; dashed lines: counting n-grams in the sequence itself, up to n = 3.",
        f"Points in four columns. Distances: {pictures.told(networks['TVD'])}. Lines: {lines}.",
    )


def figure_2(networks: Mapping[str, Sequence[Float[ndarray, " window"]]], counted: Mapping[str, ndarray]) -> Drawing:
    """Distance by place: medians of seeds in bands, and counting pairs and triples."""
    fig, ax = plt.subplots(figsize=(6.2, 3.5))
    places = WINDOW * (np.arange(TOKENS // WINDOW) + 0.5)
    for name, each in networks.items():
        plots.curve(ax, places, np.stack(each), color=COLOURS[name], label=name, ls=STYLES[name])
    for order, marker in (("2", "o"), ("3", "s")):
        ax.plot(places, counted[order], color=QUIET, lw=0.8, marker=marker, ms=3, label=f"counting, n = {order}")
    ax.axvline(LATE, color=QUIET, lw=0.8, ls=":")
    ax.set(xlabel="place", ylabel="total variation from the truth", ylim=(0, None), xlim=(0, TOKENS))
    ax.legend(fontsize=7, ncols=2)
    ends = {name: float(np.median([curve[-1] for curve in each])) for name, each in networks.items()}
    return Drawing(
        "figure_2",
        fig,
        "Figure 2: what more context is worth",
        f"Means over {WINDOW} places. Median of the seeds in a band from the lowest to the highest; the dotted line "
        "is where the means of Figure 1 begin.",
        f"Six falling curves; at the end {', '.join(f'{name} {x:.2f}' for name, x in ends.items())}.",
    )


def figure_3(curves: Mapping[str, Sequence[Mapping[str, Sequence[float]]]], counted: Mapping[str, float]) -> Drawing:
    """Distance at late places through training."""
    fig, ax = plt.subplots(figsize=(6.2, 3.4))
    for name, seeds in curves.items():
        values = np.stack([each["TVD"] for each in seeds])
        plots.curve(ax, np.array(seeds[0]["step"]), values, color=COLOURS[name], label=name, ls=STYLES[name])
    for order, level in counted.items():
        pictures.chance(ax, level, f"n = {order}")
    plots.count_axis(ax, "training steps, of 32 sequences each")
    ax.set(ylabel="total variation from the truth", ylim=(0, None), xlim=(0, None))
    ax.legend(fontsize=7.5)
    told = {name: [each["TVD"][-1] for each in seeds] for name, seeds in curves.items()}
    return Drawing(
        "figure_3",
        fig,
        "Figure 3: through training",
        f"Places from {LATE} on. Median of the seeds in a band from the lowest to the highest; dashed lines: counting "
        "n-grams.",
        f"Four falling curves; at their ends {pictures.told(told)}.",
    )


def figure_4(by_seed: Mapping[int, Mapping[str, Sequence[float]]], even: Sequence[float]) -> Drawing:
    """Attention of each head of layer 2 by how many tokens match, a panel a seed."""
    fig, axes = plt.subplots(1, len(by_seed), figsize=(3.6 * len(by_seed), 3.1), sharey=True, squeeze=False)
    colour = pictures.colours(KINDS)
    for ax, (seed, heads) in zip(axes[0], by_seed.items(), strict=True):
        columns = {**heads, "even": even}
        for i, kind in enumerate(KINDS):
            heights = [shares[i] for shares in columns.values()]
            below = [sum(shares[:i]) for shares in columns.values()]
            hatch = ("", "//", "..")[i]
            ax.bar(range(len(columns)), heights, 0.75, bottom=below, color=colour[kind], label=kind, hatch=hatch)
        ax.set_xticks(range(len(columns)), list(columns))
        ax.set_xlabel(f"head, seed {seed}")
    axes[0, 0].set_ylabel("attention")
    axes[0, -1].legend(
        title="matched tokens", loc="upper left", bbox_to_anchor=(1, 1), fontsize=7.5, title_fontsize=7.5
    )
    most = {seed: max(s[1] + s[2] for s in heads.values()) for seed, heads in by_seed.items()}
    return Drawing(
        "figure_4",
        fig,
        "Figure 4: do heads of layer 2 look up n-grams?",
        "Attention of late places to earlier ones, by how many tokens before the key equal those up to the query; "
        "*even*: a head that looks everywhere alike. The rest is attention to the query itself.",
        "Stacked bars. Most attention after matched tokens: "
        f"{', '.join(f'seed {seed} {x:.2f}' for seed, x in most.items())}; even {even[1] + even[2]:.2f}.",
    )


def figure_5(maps: Mapping[str, Float[ndarray, "place symbol"]], tokens: Sequence[int], first: int) -> Drawing:
    """The true distributions of a stretch of one sequence, and what networks say."""
    fig, axes = plt.subplots(len(maps), 1, figsize=(9.2, 1.75 * len(maps) + 0.5), sharex=True, sharey=True)
    for ax, said in zip(axes, maps.values(), strict=True):
        extent = (first - 0.5, first + len(tokens) - 0.5, SYMBOLS + 0.5, 0.5)
        image = ax.imshow(said[:, 1:].T, cmap="Blues", vmin=0, vmax=1, aspect="auto", extent=extent)
        seen = [(first + i, token) for i, token in enumerate(tokens) if token]
        ax.plot(*zip(*seen, strict=True), "o", ms=3, mfc="none", mec="#AA3003", mew=0.8)
        ax.set_ylabel("symbol")
    axes[-1].set_xlabel("place")
    plots.panel_titles(axes, list(maps))
    fig.colorbar(image, ax=axes, label="probability", shrink=0.7)
    return Drawing(
        "figure_5",
        fig,
        "Figure 5: what is said of a sequence",
        "One held-out language; circles: the symbols that came. Where the truth is empty a separator stands, of which "
        "nothing is asked.",
        f"{len(maps)} maps of probabilities over {len(tokens)} places and {SYMBOLS} symbols, with the symbols that "
        "came marked.",
    )
