"""The ledger: what papers state, our numbers for it, and a verdict over the seeds that were measured.

A claim is a value: what the paper states, what we measure for it, and a criterion that was fixed, and committed, before
any number of the paper profile was looked at. It *holds* where nine tenths of the seeds measured or more meet the
criterion, *does not hold here* where one tenth or fewer do, and *holds in part* between.
"""

import json
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, SupportsFloat

import torch

from . import paths, processes
from .numbers import number, published
from .remembered import remembered
from .run import Run
from .settings import Settings
from .study import Study

Measured = Mapping[str, SupportsFloat]
Numbers = Mapping[str, float | int]  # the same, as it is kept
HOLDS, IN_PART, FAILS, UNMEASURED = "holds", "holds in part", "does not hold here", "not measured"
TOLD = {HOLDS: "hold", IN_PART: "hold in part", FAILS: "do not hold here", UNMEASURED: "are not measured"}
MARKS = {HOLDS: "✔", IN_PART: "◐", FAILS: "✘", UNMEASURED: "–"}
WIDTH = 118  # of the printed table, in characters
DIGITS = 4  # of a number in claims.json
LISTED = 5  # seeds whose numbers tables give one by one; of more they give the range
MOST, FEW = 0.9, 0.1  # shares of the seeds from which a claim holds, and up to which it does not
CONFIDENCE = 0.95
MANY = 20  # seeds from which a percentile tells something
EXACT = -1  # stands for the seed of what does not depend on one; no seed is negative


@dataclass(frozen=True)
class Claim:
    """A statement of the paper and how it is tested."""

    id: str
    statement: str  # in our words
    source: str  # figure or section of the paper
    quantity: str  # what is measured
    criterion: str  # on those numbers, in words
    reason: str  # for this criterion, in a line
    holds: Callable[[Numbers], bool]  # the criterion on numbers
    measure: Callable[[Any, int], Measured]  # of a study and a seed, from stored runs
    published: Callable[[], Measured] | None = field(default=None, kw_only=True)  # the same in the paper, or some of it

    @property
    def theirs(self) -> Measured:
        """The paper's numbers, by the names that ours have; none where it gives none."""
        return self.published() if self.published else {}

    @property
    def paper(self) -> str:
        """The paper's numbers in words."""
        return "; ".join(f"{name} {published(x)}" for name, x in self.theirs.items())

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        """Those of the seeds that it is measured on."""
        return seeds or (EXACT,)

    def runs(self, study: Any, seed: int) -> Sequence[Run]:
        """The runs that are measured for a seed."""
        return []

    def measurable(self, study: Study, seed: int) -> bool:
        """Whether all its runs are in the store."""
        return all(study.finished(run) for run in self.runs(study, seed))


@dataclass(frozen=True)
class Verdict:
    """A claim with what was measured for it."""

    claim: Claim
    numbers: Mapping[int, Numbers]  # seed -> what was measured

    @property
    def by_seed(self) -> dict[int, bool]:
        return {seed: bool(self.claim.holds(numbers)) for seed, numbers in self.numbers.items()}

    @property
    def word(self) -> str:
        if not self.numbers:
            return UNMEASURED
        return HOLDS if self.share >= MOST else FAILS if self.share <= FEW else IN_PART

    @property
    def share(self) -> float:
        """Of the seeds measured, those that meet the criterion."""
        return sum(self.by_seed.values()) / len(self.numbers)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share of all seeds, with 95 % confidence (Clopper and Pearson); exact results are certain."""
        if self.exact:
            return self.share, self.share
        from scipy.stats import binomtest  # only who measures waits for it

        held = binomtest(sum(self.by_seed.values()), len(self.numbers)).proportion_ci(CONFIDENCE)
        return float(held.low), float(held.high)

    @property
    def paper(self) -> str:
        """The paper's numbers in words, each with where it lies among ours."""
        placed = placement(self.claim, self.numbers)
        where = {name: f" ({place})" for name, place in placed.items()}
        return "; ".join(f"{name} {published(x)}{where.get(name, '')}" for name, x in self.claim.theirs.items())

    def beside(self, seeds: Iterable[int]) -> "Verdict":
        """Over the seeds measured that are none of these."""
        without = set(seeds)
        return Verdict(self.claim, {seed: numbers for seed, numbers in self.numbers.items() if seed not in without})

    @property
    def exact(self) -> bool:
        """Whether it depends on no seed."""
        return set(self.numbers) == {EXACT}

    @property
    def seeds(self) -> str:
        """In how many of the seeds measured it holds, and what that tells of all seeds: `5 of 5 (48 to 100 %)`."""
        if not self.numbers:
            return "–"
        if self.exact:
            return "exact"
        low, high = self.interval
        return f"{sum(self.by_seed.values())} of {len(self.numbers)} ({100 * low:.0f} to {100 * high:.0f} %)"


