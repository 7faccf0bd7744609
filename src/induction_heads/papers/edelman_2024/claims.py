"""What the paper states, and what is measured for it; the last claim is the first paper's, on this one's network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from induction_heads.machinery.curves import first_at
from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.run import Run
from induction_heads.machinery.short import Claim, rows_of
from induction_heads.machinery.store import Trained
from induction_heads.machinery.study import Study

from .chains import STRATEGIES
from .runs import CLAMPED, FEW, MIXED, ONE, PURE, TWO, clamp, layers, stumbling

PLATEAU = 50  # steps that the unigram phase lasts at least
AROUND = 150  # steps around the order flip
DELAYED_LOSS = 0.14  # nats, by which the delay is measured


def nearest(history: pd.DataFrame) -> pd.Series:
    """The strategy whose answers are nearest to the network's, at every evaluation."""
    columns = [f"from_{name}" for name in STRATEGIES]
    return history[columns].set_axis(STRATEGIES, axis=1).idxmin(axis=1)


def phases(history: pd.DataFrame) -> list[str]:
    """The nearest strategies in their order, each once a stretch."""
    found = nearest(history).tolist()
    return [name for i, name in enumerate(found) if i == 0 or name != found[i - 1]]


def steps_near(history: pd.DataFrame, strategy: str) -> float:
    """From the first to the last evaluation that is nearest to a strategy; 0 where one or none is."""
    steps = history.steps[nearest(history) == strategy]
    return float(steps.iloc[-1] - steps.iloc[0]) if len(steps) else 0.0


def order_flip(history: pd.DataFrame) -> float:
    """The first step at which the bigram strategy is nearest; infinite where none is."""
    steps = history.steps[nearest(history) == "bigram"]
    return float(steps.iloc[0]) if len(steps) else math.inf


def in_phases(study: Study, seed: int) -> Measured:
    history = rows_of(study, layers, seed)[TWO].history
    return {
        "uniform, unigram, bigram": phases(history) == list(STRATEGIES),
        "steps near unigram": steps_near(history, "unigram"),
        "bigram from": order_flip(history),
    }


def are_phases(n: Numbers) -> bool:
    return bool(n["uniform, unigram, bigram"]) and n["steps near unigram"] >= PLATEAU


def at_the_end(study: Study, seed: int, name: str) -> Measured:
    last = rows_of(study, layers, seed)[name].history.iloc[-1]
    return {"loss": last.loss, "unigram strategy": last.loss_unigram, "bigram strategy": last.loss_bigram}


def two_at_the_end(study: Study, seed: int) -> Measured:
    return at_the_end(study, seed, TWO)


def one_at_the_end(study: Study, seed: int) -> Measured:
    return at_the_end(study, seed, ONE)


def beats_unigram(n: Numbers) -> bool:
    return n["loss"] <= n["unigram strategy"] / 2


def stays_unigram(n: Numbers) -> bool:
    return n["loss"] >= n["unigram strategy"] - 0.02


def together(study: Study, seed: int) -> Measured:
    history = rows_of(study, layers, seed)[TWO].history
    flip = order_flip(history)
    before = history[history.steps <= max(flip - AROUND, 0)]
    after = history[history.steps <= flip + AROUND]
    return {
        "previous-token attention before": before.previous.iloc[-1] if math.isfinite(flip) else math.nan,
        "and after": after.previous.iloc[-1],
        "induction attention after": after.induction.iloc[-1],
    }


def form_together(n: Numbers) -> bool:
    formed = n["and after"] >= 0.5 and n["induction attention after"] >= 0.8
    return n["previous-token attention before"] <= 0.1 and formed


def crossing(history: pd.DataFrame, level: float = DELAYED_LOSS) -> float:
    """The step at which the loss first passes a level, between evaluations by a line; infinite where it never does."""
    return first_at(history.steps.to_numpy(), -history.loss.to_numpy(), -level)


