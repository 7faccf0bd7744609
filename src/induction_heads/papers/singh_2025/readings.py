"""Readings of Singh and others 2023 and 2025, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from induction_heads.machinery.ledger import Verdict
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, in_words, listed, prediction
from induction_heads.machinery.store import Trained

from . import claims, toy
from .claims import ASKED
from .runs import EQUAL, FEW
from .toy import Course

Heads = Mapping[str, tuple[float, float]]  # a head's attention to the right label and to the other


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


def reading_starts(both: Verdict, floor: Verdict, competition: Verdict, many: Mapping[str, int]) -> list[str]:
    """The verdicts on the toy's claims; and how many of `toy.MANY` starts meet each criterion."""
    verdicts = both, floor, competition
    held = [sum(verdict.by_seed.values()) for verdict in verdicts]
    counts = [in_words(n, len(verdict.numbers), "starts") for n, verdict in zip(held, verdicts, strict=True)]
    waiting = [n for n in both.numbers.values() if not claims.is_transient(n)]
    told = [
        prediction(
            all(n >= asked for n, asked in zip(held, ASKED.values(), strict=True)),
            f"learning in context comes and goes in {counts[0]}; without the floor it is kept in {counts[1]}, without "
            f"competition in {counts[2]}; asked for were {listed(map(str, ASKED.values()))}",
        ),
        f"Of {toy.MANY} starts it is {listed(map(str, many.values()))}, shares of "
        f"{listed(f'{n / toy.MANY:.2f}' for n in many.values())}; asked for are shares of "
        f"{listed(f'{n / toy.STARTS:.2f}' for n in ASKED.values())}.",
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
    misses = {seed: ", ".join(claims.missed(n)) for seed, n in by_seed.items() if claims.missed(n)}
    outside = "; ".join(f"seed {seed}: {names}" for seed, names in misses.items()) or "none"
    return [
        prediction(all(held), f"accuracies by seed: {told}"),
        f"The criterion is met by {in_words(sum(held), len(held))}; sets outside their bounds: {outside}.",
        "With many classes and few labels the answer follows exchanged labels at the end in "
        f"{', '.join(f'{x:.2f}' for x in flips[:, -1])} of the sequences; learning in context came and went in "
        f"{in_words(lost, len(others))}.",
    ]


TWICE = 2.0  # as much attention to the right label as to the other


def reading_attention(by_seed: Mapping[int, Mapping[str, Heads]]) -> list[str]:
    """Where the query looks where its class is not shown: of each seed and data set the head that is least even."""
    told, found = [], {}
    for name in (EQUAL, FEW):
        best = {seed: max(heads[name].items(), key=lambda head: ratio(head[1])) for seed, heads in by_seed.items()}
        found[name] = [ratio(both) for _, both in best.values()]
        each = ", ".join(f"{head} {right:.2f} and {other:.2f}" for head, (right, other) in best.values())
        told.append(f"with {name} {each}")
    return [
        prediction(
            min(found[EQUAL]) >= TWICE and max(found[FEW]) < TWICE,
            f"most attention to the right label, and to the other, by seed: {'; '.join(told)}",
        )
    ]


def ratio(both: tuple[float, float]) -> float:
    """Attention to the right label over that to the other."""
    right, other = both
    return right / max(other, 1e-9)
