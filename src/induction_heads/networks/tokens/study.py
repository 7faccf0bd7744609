"""What the papers about token models share: a study without a data set, results and claims that name rows of runs.

A paper's table of runs is functions from a seed to named rows, `{"2 layers": TokenRun(seed, REP), …}`.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from induction_heads.machinery import ledger, paper, study
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.store import Trained

from .training import TokenRun

SEEDS, SMOKE_SEEDS = (0, 1, 2), (0, 1)
SMOKE_STEPS, SMOKE_INTERVALS = 25, 5  # the smoke profile has so many times fewer steps, and shorter intervals
Rows = Callable[[int], Mapping[str, TokenRun]]  # a seed -> what a figure calls a run -> the run


class Study(study.Study):
    """The runs of one paper: `Study("KEY", settings).rows(models, seed)["2 layers"].history`."""

    def __init__(self, paper: str, settings: Settings, client: Any = None):
        seeds = settings.seeds or (SEEDS if settings.profile == "paper" else SMOKE_SEEDS)
        super().__init__(paper, dataclasses.replace(settings, seeds=seeds), None, client)

    @classmethod
    def of(
        cls, paper: str, profile: str = "paper", seeds: Sequence[int] = (), dataset: str = "", device: str = "cpu"
    ) -> "Study":
        """For notebooks. `dataset` says in whose folder figures go; nothing is read from it."""
        return cls(paper, Settings(profile, dataset or Settings.dataset, tuple(seeds), device))

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.settings.seeds

    def scaled(self, run: TokenRun) -> TokenRun:
        """The run at the study's profile."""
        if self.profile == "paper":
            return run
        return dataclasses.replace(
            run,
            steps=max(2, run.steps // SMOKE_STEPS),
            evaluate_every=max(1, run.evaluate_every // SMOKE_INTERVALS),
            checkpoint_every=run.checkpoint_every // SMOKE_INTERVALS,
        )

    def rows(self, rows: Rows, seed: int) -> dict[str, Trained]:
        """The rows of a seed by their names, trained now if they are not yet."""
        each = {name: self.scaled(run) for name, run in rows(seed).items()}
        trained = self.train(each.values())
        return {name: trained[run] for name, run in each.items()}

    def every(self, rows: Rows, seeds: Sequence[int] = ()) -> dict[str, dict[int, Trained]]:
        """The same for all seeds: name -> seed -> run."""
        seeds = tuple(seeds) or self.seeds
        self.train([self.scaled(run) for seed in seeds for run in rows(seed).values()])  # side by side
        by_seed = {seed: self.rows(rows, seed) for seed in seeds}
        return {name: {seed: by_seed[seed][name] for seed in seeds} for name in by_seed[seeds[0]]}


def with_more(seeds: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
    """The seeds that were asked for; with more, where those are the papers' own."""
    return (*seeds, *more) if tuple(seeds) == SEEDS else tuple(seeds)


@dataclass(frozen=True)
class Result(paper.Result):
    """A figure that shows the rows of every seed."""

    rows: Rows
    more_seeds: tuple[int, ...] = field(default=(), kw_only=True)
    first_seed_alone: bool = field(default=False, kw_only=True)

    def runs(self, study):
        seeds = study.seeds[:1] if self.first_seed_alone else with_more(study.seeds, self.more_seeds)
        return [study.scaled(run) for seed in seeds for run in self.rows(seed).values()]


@dataclass(frozen=True)
class Claim(ledger.Claim):
    """A statement that is measured on some rows of a seed."""

    rows: Rows
    more_seeds: tuple[int, ...] = field(default=(), kw_only=True)

    def seeds(self, seeds):
        return with_more(seeds, self.more_seeds)

    def runs(self, study, seed):
        return [study.scaled(run) for run in self.rows(seed).values()]
