"""What the paper states, and what is measured for it; the last claim is the first paper's, on this one's network."""

import math

import numpy as np
import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.short import Claim, ExactClaim, rows_of
from induction_heads.machinery.store import Trained
from induction_heads.machinery.study import Study

from . import logits
from .runs import AT_LABELS, BLOCKED, CLAMPED, FREE, LOGITS, abrupt, clamp, data, equal

PICKS, NOT_YET, LEARNT = 0.75, 0.2, 0.9  # in-context labels from, accuracy up to, accuracy from
SOON = 400  # steps
ORDER = ("xi", "a", "beta")  # of the three logits


def waiting(history: pd.DataFrame) -> pd.Series:
    """Where the network answers with labels in context, and with none more than with another."""
    return (history.in_context >= PICKS) & (history.context <= NOT_YET)


def first_step(history: pd.DataFrame, there: pd.Series) -> float:
    return float(history.steps[there].iloc[0]) if there.any() else math.inf


def slow_then_abrupt(study: Study, seed: int) -> Measured:
    history = rows_of(study, abrupt, seed)[FREE].history
    waits = history.steps[waiting(history)]
    last = float(waits.iloc[-1]) if len(waits) else math.nan
    return {"picks among labels until": last, "learnt at": first_step(history, history.context >= LEARNT)}


def is_abrupt(n: Numbers) -> bool:
    return n["learnt at"] - n["picks among labels until"] <= SOON


def as_many_labels(study: Study, seed: int) -> Measured:
    found = rows_of(study, equal, seed)
    return {f"accuracy in context, {name}": trained.history.context.iloc[-1] for name, trained in found.items()}


def is_blocked(n: Numbers, setting: str = BLOCKED) -> bool:
    """The criterion is on `BLOCKED`; the other settings stand beside it."""
    return n[f"accuracy in context, {setting}"] <= NOT_YET


def descents(clamped: bool = False) -> dict[str, logits.Descent]:
    """The three logits, by pairs and labels."""
    return {name: logits.descent(*both, clamped) for name, both in LOGITS.items()}


def in_sequence(study: Study, seed: int) -> Measured:
    found, numbers = descents(), {}
    for name, (pairs, labels) in LOGITS.items():
        course = found[name]
        if labels == pairs:
            numbers[f"loss less ln {pairs}, {name}"] = float(np.abs(course.loss - math.log(pairs)).max())
            continue
        for logit in ORDER:
            numbers[f"{logit} reaches 1, {name}"] = logits.first(getattr(course, logit) >= logits.REACHED)
        numbers[f"loss at step 600, {name}"] = course.loss[600]
    return numbers


def are_in_sequence(n: Numbers) -> bool:
    """Of eight pairs, and of four."""
    stuck = [x for name, x in n.items() if name.startswith("loss less")]
    low = [x for name, x in n.items() if name.startswith("loss at")]
    rows = [[n[f"{logit} reaches 1, {name}"] for logit in ORDER] for name in LOGITS if f"a reaches 1, {name}" in n]
    return all(xi < a < beta for xi, a, beta in rows) and max(low) < 0.2 and max(stuck) < 1e-3


def by_data(study: Study, seed: int) -> Measured:
    found = {name: trained.history.iloc[-1] for name, trained in rows_of(study, data, seed).items()}
    return {
        f"{test}, {name}": last[column]
        for name, last in found.items()
        for test, column in (("in context", "context"), ("in weights", "weights"))
    }


def data_decide(n: Numbers) -> bool:
    context = all(n[f"in context, {x}"] >= 0.9 and n[f"in weights, {x}"] <= 0.1 for x in ("(2048, 1)", "(512, 4)"))
    weights = all(n[f"in weights, {x}"] >= 0.9 and n[f"in context, {x}"] <= 0.1 for x in ("(128, 1)", "(512, 0)"))
    return context and weights


def steps_waiting(trained: Trained) -> float:
    """How many steps a run picks among the labels in context; evaluations times their spacing."""
    return float(waiting(trained.history).sum() * trained.run.evaluate_every)


def previous_token_clamped(study: Study, seed: int) -> Measured:
    found = rows_of(study, clamp, seed)
    numbers: dict[str, float] = {}
    for name in (FREE, CLAMPED, AT_LABELS):
        history = found[name].history
        numbers |= {
            f"steps waiting, {name}": steps_waiting(found[name]),
            f"learnt at, {name}": first_step(history, history.context >= LEARNT),
        }
    return numbers


def the_plateau_goes(n: Numbers, setting: str = CLAMPED) -> bool:
    """The criterion is on `CLAMPED`; the other setting stands beside it."""
    free, held = (n[f"steps waiting, {name}"] for name in (FREE, setting))
    return free > 0 and held <= free / 4 and n[f"learnt at, {setting}"] < n[f"learnt at, {FREE}"]


CLAIMS = (
    Claim(
        "1",
        "In-context learning is slow, then abrupt: the network first learns to pick among the labels in context.",
        "figure 1",
        "the last step at which it picks (labels in context at least 0.75, accuracy at most 0.2), and the first with "
        "accuracy 0.9 in context",
        "there is such a step, and accuracy is 0.9 within 400 steps of it",
        "picking gives an accuracy of one in eight",
        is_abrupt,
        slow_then_abrupt,
        rows=abrupt,
    ),
    Claim(
        "2",
        "With as many labels as pairs picking gains nothing, and nothing else is learnt.",
        "figure 1",
        "accuracy in context after 1,200 steps with 8 labels; beside it, in no criterion, two more settings: all "
        "classes new, and no label twice in a context",
        "at most 0.2 with 8 labels",
        "that is half as long again as the transition takes with 32 labels",
        is_blocked,
        as_many_labels,
        rows=equal,
    ),
    ExactClaim(
        "3",
        "Three nested logits, learnt one after the other, make the transition; with as many labels as pairs the start "
        "is a critical point.",
        "figure 4",
        "steps at which the three reach 1, and the loss (nats), with 8 pairs and with 4",
        "32 labels: in the order readout, match, previous token, and a loss below 0.2 at step 600; as many labels as "
        "pairs: the loss stays within 0.001 of their logarithm",
        "the order of nesting; at a critical point nothing moves",
        are_in_sequence,
        in_sequence,
    ),
    Claim(
        "4",
        "Many classes and bursts favour context, few classes and free draws favour weights.",
        "figure 5",
        "accuracies in context and in weights, by (classes, burst)",
        "(2048, 1), (512, 4): in context at least 0.9, in weights at most 0.1; (128, 1), (512, 0): the other way round",
        "the ends of the paper's ranges",
        data_decide,
        by_data,
        rows=data,
    ),
    Claim(
        "clamp",
        "With the previous-token step given from the start the plateau goes.",
        "figure 6",
        "steps at which the network picks among labels in context without finding the right one, and the first with "
        "accuracy 0.9, with and without the clamp; beside it, in no criterion, one more setting: clamped at labels "
        "alone",
        "a quarter as many steps or fewer with the clamp at every token, and learnt earlier",
        "the first paper's account: a plateau is there while several subcircuits wait for each other",
        the_plateau_goes,
        previous_token_clamped,
        rows=clamp,
    ),
)
