"""Readings of Kawata and others 2025, in sentences made from the numbers."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, in_words, prediction

from . import claims
from .claims import BETWEEN, EIGHT, FAR, FOUR, NARROW, PUBLISHED, PUBLISHED_CROSSINGS, WIDE
from .network import Weights
from .task import POSITIONS, VOCABULARY


def told(by_seed: BySeed, name: str) -> str:
    """The range over seeds."""
    values = [float(n[name]) for n in by_seed.values()]
    ends = [f"{end:.2f}" for end in (min(values), max(values))]
    return " to ".join(dict.fromkeys(ends))


def reading_maps(few: BySeed, far: BySeed, more: BySeed) -> list[str]:
    """`claims.transition`, `claims.narrow_far` and `claims.more_triggers` of every seed."""
    held = [claims.there_is_a_transition(n) for n in few.values()]
    fails = [claims.fails_far(n) for n in far.values()]
    harder = [claims.are_harder(n) for n in more.values()]
    theirs = PUBLISHED[FOUR]
    return [
        prediction(
            all(held) and all(fails) and all(harder),
            f"with lengths 3 to 4 accuracy is {told(few, 'moved (3, 4)')} (the paper: {theirs[NARROW]:.2f}), with 3 to "
            f"12 it is {told(few, 'moved (3, 12)')} (the paper: {theirs[WIDE]:.2f}), with 8 to 9 "
            f"{told(far, 'moved (8, 9)')} (the paper: {theirs[FAR]:.2f})",
        ),
        f"With the output where it stands in training, accuracy is {told(few, 'as in training, lower of both')}.",
        f"With lengths 3 to 8, four triggers give {told(more, 'moved (3, 8), 4 triggers')} (the paper: "
        f"{theirs[BETWEEN]:.2f}) and eight {told(more, 'moved (3, 8), 8 triggers')} (the paper: "
        f"{PUBLISHED[EIGHT][BETWEEN]:.2f}): lower by 0.2 or more for "
        f"{in_words(sum(harder), len(harder))}.",
    ]


def reading_eight(cells: pd.DataFrame) -> list[str]:
    """Where ours and the paper's differ most: many lengths with eight triggers; no criterion is on it."""
    wide = cells.loc[[WIDE]]
    moved, known = (", ".join(f"{x:.2f}" for x in wide[column]) for column in ("moved", "known"))
    return [
        f"With eight triggers lengths 3 to 12 give {moved} (by seed; the paper: "
        f"{PUBLISHED[EIGHT][WIDE]:.2f}), and {known} with the output where it stands in training."
    ]


def crossing(cells: pd.DataFrame, lowest: int) -> float:
    """R(D) where the median accuracy with the output moved first reaches a half as lengths are added; NaN if never."""
    rows = cells.loc[lowest].groupby(level=0).median().sort_index()
    reached = rows[rows.moved >= 0.5]
    return float(reached.ratio.iloc[0]) if len(reached) else float("nan")


def reading_ratio(cells: pd.DataFrame, triggers: int) -> list[str]:
    """Whether one number orders the cells, and whether it is all."""
    median = cells.groupby(level=[0, 1]).median()
    rank = float(median.ratio.corr(median.moved, method="spearman"))
    at = {lowest: crossing(cells, lowest) for lowest in (3, 8)}
    places = [
        f"{ratio:.2f} from lowest length {low} (the paper: {PUBLISHED_CROSSINGS[low]:.2f})"
        for low, ratio in at.items()
        if np.isfinite(ratio)
    ]
    passed = f"passes a half at R = {' and '.join(places)}" if places else "never passes a half"
    return [
        prediction(rank <= -0.8, f"the rank correlation with {triggers} triggers is {rank:.2f}"),
        f"As lengths are added accuracy {passed}; 1/{triggers} is {1 / triggers:.2f}.",
    ]


def reading_errors(by_seed: BySeed) -> list[str]:
    """`claims.errors` of every seed."""
    held = [claims.are_shortcuts(n) for n in by_seed.values()]
    return [
        prediction(
            all(held),
            f"the token half way is answered in {told(by_seed, 'shortcut (3, 4)')} of the sequences with lengths 3 to "
            f"4, in {told(by_seed, 'shortcut (3, 12)')} with 3 to 12; chance is 0.08",
        )
    ]


def positional_and_match(weights: Weights, triggers: int) -> tuple[float, float]:
    """The largest score of a position, over the mean, and that of a match, over no match; for triggers at the end."""
    columns = slice(POSITIONS, POSITIONS + triggers)
    positions = weights.kq[:POSITIONS, columns].mean(1)
    before = weights.kq[POSITIONS + VOCABULARY : POSITIONS + VOCABULARY + triggers, columns]
    return float(positions.max() - positions.mean()), float(
        np.diag(before).mean() - before[~np.eye(triggers, dtype=bool)].mean()
    )


def reading_weights(weights: Mapping[str, Weights], triggers: int) -> list[str]:
    """Whether the share of the match grows with diversity; the least diverse first."""
    found = {name: positional_and_match(each, triggers) for name, each in weights.items()}
    shares = [match / (position + match) for position, match in found.values()]
    each = "; ".join(
        f"{name}: position {number(position)}, match {number(match)}" for name, (position, match) in found.items()
    )
    return [prediction(shares == sorted(shares) and len(set(shares)) > 1, f"added to scores, {each}")]
