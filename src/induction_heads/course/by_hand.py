"""The stream of lesson 3, in which everything has a place, and heads to be filled in by hand. No LayerNorm."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from numpy.random import Generator
from torch import Tensor

N_CLASSES, N_LABELS = 6, 5
CLASS, LABEL, COPY = slice(0, 6), slice(6, 11), slice(11, 17)  # the token's class, its label, a class copied to it
ONE, OUT = 17, slice(18, 23)  # a number that is always 1; what is said in the end
D_MODEL, D_HEAD = 23, 32
FAST, SLOW = slice(0, 2), slice(26, 32)  # of a head: the pair that turns by 1 radian a token, pairs that hardly turn
Sequence = tuple[list[int], list[int], int]


class Head(NamedTuple):
    """The weights of a head, all zero to begin with."""

    W_Q: Float[Tensor, "d_model d_head"]
    W_K: Float[Tensor, "d_model d_head"]
    W_V: Float[Tensor, "d_model d_head"]
    W_O: Float[Tensor, "d_head d_model"]


def zeros() -> Head:
    """A head that does nothing."""
    W_Q, W_K, W_V = torch.zeros(3, D_MODEL, D_HEAD)
    return Head(W_Q, W_K, W_V, torch.zeros(D_HEAD, D_MODEL))


def a_sequence(rng: Generator) -> Sequence:
    """Two pairs of different classes and labels, and a query of one of the classes."""
    classes, labels = rng.permutation(N_CLASSES)[:2].tolist(), rng.permutation(N_LABELS)[:2].tolist()
    return classes, labels, classes[int(rng.integers(2))]


def as_stream(classes: list[int], labels: list[int], query: int) -> Tensor:
    x = torch.zeros(5, D_MODEL)
    x[:, ONE] = 1
    for place, c in zip((0, 2, 4), (*classes, query), strict=True):
        x[place, CLASS.start + c] = 1
    for place, label in zip((1, 3), labels, strict=True):
        x[place, LABEL.start + label] = 1
    return x
