"""Readings of Singh and others 2023 and 2025, in sentences made from the numbers."""

from collections.abc import Sequence

import numpy as np

from induction_heads.machinery.ledger import HOLDS, Verdict
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, in_words, listed, prediction
from induction_heads.machinery.store import Trained

from . import claims
from .toy import Course


def reading_one(found: Course, start: int) -> list[str]:
    """One start with floor and competition: whether learning in context comes and goes, and when."""
    course = found.context[start]
    lowest = int(course.argmin())
    came = course < claims.FOUND
    first = number(found.steps[came.argmax()]) if came.any() else "never"
    return [
        prediction(
            claims.is_transient(claims.met_at(found, start)),
            f"m₁ is below {claims.FOUND} from step {first}, lowest ({number(course[lowest])}) at step "
            f"{number(found.steps[lowest])}, and {number(course[-1])} at the end, where m₂ is "
            f"{number(found.weights[start, -1])}",
        )
    ]


def reading_starts(both: Verdict, floor: Verdict, competition: Verdict) -> list[str]:
    """The verdicts on the toy's claims."""
    verdicts = both, floor, competition
    counts = [in_words(sum(verdict.by_seed.values()), len(verdict.numbers), "starts") for verdict in verdicts]
    waiting = [n for n in both.numbers.values() if not claims.is_transient(n)]
    told = [
        prediction(
            all(verdict.word == HOLDS for verdict in verdicts),
            f"learning in context comes and goes in {counts[0]}; without the floor it is kept in {counts[1]}, without "
            f"competition in {counts[2]}",
        )
    ]
    if waiting:
        lowest = listed(number(n["lowest m1"]) for n in waiting)
        told.append(f"Where it does not come and go its error gets down to {lowest}.")
    return told


def reading_networks(by_seed: BySeed, others: Sequence[Trained]) -> list[str]:
    """`claims.asymptote` of every seed, and whether the other data set's networks ever left the context."""
    held = [claims.is_constrained(n) for n in by_seed.values()]
    told = "; ".join(f"{name} {', '.join(f'{n[name]:.2f}' for n in by_seed.values())}" for name in claims.SHOWN)
    flips = np.stack([trained.history.flip.to_numpy() for trained in others])
    lost = int(((flips.max(1) >= 0.9) & (flips[:, -1] <= 0.5)).sum())
    return [
        prediction(all(held), f"accuracies by seed: {told}"),
        f"The criterion is met by {in_words(sum(held), len(held))}. With many classes and few labels the answer "
        f"follows exchanged labels at the end in {', '.join(f'{x:.2f}' for x in flips[:, -1])} of the sequences; "
        f"learning in context came and went in {in_words(lost, len(others))}.",
    ]
