"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number
from induction_heads.networks.tokens.evaluate import crossing

from .figures import Histories, turn
from .measures import CHANCE, LAYER_1, PREVIOUS_TOKEN

ABRUPT = (0.9, 0.1)  # of chance: the loss between them is the change


def window(histories: Histories, name: str) -> list[str]:
    """Between which steps the loss on repeated tokens falls from nine tenths of chance to one tenth."""
    told = []
    for seed, history in histories[name].items():
        begin, end = (crossing(history.step, history.copied_loss, share * CHANCE) for share in ABRUPT)
        told.append(f"{number(begin)} and {number(end)} (seed {seed})")
    return [f"With {name}, the loss is at nine tenths and at one tenth of chance at steps {listed(told)}."]


def loss_paths(paths: Mapping[str, Float[ndarray, "_ 2"]]) -> list[str]:
    """How much each path turns, and how far apart the ends are."""
    turns = listed(f"{name} {turn(path):.0f}°" for name, path in paths.items())
    ends = np.array([path[-1] for path in paths.values()])
    names = list(paths)
    apart = np.linalg.norm(ends[:, None] - ends, axis=-1)
    i, j = np.unravel_index(apart.argmax(), apart.shape)
    return [
        f"The largest turn of each path: {turns}.",
        f"Furthest apart at the end are {names[i]} and {names[j]}, by {number(apart[i, j])} nats.",
    ]


def depth(histories: Histories) -> list[str]:
    """The largest prefix matching at the end, by network."""
    ends = {name: [h.prefix_matching.iloc[-1] for h in each.values()] for name, each in histories.items()}
    return [f"{name}: {listed(number(x) for x in values)}." for name, values in ends.items()]


def single_heads(
    found: Mapping[int, Mapping[str, Mapping[str, float]]], tables: Mapping[int, pd.DataFrame]
) -> list[str]:
    """What the loss of one head costs at most, and how previous-token attention is spread over Layer 1."""
    told = []
    for seed, each in found.items():
        costs = {
            name: losses["repeat"] - each["intact"]["repeat"]
            for name, losses in each.items()
            if name[0] + name[2:3] == "LH"
        }
        worst = max(costs, key=lambda name: costs[name])
        told.append(f"{worst}, {costs[worst]:+.2f} nats (seed {seed})")
    previous = [table.previous_token[table.layer == 1] for table in tables.values()]
    many = [int((scores >= PREVIOUS_TOKEN).sum()) for scores in previous]
    spread = listed(f"{number(scores.min())} to {number(scores.max())}" for scores in previous)
    return [
        f"The single head that costs most is {listed(told)}.",
        f"Layer 1's previous-token attention goes from {spread}.",
        f"{listed(map(str, many))} of its heads reach {PREVIOUS_TOKEN}.",
    ]


def misleading_score(found: Mapping[int, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """The in-context-learning score without Layer 1, patterns preserved, beside its two parts."""
    told, better = [], 0
    for seed, each in found.items():
        intact, without = each["intact"], each[LAYER_1]
        early, late = without["early, preserved"], without["late, preserved"]
        before, after = intact["late"] - intact["early"], late - early
        better += after < before
        told.append(
            f"seed {seed}: score {before:.2f} before, {after:.2f} after; early loss {intact['early']:.2f} and "
            f"{early:.2f}, late loss {intact['late']:.2f} and {late:.2f}"
        )
    return [
        f"Without Layer 1, patterns kept, the score looks better in {in_words(better, len(found))}.",
        f"Both means: {'; '.join(told)}.",
    ]


def copying(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """The copying score of each seed's best induction head, beside all others'."""
    told = []
    for seed, table in tables.items():
        best = table.prefix_matching.idxmax()
        others = table.copying.drop(best)
        told.append(
            f"{best} {table.copying[best]:.2f}, the others {others.min():.2f} to {others.max():.2f} (seed {seed})"
        )
    return [f"Copying scores of the head that matches prefixes most: {listed(told)}."]


def clamped(halves: Mapping[str, Sequence[float]]) -> list[str]:
    """How many seeds learn under each condition, and the median step at which they are half way."""
    told = []
    for name, steps in halves.items():
        learnt = int(np.isfinite(steps).sum())
        told.append(f"{name}: {in_words(learnt, len(steps))} half way, the median at step {number(np.median(steps))}")
    return [f"With {'; '.join(told)}."]
