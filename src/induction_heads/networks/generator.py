"""The random numbers of initial weights and sequences: the same in every language, from a few lines in each.

SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators") read by position: number i of
stream k is k + (i + 1) * GOLDEN, its bits mixed, in whole numbers modulo 2^64, so that any part of a stream can be had
without what comes before it. A stream is named by whole numbers: key(a, b, c) is number c of stream number b of stream number a
of stream 0. `cpp/generator.h` is the same in C++; both use exact integers, and doubles with one rounding an operation.

    key(2, 5) -> 15080075152424579925        numbers(7, 2) -> [7191089600892374487, 309689372594955804]
"""

from enum import IntEnum
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt64

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
# v * P(v^2) / Q(v^2) for v from -1 to 1: quantiles of a unit normal cut at two sigma, to 8e-6 (fitted for this package).
P = (1.1962919, -1.9592006, 0.902268, -0.0893039)
Q = (1.0, -1.8761267, 1.0813968, -0.1802424)
TRUNCATED_STD = 0.87962566  # standard deviation of a unit normal cut at two sigma


class Stream(IntEnum):
    """What a stream is for: the first word of its key."""

    INITIAL = 0  # then: seed, parameter
    TRAINING = 1  # then: seed, classes, labels, pairs
    EVALUATION = 2  # then: seed, set, classes, labels, pairs
    DRAWINGS = 3  # likewise: which exemplar of a class an evaluation set shows
    LABEL_SETS = 4  # then: labels, pairs


def numbers(key: int, count: int, first: int = 0) -> UInt64[np.ndarray, " count"]:
    """`count` numbers of a stream from number `first` on, each below 2^64."""
    z = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    z *= GOLDEN  # in place: what is allocated anew at every operation takes four times as long
    z += np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def key(*words: int) -> int:
    """The stream of these numbers, each at least 0."""
    here = 0
    for word in words:
        (here,) = numbers(here, 1, word).tolist()
    return here


def below(limit: int, drawn: UInt64[np.ndarray, "*shape"]) -> Int[np.ndarray, "*shape"]:
    """Whole numbers below `limit` (at most 2^31), even to limit / 2^32: the upper halves, scaled."""
    return ((drawn >> np.uint64(32)) * np.uint64(limit) >> np.uint64(32)).astype(np.int64)


def permutations(drawn: UInt64[np.ndarray, "*shape n"]) -> Int[np.ndarray, "*shape n"]:
    """Orders of n things, from n numbers each: where the smallest stands, then the next."""
    return np.argsort(drawn, axis=-1, kind="stable")


def truncated_normal(drawn: UInt64[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """A unit normal cut at two sigma: the quantile at the upper 53 bits, v between -1 and 1."""
    v = (drawn >> np.uint64(11)) * 2.0**-52 - 1
    s = v * v
    return v * _polynomial(P, s) / _polynomial(Q, s)


def _polynomial(coefficients: tuple[float, ...], s: Any) -> Any:
    """a + s * (b + s * (c + s * d))"""
    a, b, c, d = coefficients
    return a + s * (b + s * (c + s * d))
