"""One layer of attention, and the two gradient steps by which it learns (cross-entropy, from zero).

x_t = [position t; token z_t; token z_(t-1)], each one-hot; f = W_V X softmax(Xᵀ W_KQ x_T). First a step on W_V, when
attention is uniform, then one on W_KQ. Inputs are one-hot, so that products with them are sums over tokens.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from numpy.random import Generator

from induction_heads.machinery.run import Family
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

from . import task
from .task import LONGEST, POSITIONS, SHORTEST, VOCABULARY, Sequences

RATE_V, RATE_KQ = 1e3, 1e4
SAMPLES, TESTS = 8192, 1024
WIDTH = POSITIONS + 2 * VOCABULARY
CELLS = tuple((low, high) for low in range(SHORTEST, LONGEST) for high in range(low + 1, LONGEST + 1))
COLUMNS = ("cells", "lowest", "highest", "ratio", "known", "moved", "shortcut", "leftmost")


class Weights(NamedTuple):
    """W_V reads out, W_KQ scores keys (rows) for the last token (columns)."""

    v: Float[ndarray, "vocabulary width"]
    kq: Float[ndarray, "width width"]


@dataclass(frozen=True)
class Grid(ShortRun):
    """A network for every range of lengths: `steps` is how many of them, in the order of CELLS."""

    triggers: int
    samples: int = SAMPLES
    tests: int = TESTS

    @property
    def family(self) -> Family:
        return FAMILY


def weighted(given: Sequences, weights: Float[ndarray, "n position"]) -> Float[ndarray, "n width"]:
    """The sum of x_t, each times its weight; weights behind the last token have to be 0."""
    n = len(given.tokens)
    rows = np.arange(n)[:, None] * VOCABULARY

    def by_token(tokens: ndarray, each: ndarray) -> ndarray:
        return np.bincount((rows + tokens).ravel(), each.ravel(), n * VOCABULARY).reshape(n, VOCABULARY)

    own, before = by_token(given.tokens, weights), by_token(given.tokens[:, :-1], weights[:, 1:])
    return np.concatenate([weights, own, before], 1)


def along(given: Sequences, directions: Float[ndarray, "n width"]) -> Float[ndarray, "n position"]:
    """The product of each x_t with its sequence's direction."""
    own, before = directions[:, POSITIONS : POSITIONS + VOCABULARY], directions[:, POSITIONS + VOCABULARY :]
    found = directions[:, :POSITIONS] + np.take_along_axis(own, given.tokens, 1)
    found[:, 1:] += np.take_along_axis(before, given.tokens[:, :-1], 1)
    return found


def present(given: Sequences) -> Float[ndarray, "n position"]:
    """1 where there is a token."""
    return (np.arange(POSITIONS) < given.length[:, None]).astype(float)


def last(given: Sequences) -> Float[ndarray, "n width"]:
    """x_T."""
    return weighted(given, (np.arange(POSITIONS) == given.length[:, None] - 1).astype(float))


def softmax(scores: ndarray) -> ndarray:
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def step_on_v(given: Sequences) -> Float[ndarray, "vocabulary width"]:
    """W_V after a step from zero, under uniform attention and equal outputs."""
    mean = weighted(given, present(given) / given.length[:, None])
    error = np.eye(VOCABULARY)[given.output] - 1 / VOCABULARY
    return RATE_V * error.T @ mean / len(mean)


def step_on_kq(given: Sequences, v: Float[ndarray, "vocabulary width"]) -> Float[ndarray, "width width"]:
    """W_KQ after a step from zero, with W_V as it is."""
    uniform = present(given) / given.length[:, None]
    mean = weighted(given, uniform)
    error = np.eye(VOCABULARY)[given.output] - softmax(mean @ v.T)
    directions = error @ v
    better = uniform * (along(given, directions) - (mean * directions).sum(-1, keepdims=True))
    return RATE_KQ * weighted(given, better).T @ last(given) / len(mean)


def trained(lowest: int, highest: int, triggers: int, samples: int, rng: Generator) -> Weights:
    """Both steps, each on fresh sequences."""
    v = step_on_v(task.in_distribution(samples, lowest, highest, triggers, rng))
    return Weights(v, step_on_kq(task.in_distribution(samples, lowest, highest, triggers, rng), v))


def attention(weights: Weights, given: Sequences) -> Float[ndarray, "n position"]:
    """Of the last token to every token."""
    scores = along(given, last(given) @ weights.kq.T)
    return softmax(np.where(present(given) > 0, scores, -np.inf))


def answers(weights: Weights, given: Sequences) -> ndarray:
    """The token with the largest output."""
    return (weighted(given, attention(weights, given)) @ weights.v.T).argmax(-1)


def measured(weights: Weights, lowest: int, highest: int, run: Grid, rng: Generator) -> list[float]:
    """Accuracy as in training and with the output moved; there, how often the answer is a shortcut's."""
    known = task.in_distribution(run.tests, lowest, highest, run.triggers, rng)
    moved = task.out_of_distribution(run.tests, lowest, highest, run.triggers, rng)
    said = answers(weights, moved)
    right = [(answers(weights, known) == known.output).mean(), (said == moved.output).mean()]
    return [*right, (said == moved.shortcut).mean(), (said == moved.at(lowest + 1)).mean()]


def make(run: Grid, progress: Progress) -> Made:
    """Every cell by itself: its numbers do not depend on which others there are."""
    history = []
    for i, (lowest, highest) in enumerate(CELLS[: run.steps]):
        rng = np.random.default_rng([run.seed, run.triggers, lowest, highest])
        weights = trained(lowest, highest, run.triggers, run.samples, rng)
        found = measured(weights, lowest, highest, run, rng)
        history.append([i + 1, lowest, highest, task.ratio_of_uniform(lowest, highest), *found])
        progress(1, 1 - found[1])
    return Made(history, {"cells": torch.tensor([run.steps])})


FAMILY = ShortFamily("kawata 2025", COLUMNS, make, lambda run: 0.05 * run.samples / SAMPLES)
FAMILY.unit = "cells"
