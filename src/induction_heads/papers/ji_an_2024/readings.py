"""Readings of this paper's figures: numbers in, sentences out; verdicts on claims are told by `machinery.reading`."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number, prediction

from .measures import CLOSE, LIKE, Fitted
from .recall import BETA_ENC, BETA_REC, FIT_LAGS, GAMMA

NOTHING = 0.01  # a frequency that would round to none
LITTLE, HIGH = 0.1, 0.6  # prefix matching of a head that is no induction head, and of one that is


def recall(curves: Mapping[float, Float[ndarray, " lag"]]) -> list[str]:
    """How the two sides of the curve compare, by γ, least first, and whether only items with γ bring back."""
    forward, backward = (np.array(FIT_LAGS) > 0), (np.array(FIT_LAGS) < 0)
    told = [f"{gamma:g}: {curve[forward].sum():.2f} and {curve[backward].sum():.2f}" for gamma, curve in curves.items()]
    back = [float(curve[backward].sum()) for curve in curves.values()]
    grows = bool((np.diff(back) > 0).all())
    return [
        prediction(
            grows and back[0] < NOTHING,
            f"with the least γ recall goes back with a frequency of {back[0]:.2f}, and with more γ "
            f"{'ever more' if grows else 'not ever more'}",
        ),
        f"Recall goes forward and backward, by γ, with frequencies {listed(told)}.",
    ]


def corner(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """The settings that fit each seed's best induction head; a clean spike is a corner of the grid."""
    told, corners = [], 0
    for seed, table in tables.items():
        row = table.loc[table.prefix_matching.idxmax()]
        corners += bool((row.beta_enc, row.beta_rec, row.gamma) == (BETA_ENC[-1], BETA_REC[-1], GAMMA[0]))
        told.append(f"β_enc {row.beta_enc:.1f}, β_rec {row.beta_rec:.1f}, γ {row.gamma:.2f} (seed {seed})")
    return [
        f"The settings that fit are {listed(told)}.",
        f"The corner (1, 1, 0), a spike at +1, is the fit in {in_words(corners, len(tables))}.",
    ]


def scores(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """The distance of each seed's best induction head from scores before softmax, beside that from the pattern."""
    rows = {seed: table.loc[table.prefix_matching.idxmax()] for seed, table in tables.items()}
    told = [
        f"{number(row.distance_of_scores)} instead of {number(row.distance)} (seed {seed})"
        for seed, row in rows.items()
    ]
    like = sum(bool(row.distance_of_scores < LIKE) for row in rows.values())
    return [
        f"From scores before softmax the distance is {listed(told)}: CMR-like in {in_words(like, len(rows))}.",
    ]


def before_training(distances: Mapping[int, list[float]]) -> list[str]:
    """How many heads are CMR-like before any training."""
    every = [x for each in distances.values() for x in each]
    like = sum(x < LIKE for x in every)
    return [f"Before training {like} of {len(every)} heads are CMR-like; the nearest is at {number(min(every))}."]


def other_shapes(ideal: Mapping[str, float], found: Mapping[int, Fitted]) -> list[str]:
    """Which ideal shapes are CMR-like, and how near the two-sided heads come."""
    like = [name for name, distance in ideal.items() if distance < LIKE]
    unlike = [name for name, distance in ideal.items() if distance >= LIKE]
    told = [f"{number(each.distance)} (seed {seed})" for seed, each in found.items()]
    held = sum(each.distance < LIKE for each in found.values())
    return [
        prediction(ideal["spike at 0"] < CLOSE, f"CMR-like: {listed(like)}; not: {listed(unlike)}"),
        f"Heads with momentum are at {listed(told)}: CMR-like in {in_words(held, len(found))}.",
    ]


def low_distances(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """Whether heads that match prefixes have a low distance, how many have one, and how many of those match none."""
    every = pd.concat(list(tables.values()))
    like, close = every[every.distance < LIKE], every[every.distance < CLOSE]
    others = like[like.prefix_matching < LITTLE]
    matching = every[every.prefix_matching >= HIGH]
    held = int((matching.distance < LIKE).sum())
    return [
        prediction(
            0 < held == len(matching),
            f"of {len(matching)} heads with a prefix matching of {HIGH:g} or more {held} have a distance below {LIKE}",
        ),
        f"{len(like)} of {len(every)} heads have a distance below {LIKE}, {len(close)} below {CLOSE}.",
        f"Of those below {LIKE}, {len(others)} have a prefix matching below {LITTLE}: they fit, and are no induction "
        f"heads{_attend(others)}.",
    ]


def _attend(others: pd.DataFrame) -> str:
    return f"; their largest attention at any lag is at most {number(others.largest.max())}" if len(others) else ""


def causal(found: Mapping[int, Mapping]) -> list[str]:
    """Among how many random sets the CMR-like set would be the worst."""
    told = []
    for seed, each in found.items():
        below = sum(loss < each["like"] for loss in each["random"])
        told.append(f"{below} of {len(each['random'])} (seed {seed}, {number(each['like'])} nats)")
    return [f"Random sets of as many heads that cost less: {listed(told)}."]