def placement(claim: Claim, numbers_by_seed: Mapping[int, Numbers]) -> dict[str, str]:
    """Where each number of the paper lies among ours of all seeds.

    From 20 seeds on its percentile (of ours that are equal, half count as smaller), with fewer whether it is below,
    within or above our range. Never learnt is later than any time; what could not be measured (NaN) does not count.
    """
    placed = {}
    for name, theirs in claim.theirs.items():
        ours = [float(numbers[name]) for numbers in numbers_by_seed.values() if name in numbers]
        ours = [number for number in ours if not math.isnan(number)]
        if ours:
            placed[name] = f"{_place(float(theirs), ours)} ours"
    return placed


def _place(theirs: float, ours: Sequence[float]) -> str:
    if len(ours) >= MANY:
        smaller = sum(number < theirs for number in ours) + sum(number == theirs for number in ours) / 2
        return f"{_ordinal(round(100 * smaller / len(ours)))} percentile of"
    if theirs < min(ours):
        return "below"
    return "above" if theirs > max(ours) else "within"


def _ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{'th' if 11 <= n % 100 <= 13 else ending}"


def judge(claim: Claim, study: Study, seeds: Iterable[int]) -> Verdict:
    """The verdict over the seeds whose runs are stored; nothing is trained."""
    wanted = claim.seeds(tuple(seeds))
    return Verdict(claim, {seed: measured(claim, study, seed) for seed in wanted if claim.measurable(study, seed)})


def measured(claim: Claim, study: Study, seed: int) -> dict[str, float]:
    """What is measured for a claim; kept for as long as code and runs are the same."""
    known = [study.known(run) for run in claim.runs(study, seed)]
    folders = [(study.store.folder(run).name, run.length) for run in known if run is not None]
    return remembered([claim.id, seed, study.paper, study.profile, *folders], claim.measure, study, seed)


