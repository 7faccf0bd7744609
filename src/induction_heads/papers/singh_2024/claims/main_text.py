"""The claims of the main text, figures 3 to 6, in the paper's order.

Criteria were fixed on the paper's own numbers (its text, its tables, its digitised curves) before ours were seen.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import SupportsFloat

import numpy as np

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.papers.singh_2024 import measures
from induction_heads.papers.singh_2024.runs import DATA, LAYER_2, SUBCIRCUITS

from ..study import Study
from .claim import Claim, at_the_end, learning_time, main_run, rank_correlation
from .heads import direct_effects
from .in_the_paper import PublishedStudy, in_the_paper

LN_2 = math.log(2)
LEARNT = 0.4 * LN_2
WAITS = ("none", "1", "3v, 5")  # rows of figure 5b with several subcircuits left that wait at ln 2; "1, 2" does at ln 5
ONE_LEFT = ("1, 2, 3qk, 4", "1, 2, 3v, 5")
FASTEST = ("1, 2, 3qk, 4", "3v, 5", "1, 2, 3v, 5")
CLASSES, LABELS = ("50 classes", "100 classes", "200 classes"), ("5 labels", "10 labels", "15 labels")
NO_PLATEAU = measures.PLATEAU  # the share of the learning time below which there is none
# How far from ln 2, as a share of it, a plateau may lie. In the paper's figure 3a the middle of the slowest tenth lies
# 4 % above ln 2, and a tenth reaches 5 % to either side of its middle: 9 %, and in round numbers a tenth. All training
# curves of the paper that have a plateau keep to it (0.96 to 1.08 times ln 2).
NEAR_LN_2 = 0.1
INDUCTION = 0.2  # strength from which a head counts as an induction head


def near_ln_2(level: SupportsFloat) -> bool:
    """Whether a loss (nats) is that of guessing between the two labels in context."""
    return abs(float(level) / LN_2 - 1) <= NEAR_LN_2


def plateau_then_fall(study: Study, seed: int) -> Measured:
    history = main_run(study, seed).history
    found = measures.plateau(history.sequences.to_numpy(), history.train_loss.to_numpy())
    return {
        "plateau share": found.share,
        "plateau level (nats)": found.level,
        "final loss": history.train_loss.iloc[-1],
    }


def waits_then_falls(n: Numbers) -> bool:
    waits = n["plateau share"] >= NO_PLATEAU and near_ln_2(n["plateau level (nats)"])
    return waits and n["final loss"] < 0.05


def final_losses(study: Study, seed: int) -> Measured:
    last = main_run(study, seed).history.iloc[-1]
    return {
        name: last[f"{key}_loss"]
        for name, key in (("held-out label pairs", "held_out_label_pairs"), ("unseen classes", "unseen_classes"))
    }


def through_training(study: Study, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences seen, and the strength of every Layer 2 head at each checkpoint."""
    if isinstance(study, PublishedStudy):
        return study.strengths()
    strengths = direct_effects(study, seed)["strength"]
    return strengths.index.to_numpy(), strengths.to_numpy()


def rise_together(study: Study, seed: int) -> Measured:
    trained = main_run(study, seed)
    begins, ends = (measures.time_to_learn(trained.history, fraction) for fraction in (0.9, 0.1))
    seen, strengths = through_training(study, seed)
    heads = strengths[:, strengths[-1] >= INDUCTION]
    halves = [seen[(head >= head.max() / 2).argmax()] for head in heads.T]
    return {
        "induction heads": len(halves),
        "risen in the window": sum(begins <= half <= ends for half in halves),
        "window begins": begins,
        "window ends": ends,
    }


def spread(study: Study, seed: int) -> Measured:
    strength = at_the_end(study, seed).strength
    return {"strongest": strength.max(), "weakest": strength.min()}


def direct_path(study: Study, seed: int) -> Measured:
    end = at_the_end(study, seed)
    return {"accuracy lost": end.whole - end.no_layer_1_path, "whole": end.whole}


