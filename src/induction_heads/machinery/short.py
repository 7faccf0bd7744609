"""Runs of seconds: a function of the run's settings and seed, trained in one go; one that is interrupted begins again.

For papers whose networks are small or whose equations are solved: a run is a frozen dataclass, its family names the
function that trains it, and results and claims name their runs by profile and seed.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, SupportsFloat, TypeVar

from . import ledger, paper
from .run import Data, Family, Hears, Run, State, Tensors
from .store import Trained
from .study import Study

Together = TypeVar("Together", bound=tuple)
Progress = Callable[[int, SupportsFloat], None]  # steps done since, and the loss


def parts(given: Together, size: int) -> Iterator[Together]:
    """A named tuple of tensors, at most `size` of their first axis at a time, whose activations stay in the cache."""
    for split in zip(*(tensor.split(size) for tensor in given), strict=True):
        yield type(given)(*split)


class Made(NamedTuple):
    """What a run gives."""

    history: list[list[float]]  # rows of the family's columns
    learnt: Tensors


@dataclass(frozen=True)
class ShortRun(Run):
    """A run whose fields say all of it; `steps` is one of them."""

    steps: int
    seed: int

    @property
    def settings(self) -> dict[str, Any]:
        """All fields, the length too: a run does not go on from a shorter one."""
        return {"kind": type(self).__name__} | dataclasses.asdict(self)

    @property
    def length(self) -> int:
        return self.steps

    def __str__(self) -> str:
        told = (
            _in_words(field.name.replace("_", " "), getattr(self, field.name)) for field in dataclasses.fields(self)
        )
        return f"{type(self).__name__}: {', '.join(filter(None, told))}"


def _in_words(name: str, value: Any) -> str:
    """A field for people: what is so by its name alone, what is not so and what is empty by nothing."""
    if isinstance(value, bool):
        return name if value else ""
    if isinstance(value, tuple):
        return f"{name} {', '.join(map(str, value))}" if value else ""
    return f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"


class ShortFamily(Family):
    """Trains by one function of the run; `seconds` is how long a step takes on one core."""

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        make: Callable[[Any, Progress], Made],
        seconds_a_step: Callable[[Any], float],
        version: int = 1,
    ):
        self.name, self.columns, self.version = name, columns, version
        self._make, self._seconds_a_step = make, seconds_a_step

    def begin(self, run: Any, data: Data | None) -> State:
        return State(0, {})

    def train(
        self,
        runs: Sequence[Any],
        states: Sequence[State],
        data: Data | None,
        needed: Mapping[Any, Tensors],
        device: str,
        hears: Hears,
    ) -> list[State]:
        ends = []
        for run in runs:
            made = self._make(run, hears.progress)
            ends.append(State(run.length, dict(made.learnt), {}, [list(map(float, row)) for row in made.history]))
        return ends

    def seconds(self, run: Any) -> float:
        return run.steps * self._seconds_a_step(run)


Rows = Mapping[str, Run]  # what figures and claims call a run -> the run
Table = Callable[[str, int], Rows]  # of a profile and a seed


@dataclass(frozen=True)
class Result(paper.Result):
    """A figure that shows rows of a table, for each seed or for the first `most` of them."""

    rows: Table = dataclasses.field(default=lambda profile, seed: {}, kw_only=True)
    most: int | None = dataclasses.field(default=None, kw_only=True)

    def runs(self, study: Study) -> Iterable[Run]:
        for seed in study.settings.seeds[: self.most]:
            yield from self.rows(study.profile, seed).values()


@dataclass(frozen=True)
class Claim(ledger.Claim):
    """A claim on rows of a table, for each seed or for the first `most` of them."""

    rows: Table = dataclasses.field(default=lambda profile, seed: {}, kw_only=True)
    most: int | None = dataclasses.field(default=None, kw_only=True)

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        return seeds[: self.most]

    def runs(self, study: Study, seed: int) -> list[Run]:
        return list(self.rows(study.profile, seed).values())


@dataclass(frozen=True)
class ExactClaim(ledger.Claim):
    """A claim on what depends on no seed."""

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        return (ledger.EXACT,)


def rows_of(study: Study, table: Table, seed: int) -> dict[str, Trained]:
    """The rows of a table for a seed, trained now if they are not yet."""
    rows = table(study.profile, seed)
    trained = study.train(rows.values())
    return {name: trained[run] for name, run in rows.items()}
