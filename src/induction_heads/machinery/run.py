"""What the machinery needs of a run, whatever its paper: what it is, how far it goes, and who trains it.

A *family* trains runs of one kind, several side by side; what the fields of a run mean is the family's and the paper's.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, SupportsFloat, runtime_checkable

from torch import Tensor

Tensors = dict[str, Tensor]


@dataclass
class State:
    """A run on its way: what going on with it needs."""

    progress: int  # how far it has gone, in the family's unit
    learnt: Tensors  # what is kept at the end and at checkpoints
    working: Tensors = field(default_factory=dict)  # what only going on needs, such as an optimiser's averages
    history: list[list[float]] = field(default_factory=list)  # rows of the family's columns


@runtime_checkable
class Data(Protocol):
    """What a family trains on; its fingerprint is part of a run's key."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...


class Run(ABC):
    """One training: a hashable value, and everything that determines it but the data and the code."""

    @property
    @abstractmethod
    def family(self) -> "Family":
        """Who trains it."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """This run as plain values, the same in every session; not how long it is."""

    @property
    @abstractmethod
    def length(self) -> int:
        """How far it goes, in the family's unit."""

    @property
    def needs(self) -> tuple["Run", ...]:
        """The runs that are trained before it."""
        return ()

    @property
    def whole(self) -> "Run":
        """The same to its length, where this one may end as soon as enough is known of it."""
        return self

    def enough(self, history: Sequence[Sequence[float]]) -> bool:
        """Whether all that is asked of it is known before its end, from the history so far."""
        return False

    def resolved(self, found: Mapping["Run", Any], data: Any) -> "Run":
        """The run with what depends on those it needs (`Trained`) filled in."""
        return self

    def key(self, fingerprint: str) -> str:
        """Names the run's folder: the settings, the data, and the meaning of the training code."""
        text = json.dumps([self.settings, fingerprint, self.family.name, self.family.version], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Hears:
    """Whom a family tells, while it trains."""

    progress: Callable[[int, SupportsFloat], None]  # how much of the unit was done since, over all runs; the loss
    checkpoint: Callable[[Run, int, Tensors], None]  # a network to keep, and how far the run had gone
    states: Callable[[Sequence[State]], None] | None = None  # now and then, for resuming


class Family(ABC):
    """How runs of one kind are trained. A run's numbers do not depend on its group, nor on interruptions."""

    name: str
    version: int = 1  # of what its code means; a change of meaning makes stored runs stale
    unit: str = "steps"  # of progress, in the plural
    columns: Sequence[str]  # of the history, progress first

    @abstractmethod
    def begin(self, run: Any, data: Any) -> State:
        """The run before its first step."""

    @abstractmethod
    def train(
        self,
        runs: Sequence[Any],
        states: Sequence[State],
        data: Any,
        needed: Mapping[Any, Tensors],
        device: str,
        hears: Hears,
    ) -> list[State]:
        """Takes runs of one shape to their length, or until of all enough is known.

        `needed` holds what the runs they need have learnt.
        """

    def shape(self, run: Any, state: State, device: str) -> Hashable:
        """Runs of equal shape may train as one group."""
        return (run.length, state.progress)

    def largest_group(self, device: str) -> int | None:
        """Runs in a group, at most; None for all of a shape."""
        return 1

    def rows(self, run: Any, history: list[list[float]]) -> list[list[float]]:
        """The rows that belong to the run, of a history that may be that of a longer one."""
        return [row for row in history if row[0] <= run.length]

    def keeps(self, run: Any, progress: int) -> bool:
        """Whether a checkpoint belongs to the run, in a folder that may be that of a longer one."""
        return progress <= run.length

    def seconds(self, run: Any) -> float:
        """About how long the run takes on one core."""
        return 1.0

    def starting_seconds(self) -> float:
        """About how long the first run waits, for a compiler say."""
        return 0.0