def without_one(study: Study, seed: int) -> Measured:
    return {"lowest accuracy with one head ablated": at_the_end(study, seed).without.min()}


def one_alone(study: Study, seed: int) -> Measured:
    end = at_the_end(study, seed)
    correlation = rank_correlation(end.strength, end.alone)
    return {"rank correlation": correlation, "best head alone": end.alone.max(), "worst": end.alone.min()}


def each_alone(study: Study, seed: int) -> Measured:
    times = {
        name: learning_time(run)
        for name, run in study.results("4b", seed, until_learnt=True).items()
        if name != "all heads"
    }
    return {
        "heads that learn": sum(map(math.isfinite, times.values())),
        "first": min(times.values()),
        "last": max(times.values()),
    }


def together(study: Study, seed: int) -> Measured:
    times = {name: learning_time(run) for name, run in study.results("4b", seed, until_learnt=True).items()}
    return {"all heads": times.pop("all heads"), "fastest head alone": min(times.values())}


def order_of_clamps(study: Study, seed: int) -> Measured:
    return {name: learning_time(run) for name, run in study.results("5b", seed, until_learnt=True).items()}


def ordered(times: Numbers) -> bool:
    return max(times[name] for name in FASTEST) < times["1, 2"] < times["1"] < times["none"]


def plateaus(study: Study, seed: int) -> Measured:
    histories = {name: run.history for name, run in study.results("5b", seed, until_learnt=True).items()}
    found = {name: measures.plateau(h.sequences.to_numpy(), h.train_loss.to_numpy()) for name, h in histories.items()}
    return {
        f"{name}: {what}": getattr(p, what) for name, p in found.items() for what in ("share", "sequences", "level")
    }


def plateau_where_several_are_left(numbers: Numbers) -> bool:
    stretch = {name: numbers[f"{name}: sequences"] for name in SUBCIRCUITS}
    longer = min(stretch[name] for name in WAITS) > max(stretch[name] for name in ONE_LEFT)
    at_ln_2 = all(near_ln_2(numbers[f"{name}: level"]) for name in WAITS)
    none_alone = max(numbers[f"{name}: share"] for name in ONE_LEFT) < NO_PLATEAU <= numbers["none: share"]
    return longer and at_ln_2 and none_alone


def data_times(*left: str) -> Callable[[Study, int], Measured]:
    """Learning times of the rows of figure 6 with these subcircuits left to learn."""

    def measure(study: Study, seed: int) -> Measured:
        rows = study.results("6", seed, until_learnt=True)
        return {
            name: learning_time(rows[name])
            for name in (f"{subcircuits}, {data}" for subcircuits in left for data in DATA)
        }

    return measure


