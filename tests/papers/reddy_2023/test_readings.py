"""Criteria and readings of Reddy 2023 say failed where the numbers fail."""

import math
from pathlib import Path

import pandas as pd
import pytest

from induction_heads.machinery.store import Trained
from induction_heads.papers.reddy_2023 import claims, readings
from induction_heads.papers.reddy_2023.network import InContext
from induction_heads.papers.reddy_2023.runs import AT_LABELS, BLOCKED, CLAMPED, FREE, NEW, ONCE

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
CLAMP = {
    f"steps waiting, {FREE}": 400.0,
    f"learnt at, {FREE}": 800.0,
    f"steps waiting, {CLAMPED}": 100.0,
    f"learnt at, {CLAMPED}": 300.0,
    f"steps waiting, {AT_LABELS}": 300.0,
    f"learnt at, {AT_LABELS}": 700.0,
}
BEGIN = [Trained(InContext(2, 0), Path(), pd.DataFrame({"in_context": [0.2, 1.0]}), None, 0.0)]
DATA = {f"in context, {x}": 0.95 for x in ("(2048, 1)", "(512, 4)")} | {
    f"in weights, {x}": 0.0 for x in ("(2048, 1)", "(512, 4)")
}
DATA |= {f"in context, {x}": 0.05 for x in ("(128, 1)", "(512, 0)")} | {
    f"in weights, {x}": 0.95 for x in ("(128, 1)", "(512, 0)")
}
ORDERED = {"xi": 100, "a": 300, "beta": 400}


def test_a_network_waits_while_it_picks_and_does_not_find():
    history = pd.DataFrame(
        {"steps": [0, 25, 50, 75], "in_context": [0.2, 0.8, 0.9, 1.0], "context": [0, 0.1, 0.15, 0.9]}
    )
    assert claims.waiting(history).tolist() == [False, True, True, False]
    assert claims.first_step(history, history.context >= 0.9) == 75
    assert claims.first_step(history, history.context >= 0.95) == math.inf


@pytest.mark.parametrize(
    ("until", "at", "met"), [(500, 850, True), (500, 950, False), (math.nan, 500, False), (500, math.inf, False)]
)
def test_abrupt_is_within_400_steps_of_waiting(until, at, met):
    numbers = {"picks among labels until": until, "learnt at": at}
    assert claims.is_abrupt(numbers) is met
    assert (CAME_TRUE if met else FAILED) in readings.reading_abrupt({0: numbers}, BEGIN)[0]


@pytest.mark.parametrize(
    "changed",
    [
        {f"steps waiting, {CLAMPED}": 125.0},
        {f"learnt at, {CLAMPED}": 800.0},
        {f"steps waiting, {FREE}": 0.0, f"steps waiting, {CLAMPED}": 0.0},  # no plateau to lose
    ],
)
def test_the_plateau_goes_only_with_the_wait_and_the_time(changed):
    assert CAME_TRUE in readings.reading_clamp({0: CLAMP})[0]
    assert FAILED in readings.reading_clamp({0: CLAMP | changed})[0]


def test_settings_beside_the_criterion_are_told_and_do_not_decide():
    numbers = {f"accuracy in context, {name}": x for name, x in ((BLOCKED, 0.1), (NEW, 0.95), (ONCE, 0.12))}
    found = readings.reading_blocked({0: numbers})
    assert CAME_TRUE in found[0] and f"with: {BLOCKED}; {ONCE}." in found[1]
    assert FAILED in readings.reading_blocked({0: numbers | {f"accuracy in context, {BLOCKED}": 0.9}})[0]
    late = CLAMP | {f"learnt at, {AT_LABELS}": 900.0}
    assert CAME_TRUE in readings.reading_clamp({0: late})[0] and "none of 1" in readings.reading_clamp({0: late})[2]


def test_data_decide_at_both_ends():
    assert CAME_TRUE in readings.reading_data({0: DATA})[0]
    assert FAILED in readings.reading_data({0: DATA | {"in weights, (512, 0)": 0.5}})[0]


def test_logits_in_another_order_fail():
    numbers = {f"{logit} reaches 1, {name}": at for name in ("8 of 32", "4 of 32") for logit, at in ORDERED.items()}
    numbers |= {f"loss at step 600, {name}": 0.1 for name in ("8 of 32", "4 of 32")}
    numbers |= {"loss less ln 8, 8 of 8": 1e-9, "loss less ln 4, 4 of 4": 1e-9}
    assert claims.are_in_sequence(numbers) and not claims.are_in_sequence(numbers | {"a reaches 1, 4 of 32": 450})
    assert not claims.are_in_sequence(numbers | {"loss less ln 4, 4 of 4": 0.1})
