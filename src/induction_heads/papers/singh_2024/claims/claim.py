"""What a claim is, and what is measured for several of them at once.

A claim is a value: what the paper states, what we measure for it, and a criterion that was fixed, and committed,
before any number of the paper profile was looked at.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, SupportsFloat

import numpy as np
import torch

from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained
from induction_heads.networks import sequences
from induction_heads.papers.singh_2024 import measures, runs
from induction_heads.papers.singh_2024.runs import LAYER_2, RESULTS, Run

from ..study import Study

Numbers = Mapping[str, SupportsFloat]
HOLDS, IN_PART, FAILS, UNMEASURED = "holds", "holds in part", "does not hold here", "not measured"
SMOKE_SEQUENCES = 2_000  # of the exhaustive set, in the smoke profile


def rank_correlation(x: Sequence, y: Sequence) -> float:
    """Spearman's."""
    from scipy.stats import spearmanr  # only who measures waits for it

    return float(spearmanr(x, y).statistic)


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
    measure: Callable[[Study, int], Numbers]  # of one seed, from stored runs
    results: tuple[str, ...]  # figures and tables whose runs it needs
    paper: str = ""  # the same numbers in the paper
    every_seed: bool = True  # else the first seed alone
    extra_runs: Callable[[int], Iterable[Run]] = lambda seed: ()  # stored runs beside those of `results`

    def runs(self, seed: int, scale: int) -> list[Run]:
        """The runs it needs for a seed, as the table of runs has them."""
        rows = [run for name in self.results for run in RESULTS[name].rows(seed).values()]
        return list(dict.fromkeys(run.scaled(scale) for run in [runs.main(seed), *rows, *self.extra_runs(seed)]))

    def measurable(self, study: Study, seed: int) -> bool:
        """Whether all of them are in the store."""
        known = [study.known(run) for run in self.runs(seed, study.scale)]
        return all(run is not None and study.store.finished(run) for run in known)


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
        held = self.by_seed.values()
        if not held:
            return UNMEASURED
        return HOLDS if all(held) else IN_PART if any(held) else FAILS

    @property
    def seeds(self) -> str:
        """In how many of the seeds measured it holds."""
        held = self.by_seed
        return f"{sum(held.values())} of {len(held)}" if held else "–"


def judge(claim: Claim, study: Study, seeds: Iterable[int]) -> Verdict:
    """The verdict over the seeds whose runs are stored; nothing is trained."""
    seeds = list(seeds)
    numbers = {}
    for seed in seeds if claim.every_seed else seeds[:1]:
        if claim.measurable(study, seed):
            numbers[seed] = measured(claim, study, seed)
    return Verdict(claim, numbers)


def measured(claim: Claim, study: Study, seed: int) -> dict[str, float]:
    """What is measured for a claim; kept for as long as code and runs are the same."""
    known = [study.known(run) for run in claim.runs(seed, study.scale)]
    made_from = [claim.id, seed, study.profile, *(study.store.folder(run).name for run in known if run is not None)]
    return remembered(made_from, lambda: {name: float(number) for name, number in claim.measure(study, seed).items()})


def training_sequences(study: Study, run: Run) -> sequences.Sequences:
    """The exhaustive training set; a part of it in the smoke profile."""
    every = sequences.exhaustive(run.task)
    return every if study.profile == "paper" else measures.sample(every, SMOKE_SEQUENCES)


@lru_cache(maxsize=64)
def main_run(study: Study, seed: int) -> Trained:
    """The main run of a seed, from the store."""
    return study.results("3a", seed)["all heads"]


class End(NamedTuple):
    """A main run's network on the exhaustive set."""

    strength: np.ndarray  # of each Layer 2 head
    whole: float  # accuracy
    no_layer_1_path: float  # accuracy without Layer 1's outputs in the final stream; patterns and values preserved
    without: np.ndarray  # accuracy with that Layer 2 head ablated
    alone: np.ndarray  # accuracy with the other Layer 2 heads ablated


@lru_cache(maxsize=64)
def at_the_end(study: Study, seed: int) -> End:
    trained = main_run(study, seed)
    which, features = training_sequences(study, trained.run), study.exemplars(trained.run).train[None]
    n = len(LAYER_2)
    on, each = torch.ones(1, 2, n, dtype=torch.bool), torch.eye(n, dtype=torch.bool)
    layer_1_on = torch.ones(n, n, dtype=torch.bool)
    no_path = torch.stack([~on[0, 0], on[0, 1]])[None]
    keep = torch.cat([on, no_path, torch.stack([layer_1_on, ~each], 1), torch.stack([layer_1_on, each], 1)])
    found = measures.direct_paths(measures.stack([trained.final]), features, which, keep)
    strength = measures.induction_strength(found["pattern"], which)[0].numpy()
    accuracy = measures.loss_and_accuracy(found["logits"][0], which)[:, 1].numpy()
    return End(strength, float(accuracy[0]), float(accuracy[1]), accuracy[2 : 2 + n], accuracy[2 + n :])


def learning_time(trained: Trained) -> float:
    """Sequences until the train loss is below 0.4 ln 2; infinite if it never is."""
    time = measures.time_to_learn(trained.history)
    return math.inf if math.isnan(time) else time