def rising(times: Sequence[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(times))


def later_with_more(times: Numbers) -> bool:
    return all(rising([times[f"A, B and C, {data}"] for data in amounts]) for amounts in (CLASSES, LABELS))


def slows(subcircuit: str, amounts: Sequence[str], by: float) -> Callable[[Numbers], bool]:
    """Rising times, the last at least `by` times the first; the other subcircuit's last within a tenth of its first."""
    other = {"B": "C", "C": "B"}[subcircuit]

    def holds(times: Numbers) -> bool:
        own, unmoved = ([times[f"{left}, {data}"] for data in amounts] for left in (subcircuit, other))
        return rising(own) and own[-1] >= by * own[0] and 1 / 1.1 <= unmoved[-1] / unmoved[0] <= 1.1

    return holds


CLAIMS = (
    Claim(
        id="1",
        statement="The loss waits on a plateau near ln 2, then falls abruptly and ends near 0.",
        source="figure 3a",
        quantity=(
            "share of the learning time that the slowest tenth of the fall takes, the level where it does, and the "
            "final train loss"
        ),
        criterion="share at least 0.25, level within a tenth of ln 2, final loss below 0.05",
        reason=(
            "an exponential fall from ln 2 has share 0.115 and a straight line 0.167; ln 2 is guessing between the "
            "labels in context"
        ),
        holds=waits_then_falls,
        measure=plateau_then_fall,
        results=("3a",),
        published=in_the_paper(plateau_then_fall),
    ),
    Claim(
        id="2",
        statement="The network generalises to label pairs it never saw together and to classes it never saw.",
        source="figure 3a",
        quantity="final loss on held-out label pairs and on unseen classes",
        criterion="both below 0.4 ln 2 = 0.277",
        reason="the same bar by which the paper calls the training set learnt",
        holds=lambda n: n["held-out label pairs"] < LEARNT and n["unseen classes"] < LEARNT,
        measure=final_losses,
        results=("3a",),
        published=in_the_paper(final_losses),
    ),
    Claim(
        id="3",
        statement="Several heads become induction heads together, while the loss falls.",
        source="figure 3b",
        quantity="heads that end with a strength of 0.2 or more, and when each first has half of its greatest strength",
        criterion="at least three, all of them between train losses of 0.9 ln 2 and 0.1 ln 2",
        reason=(
            "three is several; the window is the fall itself, nine tenths of it; in the paper all eight heads rise "
            "inside it"
        ),
        holds=lambda n: n["induction heads"] >= 3 and n["risen in the window"] == n["induction heads"],
        measure=rise_together,
        results=("3b",),
        published=in_the_paper(rise_together),
    ),
    Claim(
        id="4",
        statement="At the end the heads are spread out: some are strong induction heads, some hardly any.",
        source="figure 3b",
        quantity="induction strengths at the end",
        criterion="the strongest is at least twice the weakest, and at least 0.3 above it",
        reason="well within what each of the paper's five seeds has",
        holds=lambda n: n["strongest"] >= 2 * n["weakest"] and n["strongest"] - n["weakest"] >= 0.3,
        measure=spread,
        results=("3b",),
        published=in_the_paper(spread),
    ),
    Claim(
        id="5",
        statement="At the end Layer 1 works through Layer 2 alone: its direct path to the output is not needed.",
        source="section 3",
        quantity="accuracy lost when Layer 1's outputs are taken from the final stream, patterns and values preserved",
        criterion="less than 0.005",
        reason="one answer in 200; the worst of the paper's five seeds loses half of it",
        holds=lambda n: n["accuracy lost"] < 0.005,
        measure=direct_path,
        results=("3a",),
        published=in_the_paper(direct_path),
    ),
    Claim(
        id="6",
        statement="The heads are redundant: none is necessary.",
        source="figure 4a",
        quantity="accuracy with one Layer 2 head ablated, the lowest of eight",
        criterion="at least 0.95",
        reason="a head is not necessary if without it at most one answer in twenty is lost",
        holds=lambda n: n["lowest accuracy with one head ablated"] >= 0.95,
        measure=without_one,
        results=("4a",),
        published=in_the_paper(without_one),
    ),
    Claim(
        id="7",
        statement="How well a head does alone follows its induction strength.",
        source="figure 4a",
        quantity="rank correlation over the eight heads of induction strength and accuracy of the head alone",
        criterion="at least 0.9",
        reason="one pair of neighbours may be swapped with room to spare; each of the paper's five seeds reaches it",
        holds=lambda n: n["rank correlation"] >= 0.9,
        measure=one_alone,
        results=("4a",),
        published=in_the_paper(one_alone),
    ),
    Claim(
        id="8",
        statement="Every head can learn the task alone.",
        source="figure 4b",
        quantity="heads whose run with no other Layer 2 head reaches a train loss of 0.4 ln 2 within 1e6 sequences",
        criterion="8 of 8",
        reason="every means every",
        holds=lambda n: n["heads that learn"] == len(LAYER_2),
        measure=each_alone,
        results=("4b",),
        published=in_the_paper(each_alone),
        until_learnt=True,
    ),
    Claim(
        id="9",
        statement="All heads together learn faster than any head alone.",
        source="figure 4b",
        quantity="sequences until the train loss is below 0.4 ln 2",
        criterion="fewer with all heads than with the fastest single head",
        reason="the statement itself",
        holds=lambda n: n["all heads"] < n["fastest head alone"],
        measure=together,
        results=("4b",),
        published=in_the_paper(together),
        until_learnt=True,
    ),
    Claim(
        id="10",
        statement="The more of the circuit is clamped, the earlier the rest is learnt.",
        source="figure 5b",
        quantity="sequences until the train loss is below 0.4 ln 2, by the steps that are clamped",
        criterion=(
            "each of match (1, 2, 3qk, 4), copy (3v, 5) and Layer 1 with copy earlier than steps 1, 2; that earlier "
            "than step 1; that earlier than none"
        ),
        reason="the order of the published curves; the three fastest are too close to each other to be ordered",
        holds=ordered,
        measure=order_of_clamps,
        results=("5b",),
        published=in_the_paper(order_of_clamps),
        until_learnt=True,
    ),
    Claim(
        id="11",
        statement="With one subcircuit left to learn there is no plateau, with several there is.",
        source="figure 5b",
        quantity=(
            "the slowest tenth of the fall: how many sequences it takes, what share of the learning time, and its "
            "level (nats)"
        ),
        criterion=(
            "with none, step 1 or copy clamped its level is within a tenth of ln 2, and it is longer than in any run "
            "with one subcircuit left; its share is below 0.25 with one left and at least 0.25 with none clamped"
        ),
        reason=(
            "an exponential fall has at most 0.115, a straight line 0.167; ln 2 is guessing between the labels in "
            "context; with steps 1, 2 clamped the paper's own run waits near ln 5, which is guessing among all labels, "
            "another plateau"
        ),
        holds=plateau_where_several_are_left,
        measure=plateaus,
        results=("5b",),
        published=in_the_paper(plateaus),
        until_learnt=True,
    ),
    Claim(
        id="12",
        statement="More classes and more labels each delay the change.",
        source="figure 6",
        quantity="sequences until the train loss is below 0.4 ln 2, no subcircuit clamped",
        criterion="rising from 50 to 100 to 200 classes, and from 5 to 10 to 15 labels",
        reason="the statement itself",
        holds=later_with_more,
        measure=data_times("A, B and C"),
        results=("6",),
        published=in_the_paper(data_times("A, B and C")),
        until_learnt=True,
    ),
    Claim(
        id="13",
        statement="More classes slow the match (subcircuit B) and not the copy (C).",
        source="figure 6",
        quantity="sequences until the train loss is below 0.4 ln 2, with only B or only C left to learn",
        criterion=(
            "B: rising from 50 to 100 to 200 classes, at least 1.1 times as long with 200 as with 50; C: 200 classes "
            "within a tenth of 50"
        ),
        reason="the bar lies between the paper's two ratios",
        holds=slows("B", CLASSES, 1.1),
        measure=data_times("B", "C"),
        results=("6",),
        published=in_the_paper(data_times("B", "C")),
        until_learnt=True,
    ),
    Claim(
        id="14",
        statement="More labels slow the copy (subcircuit C) and not the match (B).",
        source="figure 6",
        quantity="sequences until the train loss is below 0.4 ln 2, with only B or only C left to learn",
        criterion=(
            "C: rising from 5 to 10 to 15 labels, at least 1.5 times as long with 15 as with 5; B: 15 labels within a "
            "tenth of 5"
        ),
        reason="the bar lies between the paper's two ratios",
        holds=slows("C", LABELS, 1.5),
        measure=data_times("B", "C"),
        results=("6",),
        published=in_the_paper(data_times("B", "C")),
        until_learnt=True,
    ),
)
