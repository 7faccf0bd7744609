"""Strings of a random regular language, a new one in every sequence (Akyürek et al. 2024, 2401.12973, section 3).

    0 4 7 4 7 2 0 4 7 0 7 2 ...        strings of one automaton, each after a separator, 0

All states accept, so that where a string ends is no property of the language: separators are no targets. From a state
each of its symbols is as likely as another. Minimising an automaton, as the paper does, changes none of its strings and
none of their probabilities, and is left out.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from .generators import HELD_OUT, SEPARATOR, TRAINING, Drawn, Generator, Targets

SYMBOLS, FEWEST_STATES, STATES, DEGREE = 10, 4, 8, 3  # an automaton has 4 to 8 states, each of 1 to 3 symbols
LONGEST_STRING = 19  # strings have 1 to 19 symbols
TOKENS = 128
AUTOMATA = {TRAINING: 4096, HELD_OUT: 128}  # of each use


class Automata(NamedTuple):
    """Of each state, its symbols (from 1 on) and where they lead; the first `degree` of them count. The start is 0."""

    symbol: Int[ndarray, "automaton state edge"]
    target: Int[ndarray, "automaton state edge"]
    degree: Int[ndarray, "automaton state"]


def automata(rng: np.random.Generator, n: int) -> Automata:
    """From each state different symbols lead to different other states."""
    states = rng.integers(FEWEST_STATES, STATES + 1, (n, 1, 1))
    symbol = rng.random((n, STATES, SYMBOLS)).argsort(2) + 1
    there = (np.arange(STATES) < states) & ~np.eye(STATES, dtype=bool)
    target = np.where(there, rng.random((n, STATES, STATES)), np.inf).argsort(2)
    return Automata(symbol[..., :DEGREE], target[..., :DEGREE], rng.integers(1, DEGREE + 1, (n, STATES)))


def spelled(of: Automata, longest: int = 4) -> list[bytes]:
    """All strings of each automaton up to a length; where these differ, so do the languages."""
    rows, states = np.arange(len(of.degree))[:, None], np.zeros((len(of.degree), 1), dtype=int)
    codes, goes_on = np.zeros_like(states), np.ones_like(states, dtype=bool)
    found = []
    for _ in range(longest):
        goes_on = (goes_on[..., None] & (np.arange(DEGREE) < of.degree[rows, states][..., None])).reshape(len(rows), -1)
        codes = (codes[..., None] * (SYMBOLS + 1) + of.symbol[rows, states]).reshape(goes_on.shape)
        states = of.target[rows, states].reshape(goes_on.shape)
        found.append(np.where(goes_on, codes, 0))
    return [row.tobytes() for row in np.sort(np.concatenate(found, 1), 1)]


@cache
def known(use: int) -> Automata:
    """The automata of training, or those of tests, none of which is one of training; the same for every seed."""
    drawn = automata(np.random.default_rng([use, AUTOMATA[use]]), 2 * AUTOMATA[use])
    if use == TRAINING:
        return Automata(*(x[: AUTOMATA[use]] for x in drawn))
    trained = set(spelled(known(TRAINING)))
    new = [i for i, strings in enumerate(spelled(drawn)) if strings not in trained]
    return Automata(*(x[new[: AUTOMATA[use]]] for x in drawn))


class Strings(NamedTuple):
    """Sequences of strings, and the true distribution of each of their tokens; zero where a separator stands."""

    tokens: Int[Tensor, "n token"]
    truth: Float[Tensor, "n token vocabulary"]


def strings(of: Automata, which: Int[ndarray, " n"], rng: np.random.Generator, length: int = TOKENS) -> Strings:
    """A sequence of each of these automata; it begins with a separator."""
    n, rows = len(which), np.arange(len(which))
    tokens, truth = np.full((n, length), SEPARATOR), np.zeros((n, length, SYMBOLS + 1), dtype=np.float32)
    state, left = np.zeros(n, dtype=int), rng.integers(1, LONGEST_STRING + 1, n)
    lengths, chance = rng.integers(1, LONGEST_STRING + 1, (length, n)), rng.random((length, n))
    for t in range(1, length):
        goes_on, degree = left > 0, of.degree[which, state]
        edge = (chance[t] * degree).astype(int)
        tokens[:, t] = np.where(goes_on, of.symbol[which, state, edge], SEPARATOR)
        for i in range(DEGREE):
            truth[rows, t, of.symbol[which, state, i]] = np.where(goes_on & (i < degree), 1 / degree, 0)
        state = np.where(goes_on, of.target[which, state, edge], 0)
        left = np.where(goes_on, left - 1, lengths[t])
    return Strings(torch.from_numpy(tokens), torch.from_numpy(truth))


@dataclass(frozen=True)
class Languages(Generator):
    """Sequences of strings; training draws from 4,096 automata, tests from 128 others. Nothing is certain to repeat."""

    @property
    def length(self) -> int:
        return TOKENS

    @property
    def vocabulary(self) -> int:
        return SYMBOLS + 1

    def draw(self, rng, n):
        return self._without_truth(known(TRAINING), rng, n)

    def held_out(self, seed, n):
        tokens = self.tested(seed, n).tokens
        return Drawn(tokens, torch.zeros_like(tokens, dtype=torch.bool))

    def tested(self, seed: int, n: int) -> Strings:
        """What is held out, with its distributions; one automaton after the other."""
        return strings(known(HELD_OUT), np.arange(n) % AUTOMATA[HELD_OUT], np.random.default_rng([HELD_OUT, seed]))

    @staticmethod
    def _without_truth(of: Automata, rng: np.random.Generator, n: int) -> Drawn:
        tokens = strings(of, rng.integers(len(of.degree), size=n), rng).tokens
        return Drawn(tokens, torch.zeros_like(tokens, dtype=torch.bool))


@dataclass(frozen=True)
class Symbols(Targets):
    """All targets but separators."""

    def counted(self, tokens):
        return super().counted(tokens) & (tokens != SEPARATOR)