def verdicts(claims: Iterable[Claim], study: Study, seeds: Iterable[int]) -> list[Verdict]:
    """Every claim measured on the stored runs of these seeds, seeds side by side on the cores of this machine."""
    claims, seeds = list(claims), tuple(seeds)
    every = dict.fromkeys(seed for claim in claims for seed in claim.seeds(seeds))

    def measure(seed: int) -> None:
        for claim in claims:
            if seed in claim.seeds(seeds) and claim.measurable(study, seed):
                measured(claim, study, seed)

    # Threads: the work is in PyTorch and in C++, one core each, so that sums do not depend on how many there are.
    with ThreadPoolExecutor(processes.cores(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        list(pool.map(measure, every))
    return [judge(claim, study, seeds) for claim in claims]


def write(claims: Iterable[Claim], study: Study) -> str:
    """Measures every claim, writes `claims.json` among the figures, and gives the table."""
    found = verdicts(claims, study, study.settings.seeds)
    target = path(study.folder)
    with paths.write_whole(target) as part:
        part.write_text(json.dumps(as_json(found, study.settings), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return f"{table(found)}\n\n{target}"


def path(figures: Path) -> Path:
    """Where the ledger of a folder of figures lies."""
    return figures / "claims.json"


def read(figures: Path) -> list[dict[str, Any]]:
    """The ledger's claims as plain values; none where there is no ledger, or none that can be read."""
    try:
        return json.loads(path(figures).read_text(encoding="utf-8"))["claims"]
    except (OSError, ValueError, KeyError):
        return []


def as_json(found: Iterable[Verdict], settings: Settings) -> dict[str, Any]:
    """The ledger as plain values; a number that is not finite (never learnt) is null."""
    return {
        "profile": settings.profile,
        "dataset": settings.dataset,
        "claims": [
            {
                "id": verdict.claim.id,
                "statement": verdict.claim.statement,
                "source": verdict.claim.source,
                "quantity": verdict.claim.quantity,
                "criterion": verdict.claim.criterion,
                "reason": verdict.claim.reason,
                "paper": verdict.paper,
                "published": {name: _plain(x) for name, x in verdict.claim.theirs.items()},
                "placed": placement(verdict.claim, verdict.numbers),
                "values": {
                    str(seed): {name: _plain(x) for name, x in numbers.items()}
                    for seed, numbers in verdict.numbers.items()
                },
                "holds": {str(seed): held for seed, held in verdict.by_seed.items()},
                "verdict": verdict.word,
                "seeds": verdict.seeds,
            }
            for verdict in found
        ],
    }


def _plain(number: SupportsFloat) -> float | None:
    number = float(number)
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def summary(words: Iterable[str]) -> str:
    """How many claims have each verdict."""
    words = list(words)
    return ", ".join(f"{words.count(word)} {told}" for word, told in TOLD.items() if word in words)


def frame(found: Iterable[Verdict]) -> Any:
    """The ledger as a pandas table for a notebook, a row a claim."""
    import pandas as pd  # only who shows it waits for it

    rows = []
    for verdict in found:
        claim = verdict.claim
        rows.append(
            {
                "claim": claim.id,
                "the paper states": claim.statement,
                "where": claim.source,
                "criterion": claim.criterion,
                "the paper": verdict.paper,
                "ours": "\n".join(_ours(verdict)),
                "verdict": verdict.word,
                "seeds": verdict.seeds,
            }
        )
    return pd.DataFrame(rows).set_index("claim")


def table(found: Iterable[Verdict]) -> str:
    """The ledger for a terminal: statement, criterion, verdict, and the numbers of every seed."""
    found = list(found)
    lines = [f"{len(found)} claims: {summary(verdict.word for verdict in found)}"]
    for verdict in found:
        claim = verdict.claim
        lines += ["", f"{claim.id}  [{claim.source}]  {verdict.word.upper()}: {verdict.seeds}"]
        lines += _wrapped(claim.statement) + _wrapped(f"criterion: {claim.criterion}")
        if claim.published:
            lines += _wrapped(f"the paper: {verdict.paper}")
        for line in _ours(verdict):
            lines += _wrapped(line)
    return "\n".join(lines)


def _ours(verdict: Verdict) -> list[str]:
    """A line a seed; of many seeds a line a number, its lowest, median and highest, and which seeds miss."""
    if len(verdict.numbers) <= LISTED:
        marks = {seed: "yes" if held else "NO " for seed, held in verdict.by_seed.items()}
        return [f"seed {seed} {marks[seed]}  {_listed(numbers, '; ')}" for seed, numbers in verdict.numbers.items()]
    measured = list(verdict.numbers.values())
    each = {name: [float(n[name]) for n in measured if name in n] for name in names_of(measured)}
    missed = [str(seed) for seed, held in verdict.by_seed.items() if not held]
    told = [f"{name}: {spread(values)}" for name, values in each.items()]
    return [*told, f"missed by seeds {', '.join(missed)}"] if missed else told


def names_of(measured: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every number that was measured for some seed; a few are called after the seed."""
    return list(dict.fromkeys(name for numbers in measured for name in numbers))


def spread(values: Iterable[float]) -> str:
    """Lowest, median (the lower of two) and highest; what could not be measured (NaN) comes last, as never learnt."""
    each = sorted(math.inf if math.isnan(value) else value for value in values)
    shown = [number(value) for value in (each[0], each[(len(each) - 1) // 2], each[-1])]
    return shown[0] if len(set(shown)) == 1 else ", ".join(shown)


def _listed(numbers: Measured, between: str) -> str:
    return between.join(f"{name} {number(x)}" for name, x in numbers.items())


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
