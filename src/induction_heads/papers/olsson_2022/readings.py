"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number, prediction
from induction_heads.networks.tokens.evaluate import crossing

from .figures import Histories, turn
from .measures import CHANCE, LAYER_1, PREVIOUS_TOKEN
from .runs import ONE

ABRUPT = (0.9, 0.1)  # of chance: the loss between them is the change
STRAIGHT = 45  # degrees: a path that never turns by more
LOW, HIGH = 0.1, 0.6  # prefix matching of one layer, and of more: the bars of the first claim


def window(histories: Histories, name: str) -> list[str]:
    """Between which steps the loss on repeated tokens falls from nine tenths of chance to one tenth."""
    told = []
    for seed, history in histories[name].items():
        begin, end = (crossing(history.step, history.copied_loss, share * CHANCE) for share in ABRUPT)
        told.append(f"{number(begin)} and {number(end)} (seed {seed})")
    return [f"With {name}, the loss is at nine tenths and at one tenth of chance at steps {listed(told)}."]


def wording(found: Mapping[int, Mapping[int, float]]) -> list[str]:
    """What each reading of the paper's words says of one head; lags from the last occurrence of the present token."""
    told = [
        f"{', '.join(number(x) for x in each.values())} at lags {', '.join(f'{lag:+d}' for lag in each)} (seed {seed})"
        for seed, each in found.items()
    ]
    others = max(x for each in found.values() for lag, x in each.items() if lag != 1)
    return [
        f"The head that matches prefixes most attends with {'; '.join(told)}.",
        f"Read as the match itself or the token before it, its score would be {number(others)} at most.",
    ]


def loss_paths(paths: Mapping[str, Float[ndarray, "_ 2"]]) -> list[str]:
    """Whether one layer alone goes straight and the others end together, how much each turns, and the ends."""
    turns = {name: turn(path) for name, path in paths.items()}
    ends = np.array([path[-1] for path in paths.values()])
    names = list(paths)
    apart = np.linalg.norm(ends[:, None] - ends, axis=-1)
    i, j = np.unravel_index(apart.argmax(), apart.shape)
    alone, others = names.index(ONE), [n for n in range(len(names)) if names[n] != ONE]
    among, away = float(apart[np.ix_(others, others)].max()), float(apart[alone, others].min())
    straight = turns[ONE] < STRAIGHT <= min(turns[names[n]] for n in others)
    told = listed(f"{name} {degrees:.0f}°" for name, degrees in turns.items())
    return [
        prediction(
            straight and among < away,
            f"the largest turn of each path is {told}; the ends of networks that copy are at most {number(among)} nats "
            f"apart, and {number(away)} or more from that of {ONE}",
        ),
        f"Furthest apart at the end are {names[i]} and {names[j]}, by {number(apart[i, j])} nats.",
    ]


def depth(histories: Histories) -> list[str]:
    """The largest prefix matching at the end by network, and whether it is high beyond one layer alone."""
    ends = {name: [h.prefix_matching.iloc[-1] for h in each.values()] for name, each in histories.items()}
    deeper = [x for name, each in ends.items() if name != ONE for x in each]
    came_true = bool(max(ends[ONE]) < LOW and min(deeper, default=0.0) >= HIGH)
    told = "; ".join(f"{name} {listed(map(number, values))}" for name, values in ends.items())
    return [prediction(came_true, f"by seed, {told}")]


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
