"""The task of Kawata and others 2025: a trigger, its output, and the trigger again.

    f f f t o f f f t -> o     l1 fillers before, l2 fillers between; T = l1 + l2 + 3 tokens

The trigger is one of the first tokens of the vocabulary, fillers and outputs are the others. In training l1 = l2: the
output then stands at the place that half the length tells, and no token need be compared.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.random import Generator

VOCABULARY = 16
SHORTEST, LONGEST = 3, 15  # fillers before the trigger
POSITIONS = 2 * LONGEST + 3


@dataclass(frozen=True)
class Sequences:
    """Tokens, filled up with zeros behind the last, and what they are made of."""

    tokens: Int[ndarray, "n position"]
    before: Int[ndarray, " n"]  # l1
    between: Int[ndarray, " n"]  # l2
    output: Int[ndarray, " n"]

    @property
    def length(self) -> Int[ndarray, " n"]:
        return self.before + self.between + 3

    @property
    def shortcut(self) -> Int[ndarray, " n"]:
        """The token where the output would stand if the fillers were halved."""
        return self.at((self.before + self.between) // 2 + 1)

    def at(self, position: Int[ndarray, " n"] | int) -> Int[ndarray, " n"]:
        """Tokens at a position, counted from 0."""
        return np.take_along_axis(self.tokens, np.broadcast_to(position, len(self.tokens))[:, None], 1)[:, 0]


def sequences(before: ndarray, between: ndarray, triggers: int, rng: Generator) -> Sequences:
    """With these numbers of fillers; trigger, output and fillers are uniform."""
    n = len(before)
    tokens = rng.integers(triggers, VOCABULARY, (n, POSITIONS))
    trigger, output = rng.integers(triggers, size=n), rng.integers(triggers, VOCABULARY, n)
    rows, last = np.arange(n), before + between + 2
    tokens[rows, before], tokens[rows, before + 1], tokens[rows, last] = trigger, output, trigger
    tokens[np.arange(POSITIONS) > last[:, None]] = 0
    return Sequences(tokens, before, between, output)


def in_distribution(n: int, lowest: int, highest: int, triggers: int, rng: Generator) -> Sequences:
    """As in training: as many fillers before as between, uniform from lowest to highest."""
    fillers = rng.integers(lowest, highest + 1, n)
    return sequences(fillers, fillers, triggers, rng)


def out_of_distribution(n: int, lowest: int, highest: int, triggers: int, rng: Generator) -> Sequences:
    """Lengths of training but the shortest, the output at any place but that of training."""
    half = rng.integers(lowest + 1, highest + 1, n)
    before = rng.integers(1, 2 * half - 1, n)
    before += before >= half  # every number from 1 to 2l - 1 but l
    return sequences(before, 2 * half - before, triggers, rng)


def max_sum_ratio(probabilities: Float[ndarray, " length"], lengths: Int[ndarray, " length"]) -> float:
    """R(D) = max(q / l) / sum(q / l): how much one position is preferred, in (0, 1]."""
    each = probabilities / lengths
    return float(each.max() / each.sum())


def ratio_of_uniform(lowest: int, highest: int) -> float:
    """R(D) of uniform lengths."""
    lengths = np.arange(lowest, highest + 1)
    return max_sum_ratio(np.full(len(lengths), 1 / len(lengths)), lengths)
