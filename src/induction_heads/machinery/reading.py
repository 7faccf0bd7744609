"""Readings: what is seen in these numbers, in sentences made from them. A prediction that failed is called failed."""

from collections.abc import Callable, Iterable, Mapping

from IPython.display import Markdown, display

from .ledger import HOLDS, Numbers, Verdict
from .numbers import number

__all__ = [
    "BySeed",
    "by_seeds",
    "each_number",
    "in_words",
    "judged",
    "listed",
    "met",
    "number",
    "prediction",
    "reading",
]

BySeed = Mapping[int, Numbers]


def reading(*sentences: str) -> None:
    """Shows the sentences as a notebook's reading of the figure above."""
    display(Markdown(f"**Reading.** {' '.join(sentences)}"))


def prediction(came_true: bool, numbers: str) -> str:
    """A sentence that says whether the prediction came true, and the numbers that decide it."""
    return f"**The prediction {'came true' if came_true else 'failed'}:** {numbers}."


def in_words(held: int, of: int, what: str = "seeds") -> str:
    """`all 5 seeds`, `3 of 5 seeds`, `none of 5 seeds`."""
    if held == of:
        return f"all {of} {what}" if of > 1 else f"the one {what.rstrip('s')}"
    return f"{held or 'none'} of {of} {what}"


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *most, last = list(parts)
    return f"{', '.join(most)} and {last}" if most else last


def by_seeds(by_seed: BySeed, name: str) -> str:
    """A number of every seed, in their order."""
    return ", ".join(number(numbers[name]) for numbers in by_seed.values())


def each_number(by_seed: BySeed) -> str:
    """Every number of every seed, with two decimals."""
    names = next(iter(by_seed.values()))
    return "; ".join(f"{name} {', '.join(f'{n[name]:.2f}' for n in by_seed.values())}" for name in names)


def met(by_seed: BySeed, criterion: Callable[[Numbers], bool]) -> tuple[bool, str]:
    """Whether every seed meets a criterion, and a sentence that says how many do."""
    held = [criterion(numbers) for numbers in by_seed.values()]
    return all(held), f"The criterion is met by {in_words(sum(held), len(held))}."


def judged(verdict: Verdict) -> list[str]:
    """Whether a claim's criterion, as a prediction, came true, in how many seeds, and what was measured of each."""
    held = sum(verdict.by_seed.values())
    numbers = verdict.numbers.values()
    told = [f"{name} {listed(number(each[name]) for each in numbers)}" for name in next(iter(numbers), {})]
    seeds = f"seeds {listed(map(str, verdict.numbers))}" if len(numbers) > 1 else "the one seed"
    true_in = f"{verdict.claim.criterion}; so in {in_words(held, len(numbers))}"
    return [prediction(verdict.word == HOLDS, true_in), f"In {seeds}: {'; '.join(told)}."]
