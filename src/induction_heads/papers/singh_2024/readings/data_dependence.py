"""Readings of figure 6 (notebook 05_data_dependence)."""

import pandas as pd

from induction_heads.machinery.reading import listed, number, prediction

from ..claims.main_text import CLASSES, LABELS
from .words import meets

AMOUNTS = {"classes": CLASSES, "labels": LABELS}
WHOLE, BOTH = "A, B and C", "B and C"
ADDS = 0.1  # of the sum, by which a delay may differ from it and still add up


def reading_6(ours: pd.Series, theirs: pd.Series) -> list[str]:
    """Whether classes slow only B, labels only C, and both the whole; sequences until learnt, named "B, 50 classes"."""
    times = ours.fillna(float("inf"))
    return [
        "More classes slow the match (B) and not the copy (C):",
        prediction(meets("13", times), _ratios(times, theirs, "classes")),
        "More labels slow the copy (C) and not the match (B):",
        prediction(meets("14", times), _ratios(times, theirs, "labels")),
        "Both delay the whole:",
        prediction(meets("12", times), _whole(times)),
    ]


def _ratios(ours: pd.Series, theirs: pd.Series, kind: str) -> str:
    first, *_, last = AMOUNTS[kind]
    told = [
        f"{left} takes {_ratio(ours, left, kind):.2f} times as long (the paper: {_ratio(theirs, left, kind):.2f})"
        for left in ("B", "C")
    ]
    return f"from {first} to {last}, {listed(told)}"


def _ratio(times: pd.Series, left: str, kind: str) -> float:
    first, *_, last = AMOUNTS[kind]
    return float(times[f"{left}, {last}"] / times[f"{left}, {first}"])


def _whole(times: pd.Series) -> str:
    told = []
    for kind, amounts in AMOUNTS.items():
        numbers = [number(float(times[f"{WHOLE}, {amount}"])) for amount in amounts]
        told.append(f"{listed(numbers)} sequences with {', '.join(a.split()[0] for a in amounts)} {kind}")
    return f"with no clamp the task is learnt after {listed(told)}"


def delay(times: pd.Series, left: str, kind: str) -> float:
    """Sequences more with the most classes or labels than with the fewest."""
    first, *_, last = AMOUNTS[kind]
    return float(times[f"{left}, {last}"] - times[f"{left}, {first}"])


def reading_6_times(ours: pd.Series, theirs: pd.Series) -> list[str]:
    """Whether parts pass a delay on: the delay of B and C together against those of B and C alone, and of the whole."""
    more = {kind: _more(ours, kind) for kind in AMOUNTS}
    sentences = [
        prediction(
            all(found[0] > 1 + ADDS for found in more.values()),
            listed(_sums(ours, kind) for kind in AMOUNTS),
        )
    ]
    for kind, (both, whole) in more.items():
        their_both, their_whole = _more(theirs, kind)
        adds = abs(both - 1) <= ADDS
        sentences.append(
            f"More {kind}: the delay of B and C together is {both:.1f} times the sum of both (the paper: "
            f"{their_both:.1f}){', so the delays add up' if adds else ''}; that of the whole, with A to learn as well, "
            f"is {whole:.1f} times the sum (the paper: {their_whole:.1f})."
        )
    return [*sentences, "A is not timed alone, so what it adds to the whole is not known from these runs."]


def _more(times: pd.Series, kind: str) -> tuple[float, float]:
    """The delays of B and C together and of the whole, over the sum of the delays of B and of C."""
    parts = delay(times, "B", kind) + delay(times, "C", kind)
    return delay(times, BOTH, kind) / parts, delay(times, WHOLE, kind) / parts


def _sums(times: pd.Series, kind: str) -> str:
    first, *_, last = AMOUNTS[kind]
    b, c, both = (delay(times, left, kind) for left in ("B", "C", BOTH))
    return (
        f"from {first} to {last} B alone is delayed by {b:+,.0f} sequences, C alone by {c:+,.0f}, in sum "
        f"{b + c:+,.0f}, and the two together by {both:+,.0f}"
    )
