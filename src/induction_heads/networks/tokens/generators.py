"""Sequences of tokens in which copying from the context pays, as frozen values; what each draws is in its docstring.

Everything is drawn from a seed and nothing else. A training stream comes in blocks, so that it can be read from any
step on, and what is held out has numbers of its own.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

BATCH = 32  # sequences a step
STEPS_A_BLOCK = 100
VOCABULARY, LENGTH = 64, 64
SEPARATOR = 0
TRAINING, HELD_OUT, POOL = range(3)  # what a seed is used for
ZIPF = 0.7  # exponent of the free tokens 1..63: 3.806 nats


class Drawn(NamedTuple):
    """Sequences, and which of their tokens the context says: the targets that copying gets right."""

    tokens: Int[Tensor, "*n token"]
    copied: Bool[Tensor, "*n token"]


@dataclass(frozen=True)
class Generator(ABC):
    """A distribution of sequences of `length` tokens below `vocabulary`."""

    @property
    def length(self) -> int:
        return LENGTH

    @property
    def vocabulary(self) -> int:
        return VOCABULARY

    @abstractmethod
    def draw(self, rng: np.random.Generator, n: int) -> Drawn:
        """n sequences, `n token`."""

    def block(self, seed: int, number: int) -> Drawn:
        """Training steps number * 100 to that + 99 of the stream of a seed, `step batch token`."""
        return self._steps(self.draw(np.random.default_rng([TRAINING, seed, number]), STEPS_A_BLOCK * BATCH))

    def held_out(self, seed: int, n: int) -> Drawn:
        return self.draw(np.random.default_rng([HELD_OUT, seed]), n)

    @staticmethod
    def _steps(drawn: Drawn) -> Drawn:
        return Drawn(*(a.unflatten(0, (STEPS_A_BLOCK, BATCH)) for a in drawn))


def _drawn(tokens: np.ndarray, copied: np.ndarray) -> Drawn:
    return Drawn(torch.from_numpy(tokens), torch.from_numpy(copied))


@dataclass(frozen=True)
class Repeat(Generator):
    """REP: a block of random tokens, of a random length, over and over (REP-w: drawn with replacement).

        7 2 9 4 7 2 9 4 7        a block of 4; every token after the fifth is copied

    The fifth is not: nothing says that the block ends there. With `alphabet`, a block has that many symbols to draw
    from, so that longer prefixes tell more than one token does.
    """

    shortest: int = 8
    longest: int = 32
    distinct: bool = True
    alphabet: tuple[int, int] | None = None  # least and most symbols a block; else all

    def __post_init__(self):
        most = self.vocabulary if self.distinct else self.length
        if not 1 <= self.shortest <= self.longest <= most:
            raise ValueError(f"expected blocks of 1 to {most} tokens, got {self.shortest} to {self.longest}")
        if self.alphabet and (self.distinct or not 1 <= self.alphabet[0] <= self.alphabet[1] <= self.vocabulary):
            raise ValueError(
                f"expected an alphabet of 1 to {self.vocabulary} symbols a block, drawn with replacement "
                f"(distinct=False), got {self.alphabet}, distinct={self.distinct}"
            )

    def draw(self, rng, n):
        size = rng.integers(self.shortest, self.longest + 1, (n, 1))
        tokens = permutations(rng, n, self.vocabulary)
        if not self.distinct:
            least, most = self.alphabet or (self.vocabulary, self.vocabulary)
            symbols = rng.integers(least, most + 1, (n, 1))
            which = rng.integers(0, symbols, (n, self.longest))
            tokens = np.take_along_axis(tokens, which, 1)
        position = np.arange(self.length)
        return _drawn(np.take_along_axis(tokens, position % size, 1), position > size)


REP, REP_W = Repeat(), Repeat(distinct=False)


def permutations(rng: np.random.Generator, n: int, size: int, first: int = 0) -> Int[np.ndarray, "n size"]:
    """Each row: the numbers from `first` on, `size` of them, in an order of its own."""
    return rng.random((n, size)).argsort(1) + first


@dataclass(frozen=True)
class Duplicate(Generator):
    """DUP(N, R), for testing: N different tokens, R times. Token 0, which separates elsewhere, is not among them.

        5 8 3 5 8 3 5 8 3        DUP(3, 3); every token after the fourth is copied

    The tokens are 1 to `among` - 1, the whole vocabulary of our networks or of another.
    """

    distinct: int
    times: int
    among: int = VOCABULARY

    def __post_init__(self):
        if not (1 <= self.distinct < self.vocabulary and self.times >= 2):
            raise ValueError(f"expected 1 to {self.vocabulary - 1} tokens, twice or more, got {self}")

    @property
    def vocabulary(self):
        return self.among

    @property
    def length(self):
        return self.distinct * self.times

    def draw(self, rng, n):
        once = permutations(rng, n, self.vocabulary - 1, first=1)[:, : self.distinct]
        tokens = np.tile(once, self.times)
        return _drawn(tokens, np.broadcast_to(np.arange(self.length) > self.distinct, tokens.shape).copy())


@dataclass(frozen=True)
class Span(Generator):
    """SPAN(p): free tokens by Zipf's law, into which spans of what came before are copied. SPAN-K: `classes` of 4.

        3 1 9 1 2 7 1 9 1 4        1 9 1 at the seventh is a copy of what began five back

    From token 6 on, each free step starts with `probability` a copy of 3 to 12 tokens from a source at least 5 back;
    `copied` are all its tokens but the first. Each sequence is of one class, drawn for it: a fixed permutation of which
    token has which rank. One class alone has token 1 as the most frequent.
    """

    probability: float
    classes: int = 1

    def __post_init__(self):
        if not (0 <= self.probability <= 1 and self.classes >= 1):
            raise ValueError(f"expected a probability and at least one class, got {self}")

    @cached_property
    def tokens_by_rank(self) -> Int[np.ndarray, "class rank"]:
        ranked = self.vocabulary - 1
        if self.classes == 1:
            return np.arange(1, ranked + 1)[None]
        return permutations(np.random.default_rng(self.classes), self.classes, ranked, first=1)

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "class vocabulary"]:
        """Of free tokens."""
        by_rank = np.arange(1, self.vocabulary) ** -ZIPF
        found = np.zeros((self.classes, self.vocabulary))
        np.put_along_axis(found, self.tokens_by_rank, (by_rank / by_rank.sum())[None], 1)
        return found

    def free(self, rng: np.random.Generator, n: int, length: int) -> Int[np.ndarray, "n length"]:
        by_rank = self.probabilities[0, self.tokens_by_rank[0]]
        rank = np.searchsorted(by_rank.cumsum()[:-1], rng.random((n, length)))
        return self.tokens_by_rank[rng.integers(self.classes, size=(n, 1)), rank]

    def draw(self, rng, n):
        tokens = self.free(rng, n, self.length)
        starts = rng.random((n, self.length)) < self.probability
        lengths = rng.integers(SHORTEST_SPAN, LONGEST_SPAN + 1, (n, self.length))
        sources = rng.random((n, self.length))  # as a share of the sources that are far enough back
        copied = np.zeros((n, self.length), dtype=bool)
        left, source, row = np.zeros(n, dtype=int), np.zeros(n, dtype=int), np.arange(n)
        for t in range(FIRST_COPY, self.length):
            begins = (left == 0) & starts[:, t]
            left[begins] = lengths[begins, t]
            source[begins] = sources[begins, t] * (t - NEAREST_SOURCE + 1)
            inside = left > 0
            tokens[:, t] = np.where(inside, tokens[row, source], tokens[:, t])
            copied[:, t] = inside & ~begins
            source += inside
            left -= inside
        return _drawn(tokens, copied)


SHORTEST_SPAN, LONGEST_SPAN = 3, 12
FIRST_COPY, NEAREST_SOURCE = 6, 5  # the first token that a copy may start at, and how far back its source is at least


@dataclass(frozen=True)
class Snippets(Generator):
    """Bi-Induct's sequences (2509.22947): S 0 S or S 0 reversed S of free tokens, one after the other.

        4 9 2 0 4 9 2        forward        4 9 2 0 2 9 4        backward

    Each snippet is backward with probability `backward`. `copied` are the tokens of the second S but its first. The
    first snippet begins the sequence, so that positions alone say what to copy; `anywhere` cuts the sequence out of the
    row of snippets at random.
    """

    free: Span
    backward: float = 0.0
    span: int = 10
    anywhere: bool = False

    def __post_init__(self):
        if not (0 <= self.backward <= 1 and 1 <= self.span and self.size <= self.length):
            raise ValueError(
                f"expected a probability of backward snippets and spans of at most {(LENGTH - 1) // 2} "
                f"tokens, got {self.backward} and {self.span}"
            )

    @property
    def size(self) -> int:
        return 2 * self.span + 1

    def draw(self, rng, n):
        many = -(-(self.length + self.size - 1) // self.size)  # enough for a sequence from any place of the first
        first = self.free.free(rng, n, many * self.span).reshape(n, many, self.span)
        backward = rng.random((n, many, 1)) < self.backward
        second = np.where(backward, first[:, :, ::-1], first)
        row = np.concatenate([first, np.full((n, many, 1), SEPARATOR), second], 2).reshape(n, -1)
        begin = rng.integers(self.size, size=(n, 1)) if self.anywhere else np.zeros((n, 1), dtype=int)

        order = np.arange(self.span)
        source = np.where(backward, order[::-1], order) + self.size * np.arange(many)[:, None]
        source[:, :, 0] = -1  # the first of the second S
        nowhere = np.full((n, many, self.span + 1), -1)
        source = np.concatenate([nowhere, source], 2).reshape(n, -1)  # where in the row each token is copied from
        here = begin + np.arange(self.length)
        return _drawn(np.take_along_axis(row, here, 1), np.take_along_axis(source, here, 1) >= begin)


@dataclass(frozen=True)
class Mixed(Generator):
    """Natural sequences, of which a share becomes snippets: m = `share` (1 - step / `steps`), 0 afterwards (Bi-Induct).

    What is held out is natural.
    """

    natural: Generator
    snippets: Snippets
    steps: int
    share: float = 0.5

    def draw(self, rng, n):
        return self.natural.draw(rng, n)

    def block(self, seed, number):
        rng = np.random.default_rng([TRAINING, seed, number])
        n = STEPS_A_BLOCK * BATCH
        natural, snippets = self.natural.draw(rng, n), self.snippets.draw(rng, n)
        step = number * STEPS_A_BLOCK + np.arange(n) // BATCH
        snippet = torch.from_numpy(rng.random(n) < self.share * (1 - step / self.steps))
        return self._steps(
            Drawn(*(torch.where(snippet[:, None], b, a) for a, b in zip(natural, snippets, strict=True)))
        )


@dataclass(frozen=True)
class Pooled(Generator):
    """Fresh sequences, of which a share is read from a pool over and over (Hernandez et al. 2022, 2205.10487).

    The pool has `pool` sequences. They come in an order drawn anew for every round, so that after any number of steps
    no two of them have been seen numbers of times that differ by more than one. What is held out is fresh.
    """

    fresh: Generator
    pool: int
    share: float = 0.5

    def __post_init__(self):
        if not (self.pool >= 1 and 0 < self.share <= 1):
            raise ValueError(f"expected a pool of at least one sequence and a share above 0, got {self}")

    @property
    def length(self):
        return self.fresh.length

    @property
    def vocabulary(self):
        return self.fresh.vocabulary

    def draw(self, rng, n):
        return self.fresh.draw(rng, n)

    def repeated(self, seed: int) -> Drawn:
        """The sequences of the pool, `pool token`."""
        return self.fresh.draw(np.random.default_rng([POOL, seed]), self.pool)

    def block(self, seed, number):
        a_step = round(self.share * BATCH)
        place = np.arange(number * STEPS_A_BLOCK * a_step, (number + 1) * STEPS_A_BLOCK * a_step)
        rounds = range(place[0] // self.pool, place[-1] // self.pool + 1)
        orders = np.concatenate([np.random.default_rng([POOL, seed, r]).permutation(self.pool) for r in rounds])
        which = orders[place - rounds[0] * self.pool].reshape(STEPS_A_BLOCK, a_step)
        both = zip(super().block(seed, number), self.repeated(seed), strict=True)
        return Drawn(*(torch.cat([pool[which], fresh[:, a_step:]], 1) for fresh, pool in both))


def repeats_a_bigram(tokens: Int[Tensor, "*n token"]) -> Bool[Tensor, "*n token"]:
    """The targets that an induction head gets right: earlier in the sequence, too, this token came after the last one.

        1 2 3 1 2 3 2 -> the second 2 and 3

    Hapax (Şahin et al. 2025, 2511.05743) omits the loss on them.
    """
    bigram = tokens[..., :-1] * (tokens.max() + 1) + tokens[..., 1:]
    same = bigram[..., :, None] == bigram[..., None, :]
    return torch.nn.functional.pad(same.tril(-1).any(-1), (1, 0))


@dataclass(frozen=True)
class Targets:
    """Which targets the training loss counts: all, but the first token, which nothing predicts."""

    def counted(self, tokens: Int[Tensor, "*n token"]) -> Bool[Tensor, "*n token"]:
        return (torch.arange(tokens.shape[-1], device=tokens.device) > 0).expand(tokens.shape)


@dataclass(frozen=True)
class Hapax(Targets):
    """All but those of `repeats_a_bigram`; inputs are unchanged (Şahin et al. 2025, 2511.05743)."""

    def counted(self, tokens):
        return super().counted(tokens) & ~repeats_a_bigram(tokens)


EVERY_TARGET = Targets()
