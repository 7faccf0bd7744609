"""Readings of figure 5b (notebook 04_subcircuits)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from induction_heads.machinery.reading import in_words, listed, number, prediction

from ..claims.main_text import ONE_LEFT
from ..figures.subcircuits import LEFT, SHORT
from ..measures import PLATEAU
from .words import LN_2, beside, meets, near, percent, signed

PAIRS = {"1, 2": "B and C", "3v, 5": "A and B"}  # clamped -> the two subcircuits that are left
ALONE = {"1, 2, 3v, 5": "B", "1, 2, 3qk, 4": "C"}  # clamped -> the one that is left; A is never left alone


def reading_5b(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Whether what is left decides when and in which shape the rest is learnt; `measures.learning`, a row a clamp."""
    times, paper = ours["learnt after"].fillna(np.inf), theirs["learnt after"]
    in_order = [f"{SHORT[name]} after {beside(times[name], paper[name])}" for name in times.sort_values().index]
    shares = ours["its share"]
    one_left = max(shares[list(ONE_LEFT)])
    return [
        "The more is clamped, the earlier:",
        prediction(meets("10", times), f"in the order in which they are learnt, {listed(in_order)} sequences"),
        "A plateau with several subcircuits left, none with one:",
        prediction(
            bool(shares["none"] >= PLATEAU > one_left),
            f"the slowest tenth takes {percent(shares['none'])} of the learning time with no clamp and at most "
            f"{percent(one_left)} with one subcircuit left; the bar is {percent(PLATEAU)} (the paper: "
            f"{percent(theirs['its share']['none'])} and {percent(max(theirs['its share'][list(ONE_LEFT)]))})",
        ),
    ]


def reading_pairs(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """Two subcircuits are cheap, three are not; `measures.learning` by seed."""
    times = pd.DataFrame({s: table["learnt after"] for s, table in tables.items()}).fillna(np.inf)
    dearest = times.loc[list(PAIRS)].max()
    factor = times.loc["none"] / dearest
    told = [f"{left} {_between(times.loc[name])}" for name, left in PAIRS.items()]
    return [
        f"Two subcircuits are learnt after {listed(told)} sequences, all three after {_between(times.loc['none'])}: "
        f"{_between(factor)} times as long as the dearer pair.",
        "A is never left alone in these runs, so nothing is said of it alone.",
    ]


def reading_sum(tables: Mapping[int, pd.DataFrame], theirs: pd.DataFrame) -> list[str]:
    """Whether B and C together take longer than the sum of both, as they do if they wait for each other."""
    excess = pd.Series({s: _excess(table) for s, table in tables.items()})
    waits = int((excess > 0).sum())
    told = [f"{signed(change)} (seed {s})" for s, change in excess.items()]
    return [
        prediction(
            waits == len(excess),
            f"B and C together take longer than B alone and C alone in sum in {in_words(waits, len(excess))}: "
            f"{listed(told)}; in the paper {signed(_excess(theirs))}",
        )
    ]


def _excess(table: pd.DataFrame) -> float:
    times = table["learnt after"]
    return float(times["1, 2"] / times[list(ALONE)].sum() - 1)


def reading_levels(tables: Mapping[int, pd.DataFrame], labels: int = 5) -> list[str]:
    """At which height each clamp's slowest tenth lies: not all of them wait for the same thing."""
    levels = pd.DataFrame({s: table["its level"] for s, table in tables.items()})
    all_labels, sentences = np.log(labels), []
    for name, row in levels.iterrows():
        if all(near(level, all_labels) for level in row):
            what = f"near ln {labels} = {number(all_labels)}: a wait for the labels, not for the match"
        elif all(near(level, LN_2) for level in row):
            what = f"near ln 2 = {number(LN_2)}: a wait with the two labels of the context known"
        else:
            what = f"not near ln 2 or ln {labels} in every seed"
        sentences.append(f"{SHORT[name]} ({LEFT[name]} left): {_between(row)} nats, {what}.")
    return ["The slowest tenth lies at different heights.", *sentences]


def reading_5b_seeds(tables: Mapping[int, pd.DataFrame]) -> list[str]:
    """Whether the order holds for every seed and step 1 is worth something in each; where plateaus are."""
    times = pd.DataFrame({s: table["learnt after"] for s, table in tables.items()}).fillna(np.inf)
    shares = pd.DataFrame({s: table["its share"] for s, table in tables.items()})
    held = sum(meets("10", times[s]) for s in times)
    spread = times.max(axis=1) - times.min(axis=1)
    widest = spread.idxmax()
    step_1 = 1 - times.loc["1"] / times.loc["none"]
    plateau, none_left = int((shares.loc["none"] >= PLATEAU).sum()), shares.loc[list(ONE_LEFT)].max()
    return [
        prediction(
            held == len(tables) and widest == "none",
            f"the order holds in {in_words(held, len(tables))}; the times differ most between seeds with "
            f"{SHORT[widest]}, by {number(spread[widest])} sequences"
            + ("" if widest == "none" else f", and with no clamp by {number(spread['none'])}"),
        ),
        f"Step 1 alone saves {percent(step_1.min())} to {percent(step_1.max())} of the time.",
        f"With no clamp there is a plateau by the bar of {percent(PLATEAU)} in {in_words(plateau, len(tables))} "
        f"({_between(100 * shares.loc['none'])} %); with one subcircuit left there is none in "
        f"{in_words(int((none_left < PLATEAU).sum()), len(tables))}.",
        "The bar asks whether a wait is long compared with the whole of the learning; the order of the waits in "
        "sequences (panel b) is the firmer statement.",
    ]


def _between(values: pd.Series) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"
