"""Sequences of a bigram language in which, after some tokens, the context alone says what follows (section 3).

    7 2 9 4 2 9 1 2 ->        2 is a trigger of this sequence, 9 its output

A *trigger* is followed by an output that is drawn anew for every sequence; every other token by the language's bigrams.
The language is drawn, where the papers count characters of Shakespeare: frequencies by Zipf's law, and rows of the
bigram table that are sparse.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

VOCABULARY, LENGTH = 65, 96  # V and T
TRIGGERS = 5  # K, a sequence
SPARSENESS = 0.3  # shape of the gamma draws that a row is made of; the smaller, the fewer tokens share it
TELLS_FROM = 2  # occurrences of a trigger, the present one counted, from which the context says its output


class Sequences(NamedTuple):
    """Tokens, what follows each of them, and where the context says it: at a trigger's second occurrence or later."""

    tokens: Int[Tensor, "n token"]
    targets: Int[Tensor, "n token"]
    told: Bool[Tensor, "n token"]


@dataclass(frozen=True)
class Language:
    """Frequencies and bigrams; `fixed` triggers are the most frequent tokens, others are drawn for each sequence."""

    seed: int
    fixed: bool

    @cached_property
    def unigrams(self) -> Float[np.ndarray, " V"]:
        """Zipf's law with exponent 1: token 0 is the most frequent."""
        weights = 1 / np.arange(1, VOCABULARY + 1)
        return weights / weights.sum()

    @cached_property
    def bigrams(self) -> Float[np.ndarray, "V V"]:
        """Row i: the distribution of what follows token i."""
        drawn = np.random.default_rng(self.seed).gamma(SPARSENESS, size=(VOCABULARY, VOCABULARY)) * self.unigrams
        return drawn / drawn.sum(1, keepdims=True)

    def triggers(self, rng: np.random.Generator, n: int) -> Int[np.ndarray, "n K"]:
        """Those of n sequences; drawn ones by frequency, without replacement: the largest sums of log and Gumbel."""
        if self.fixed:
            return np.tile(np.arange(TRIGGERS), (n, 1))
        keys = np.log(self.unigrams) + rng.gumbel(size=(n, VOCABULARY))
        return np.argsort(-keys, 1)[:, :TRIGGERS]

    def drawn(self, rng: np.random.Generator, n: int, length: int = LENGTH) -> Sequences:
        """n sequences, each with triggers and outputs of its own."""
        rows, triggers = np.arange(n), self.triggers(rng, n)
        output = np.full((n, VOCABULARY), -1)
        output[rows[:, None], triggers] = rng.integers(VOCABULARY, size=(n, TRIGGERS))
        limits, chance = self.bigrams.cumsum(1)[:, :-1], rng.random((length + 1, n))
        tokens = np.empty((n, length + 1), dtype=np.int64)
        tokens[:, 0] = np.searchsorted(self.unigrams.cumsum()[:-1], chance[0])
        for t in range(length):
            now = tokens[:, t]
            free = (chance[t + 1, :, None] > limits[now]).sum(1)
            tokens[:, t + 1] = np.where(output[rows, now] >= 0, output[rows, now], free)
        told = (output[rows[:, None], tokens] >= 0) & (occurrences(tokens) >= TELLS_FROM)
        return Sequences(*(torch.from_numpy(x) for x in (tokens[:, :-1], tokens[:, 1:], told[:, :-1])))


def occurrences(tokens: Int[np.ndarray, "n token"]) -> Int[np.ndarray, "n token"]:
    """How often each token has come up so far, itself counted."""
    return np.tril(tokens[:, :, None] == tokens[:, None, :]).sum(2)
