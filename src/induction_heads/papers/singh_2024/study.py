"""A study: the runs of some results, at some profile, on one data set; what is missing is trained in stages.

First the runs that depend on nothing, main runs among them; they decide which head is the strongest and which attend
to the previous token; then the runs that name such heads or graft a trained network.
"""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass

from induction_heads import data
from induction_heads.machinery import paths, schedule
from induction_heads.machinery.drawing import Page
from induction_heads.machinery.paths import RUNS
from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.store import Store, Trained
from induction_heads.networks import kernels
from induction_heads.networks.sequences import BATCH, Exemplars

from . import measures
from .runs import PROFILES, RESULTS, SEED, Run

MS_A_STEP = {
    "paper": 0.27,
    "smoke": 0.4,
}  # of one run on one core with its evaluations, for telling how long it will take


class Study:
    """`Study("paper", "glyphs").results("5b", seed=5)` gives the trained rows of a figure."""

    def __init__(self, profile: str = "paper", dataset: str = "glyphs", device: str = "cpu", client=None):
        if profile not in PROFILES:
            raise ValueError(f"profile is one of {', '.join(PROFILES)}, got {profile!r}")
        self.profile, self.device, self.client = profile, device, client
        self.scale = PROFILES[profile]
        self.dataset = data.load(dataset, exemplars=2)
        self.store = Store(RUNS, self.dataset)
        self._roles: dict[Run, dict[str, str]] = {}

    def page(self, identity: str) -> Page:
        """Where a notebook's drawings go; `identity` says which runs they show."""
        folder = paths.figures_dir(self.profile, self.dataset.name)
        return Page(folder, self.profile, identity)

    def exemplars(self, run: Run) -> Exemplars:
        return Exemplars.of(self.dataset, run.task)

    def roles(self, main: Run) -> dict[str, str]:
        """The roles of a main run's heads, from its trained network."""
        if main not in self._roles:
            trained = self.train([main])[main]
            features = self.exemplars(main).train[None]
            self._roles[main] = remembered(
                ["roles", trained.folder.name], lambda: measures.roles(trained.final, features, main.task)
            )
        return self._roles[main]

    def resolved(self, run: Run) -> Run:
        return run.resolved(self.roles(run.main)) if run.roles else run

    def train(self, wanted: Iterable[Run]) -> dict[Run, Trained]:
        """Every run trained, by the row it was asked for with."""
        wanted = list(dict.fromkeys(wanted))
        later = [run for run in wanted if run.roles or run.donors]
        first = [run for run in wanted if not (run.roles or run.donors)]
        needed = [*(run.main for run in later if run.roles), *(donor for run in later for donor in run.donors)]
        trained = self._train([*first, *needed])
        rows = {run: self.resolved(run) for run in later}
        trained |= self._train(rows.values())
        return {run: trained[rows.get(run, run)] for run in wanted}

    def _train(self, wanted: Iterable[Run]) -> dict[Run, Trained]:
        return schedule.train(wanted, self.store, self.device, client=self.client)

    def results(self, result: str, seed: int = SEED) -> dict[str, Trained]:
        """The rows of a figure or table by the name they have in it, trained now if they are not yet."""
        rows = {name: run.scaled(self.scale) for name, run in RESULTS[result].rows(seed).items()}
        trained = self.train(rows.values())
        return {name: trained[run] for name, run in rows.items()}

    def known(self, run: Run) -> Run | None:
        """The run with its heads named, if the main run that decides them is trained; nothing is trained for it."""
        if run.roles and not self.store.finished(run.main):
            return None
        return self.resolved(run)


@dataclass(frozen=True)
class Plan:
    """What a build has and what it lacks."""

    done: int
    missing: int
    steps: int  # times runs, still to be trained
    seconds: float

    def __str__(self) -> str:
        return f"{self.done} of {self.done + self.missing} runs are trained, {self.missing} are missing."


def wanted(settings: Settings, results: Iterable[str] = ()) -> list[Run]:
    """The runs of these results, or of all."""
    chosen = [RESULTS[name] for name in (results or RESULTS)]
    return list(
        dict.fromkeys(run for result in chosen for run in result.runs(settings.seeds, PROFILES[settings.profile]))
    )


def _study(settings: Settings) -> Study:
    return Study(settings.profile, settings.dataset, settings.device)


def _missing(study: Study, asked: Iterable[Run]) -> list[Run]:
    rows = {run: study.known(run) for run in asked}
    return [run for run, known in rows.items() if known is None or not study.store.finished(known)]


def plan(settings: Settings, results: Iterable[str] = ()) -> Plan:
    asked = wanted(settings, results)
    missing = _missing(_study(settings), asked)
    steps = sum(math.ceil(run.sequences / BATCH) for run in missing)
    seconds = steps * MS_A_STEP[settings.profile] / 1e3 / (os.cpu_count() or 1)
    if missing and kernels.to_compile():
        seconds += kernels.COMPILING
    return Plan(len(asked) - len(missing), len(missing), steps, seconds)


def train_missing(settings: Settings, results: Iterable[str] = ()) -> None:
    _study(settings).train(wanted(settings, results))


def status(settings: Settings) -> None:
    """A line a run: done, unfinished or missing, and how long it took or will take."""
    study = _study(settings)
    for name, result in RESULTS.items():
        print(f"{name:10} {result.title}")
        for run in dict.fromkeys(result.runs(settings.seeds, study.scale)):
            known = study.known(run)
            if known is None:
                state = f"waits for: {run.main}"
            elif study.store.finished(known):
                state = "done"
            else:
                seconds = math.ceil(run.sequences / BATCH) * MS_A_STEP[study.profile] / 1e3
                state = (
                    "unfinished" if (study.store.folder(known) / "unfinished.safetensors").exists() else "missing"
                ) + f", {seconds:.0f} s"
            print(f"    {state:12} {known or run}")
