"""What a claim is, and what is measured for several of them at once.

A claim is a value: what the paper states, what we measure for it, and a criterion that was fixed, and committed,
before any number of the paper profile was looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch

from induction_heads.machinery import ledger
from induction_heads.machinery.store import Trained
from induction_heads.networks import sequences

from .. import measures, runs
from ..runs import LAYER_2, Run, result
from ..study import Study
from .in_the_paper import PublishedStudy

MAIN_SEEDS, CLAMPED_SEEDS = 32, 16
OTHER_DATA_SEEDS = 16  # on which claims on main runs are measured on the other data set too
MORE_SEEDS = range(10, 10 + MAIN_SEEDS)  # after the paper's five; 101 to 108 are for fitting the data alone
SMOKE_SEQUENCES = 2_000  # of the exhaustive set, in the smoke profile


def rank_correlation(x: Sequence | np.ndarray, y: Sequence | np.ndarray) -> float:
    """Spearman's."""
    from scipy.stats import spearmanr  # only who measures waits for it

    return float(spearmanr(x, y).statistic)


def more_seeds(seeds: Sequence[int], n: int) -> tuple[int, ...]:
    """n seeds, the paper's first, where the paper's are asked for; else those that are asked for."""
    return (*seeds, *MORE_SEEDS)[:n] if tuple(seeds) == runs.SEEDS else tuple(seeds)


@dataclass(frozen=True)
class Claim(ledger.Claim):
    """A statement of this paper; it is measured on main runs, and on those of some figures and tables.

    Over the paper's five seeds and more of ours: what is measured on main runs alone over 32, Figure 5b's over 16.
    """

    results: tuple[str, ...]  # figures and tables whose runs it needs, as `Study.results` names them
    until_learnt: bool = False  # all that is measured on them is known when they have learnt the task

    @property
    def over(self) -> int:
        """On how many seeds it is measured, where none are asked for."""
        if all(result(name).rows is runs.figure_3 for name in self.results):
            return MAIN_SEEDS
        return CLAMPED_SEEDS if self.results == ("5b",) and self.until_learnt else len(runs.SEEDS)

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        return more_seeds(seeds, self.over)

    def runs(self, study: Study, seed: int) -> list[Run]:
        """The runs it needs for a seed, as the table of runs has them."""
        asked = [run for name in self.results for run in result(name).of(seed, self.until_learnt).values()]
        return list(dict.fromkeys(run.scaled(study.scale) for run in [runs.main(seed), *asked]))


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


class Choices(NamedTuple):
    """What a main run's network answers to the exhaustive set when only some heads write to the output.

    The choices: all heads; Layer 2; all without each Layer 2 head; Layer 1 with each Layer 2 head.
    """

    strength: np.ndarray  # of each Layer 2 head
    loss: np.ndarray  # of each choice, nats
    accuracy: np.ndarray
    alone: torch.Tensor  # what each Layer 2 head alone answers, head x sequence


@lru_cache(maxsize=8)
def choices_at_the_end(study: Study, seed: int) -> Choices:
    trained, n = main_run(study, seed), len(LAYER_2)
    which, features = training_sequences(study, trained.run), study.exemplars(trained.run).train[None]
    on, each = torch.ones(1, 2, n, dtype=torch.bool), torch.eye(n, dtype=torch.bool)
    layer_1_on = torch.ones(n, n, dtype=torch.bool)
    no_path = torch.stack([~on[0, 0], on[0, 1]])[None]
    keep = torch.cat([on, no_path, torch.stack([layer_1_on, ~each], 1), torch.stack([layer_1_on, each], 1)])
    found = measures.direct_paths(measures.stack([trained.final]), features, which, keep)
    strength = measures.induction_strength(found["pattern"], which)[0].numpy()
    loss, accuracy = measures.loss_and_accuracy(found["logits"][0], which).T.numpy()
    return Choices(strength, loss, accuracy, found["logits"][0, -n:].argmax(-1))


@lru_cache(maxsize=64)
def at_the_end(study: Study, seed: int) -> End:
    if isinstance(study, PublishedStudy):
        return End(**study.at_the_end())
    strength, _, accuracy, _ = choices_at_the_end(study, seed)
    n = len(strength)
    return End(strength, float(accuracy[0]), float(accuracy[1]), accuracy[2 : 2 + n], accuracy[2 + n :])


def learning_time(trained: Trained) -> float:
    """Sequences until the train loss is below 0.4 ln 2; infinite if it never is."""
    time = measures.time_to_learn(trained.history)
    return math.inf if math.isnan(time) else time
