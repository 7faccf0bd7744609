"""A study: the runs of a paper at some settings; what is missing is trained, first what others need."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import paths, processes, schedule
from .run import Data, Family, Run
from .settings import Settings
from .store import Store, Trained


class Study:
    """What claims and notebooks are given: settings, data, and every run trained that is asked for."""

    def __init__(self, paper: str, settings: Settings, data: Data | None = None, client: Any = None):
        self.paper, self.settings, self.data, self.client = paper, settings, data, client
        self.profile, self.device = settings.profile, settings.device
        self.store = Store(paths.RUNS, data)
        self.note = ""  # what has to be said of the runs below each of its figures
        self._trained: dict[Run, Trained] = {}  # each is read from the disk once

    @property
    def folder(self) -> Path:
        """Where its figures go."""
        return paths.figures_dir(self.paper, self.settings)

    def train(self, wanted: Iterable[Run]) -> dict[Run, Trained]:
        """Every run trained, by the run it was asked for with."""
        wanted = list(dict.fromkeys(wanted))
        later = [run for run in wanted if run.needs]
        found: dict[Run, Trained] = {}
        if later:
            found = self.train([need for run in later for need in run.needs] + [r for r in wanted if not r.needs])
        rows = {run: run.resolved(found, self.data) for run in wanted}
        new = [row for row in rows.values() if row not in self._trained]
        self._trained |= schedule.train(new, self.store, self.device, client=self.client)
        return {run: self._trained[row] for run, row in rows.items()}

    def known(self, run: Run) -> Run | None:
        """The run resolved, if what it needs is trained; nothing is trained for it."""
        needs = {need: self.known(need) for need in run.needs}
        found = {need: self._finished(known) for need, known in needs.items() if known is not None}
        if len(found) < len(needs) or not all(found.values()):
            return None
        return run.resolved(found, self.data)

    def _finished(self, run: Run) -> Trained | None:
        if run not in self._trained and (trained := self.store.load(run)) is not None:
            self._trained[run] = trained
        return self._trained.get(run)

    def finished(self, run: Run) -> bool:
        """Whether the run is trained already."""
        known = self.known(run)
        return known is not None and self.store.finished(known)


LINES = 60  # runs of a result that are told one by one


@dataclass(frozen=True)
class Plan:
    """What a build has and what it lacks."""

    done: int
    missing: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.done} of {self.done + self.missing} runs are trained, {self.missing} are missing."


def plan(study: Study, asked: Iterable[Run]) -> Plan:
    asked = list(asked)
    missing = [run for run in asked if not study.finished(run)]
    seconds = sum(run.family.seconds(run) for run in missing) / processes.cores()
    families: dict[str, Family] = {run.family.name: run.family for run in missing}
    return Plan(
        len(asked) - len(missing),
        len(missing),
        seconds + sum(family.starting_seconds() for family in families.values()),
    )


def status(study: Study, results: Mapping[str, tuple[str, Iterable[Run]]], apart: Container[str]) -> None:
    """A line a run of each result, title and runs: done, unfinished or missing, and how long it will take.

    Of results that stand apart from the rest, and of those with more than LINES runs, a line each.
    """
    for name, (title, runs) in results.items():
        print(f"{name:10} {title}")
        runs = list(dict.fromkeys(runs))
        if name in apart or len(runs) > LINES:
            print(f"    {plan(study, runs)}{' Made only where it is asked for.' if name in apart else ''}")
            continue
        for run in runs:
            known = study.known(run)
            if known is None:
                state = f"waits for: {', '.join(map(str, run.needs))}"
            elif study.store.finished(known):
                state = "done"
            else:
                begun = 0 <= study.store.progress(known) < known.length
                state = f"{'unfinished' if begun else 'missing'}, {run.family.seconds(run):.0f} s"
            print(f"    {state:12} {known or run}")