def delay(study: Study, seed: int) -> Measured:
    """Means over all seeds of the study; the seed says nothing."""
    steps: dict[str, list[float]] = {PURE: [], MIXED: []}
    ends: dict[str, list[float]] = {PURE: [], MIXED: []}
    for each in study.settings.seeds:
        for name, trained in rows_of(study, stumbling, each).items():
            steps[name].append(crossing(trained.history))
            ends[name].append(trained.history.loss.iloc[-1])
    found = {f"steps to 0.14, {name}": float(np.mean(each)) for name, each in steps.items()}
    ratio = found[f"steps to 0.14, {PURE}"] / found[f"steps to 0.14, {MIXED}"]
    return found | {"ratio": ratio} | {f"loss at the end, {name}": float(np.mean(each)) for name, each in ends.items()}


def is_delayed(n: Numbers) -> bool:
    return n["ratio"] <= 0.95


@dataclass(frozen=True)
class OfAllSeeds(Claim):
    """Measured once, on means over all seeds, and listed under the first."""

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        return seeds[:1]

    def runs(self, study: Study, seed: int) -> list[Run]:
        return [run for each in study.settings.seeds for run in self.rows(study.profile, each).values()]


def steps_waiting(trained: Trained) -> float:
    """How long the unigram strategy is nearest: evaluations times their spacing."""
    return float((nearest(trained.history) == "unigram").sum() * trained.run.evaluate_every)


def previous_token_clamped(study: Study, seed: int) -> Measured:
    numbers: dict[str, float] = {}
    for name, trained in rows_of(study, clamp, seed).items():
        numbers |= {f"steps nearest unigram, {name}": steps_waiting(trained)}
        numbers |= {f"bigram from, {name}": order_flip(trained.history)}
    return numbers


def the_plateau_goes(n: Numbers) -> bool:
    free, held = (n[f"steps nearest unigram, {name}"] for name in (TWO, CLAMPED))
    return free > 0 and held <= free / 4 and n[f"bigram from, {CLAMPED}"] < n[f"bigram from, {TWO}"]


CLAIMS = (
    Claim(
        "1",
        "The network goes through phases: uniform, unigram, bigram.",
        "figure 2",
        "the strategy nearest to the network's answers, by KL at the last token of held-out chains",
        "in this order, each once, and at least 50 steps from the first to the last evaluation near unigram",
        "two evaluations 50 steps apart exclude a mere crossing",
        are_phases,
        in_phases,
        rows=layers,
        most=FEW,
    ),
    Claim(
        "2",
        "It ends near the bigram strategy.",
        "figure 1",
        "loss: KL to the true distribution at the last token, after 700 steps",
        "at most half the unigram strategy's",
        "the bigram strategy's is below a quarter of it",
        beats_unigram,
        two_at_the_end,
        rows=layers,
        most=FEW,
    ),
    Claim(
        "3",
        "One layer does no better than the unigram strategy.",
        "figure 1",
        "the same of one layer",
        "at least the unigram strategy's less 0.02",
        "0.02 is the noise of an evaluation",
        stays_unigram,
        one_at_the_end,
        rows=layers,
        most=FEW,
    ),
    Claim(
        "4",
        "The previous-token head and the induction head form together, when the order flips.",
        "figure 3",
        "attention of layer 1 to the token before, and of layer 2 to what came after the last token",
        "within 150 steps of the order flip the first goes from at most 0.1 to at least 0.5, the second to at least "
        "0.8",
        "the plateau is longer than that",
        form_together,
        together,
        rows=layers,
        most=FEW,
    ),
    OfAllSeeds(
        "5",
        "The unigram solution is a stumbling block: where it tells nothing, bigrams are learnt sooner.",
        "figure 5",
        "steps to a loss of 0.14 on doubly stochastic chains, trained on these alone and with chains of equal rows, "
        "means over seeds",
        "at most 0.95 times as many without",
        "the paper states a delay and no number",
        is_delayed,
        delay,
        rows=stumbling,
    ),
    Claim(
        "clamp",
        "With the previous-token step given from the start the unigram plateau goes.",
        "figure 6",
        "steps at which the unigram strategy is nearest, and the first at which the bigram strategy is, with and "
        "without the clamp",
        "a quarter as many steps or fewer, and bigram earlier",
        "the first paper's account: a plateau is there while several subcircuits wait for each other",
        the_plateau_goes,
        previous_token_clamped,
        rows=clamp,
        most=FEW,
    ),
)
