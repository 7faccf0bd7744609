"""Readings of Singh and others 2023 and 2025, in sentences made from the numbers."""

from collections.abc import Sequence

import numpy as np

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, in_words, prediction
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
            bool(claims.transient(found)[start]),
            f"m₁ is below {claims.FOUND} from step {first}, lowest ({number(course[lowest])}) at step "
            f"{number(found.steps[lowest])}, and {number(course[-1])} at the end, where m₂ is "
            f"{number(found.weights[start, -1])}",
        )
    ]


def reading_starts(both: Numbers, floor: Numbers, competition: Numbers) -> list[str]:
    """`claims.comes_and_goes`, `claims.without_floor` and `claims.without_competition`."""
    held = claims.is_transient(both) and claims.nine_keep(floor) and claims.ten_keep(competition)
    n = both["starts"]
    return [
        prediction(
            held,
            f"it comes and goes in {both['transient']:.0f} of {n:.0f} starts; without the floor it is kept in "
            f"{floor['kept']:.0f}, without competition in {competition['kept']:.0f}",
        ),
        f"Its error falls to {number(both['largest minimum of m1'])} or less and ends at "
        f"{number(both['smallest m1 at the end'])} or more.",
    ]


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
