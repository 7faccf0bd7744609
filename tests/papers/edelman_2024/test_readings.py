"""Criteria and readings of Edelman and others say failed where the numbers fail."""

import dataclasses
import math
from pathlib import Path

import pandas as pd
import pytest

from induction_heads.machinery.store import Trained
from induction_heads.papers.edelman_2024 import claims, readings
from induction_heads.papers.edelman_2024.runs import CLAMPED, FAST, MIXED, NUMBERS, PURE, TWO, fragile, minimal

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
HISTORY = pd.DataFrame(
    {
        "steps": [0, 25, 50, 75, 100],
        "from_uniform": [0.0, 0.1, 0.2, 0.2, 0.3],
        "from_unigram": [0.1, 0.0, 0.0, 0.1, 0.2],
        "from_bigram": [0.2, 0.2, 0.1, 0.0, 0.0],
        "loss": [0.3, 0.2, 0.18, 0.10, 0.05],
    }
)
CLAMP = {
    f"steps nearest unigram, {TWO}": 200.0,
    f"bigram from, {TWO}": 300.0,
    f"steps nearest unigram, {CLAMPED}": 50.0,
    f"bigram from, {CLAMPED}": 100.0,
}
DELAY = {f"steps to 0.14, {PURE}": 183.0, f"steps to 0.14, {MIXED}": 215.0, "ratio": 0.85}
DELAY |= {f"loss at the end, {PURE}": 0.1, f"loss at the end, {MIXED}": 0.07}


def test_phases_are_the_nearest_strategies_in_their_order():
    assert claims.phases(HISTORY) == ["uniform", "unigram", "bigram"]
    assert claims.steps_near(HISTORY, "unigram") == 25 and claims.order_flip(HISTORY) == 75


def test_a_loss_passes_a_level_between_evaluations():
    assert claims.crossing(HISTORY, 0.14) == pytest.approx(62.5)
    assert claims.crossing(HISTORY, 0.01) == math.inf and claims.crossing(HISTORY, 0.5) == 0


@pytest.mark.parametrize("changed", [{"uniform, unigram, bigram": False}, {"steps near unigram": 25.0}])
def test_a_phase_is_no_crossing(changed):
    numbers = {"uniform, unigram, bigram": True, "steps near unigram": 150.0, "bigram from": 300.0}
    assert CAME_TRUE in readings.reading_phases({0: numbers})[0]
    assert FAILED in readings.reading_phases({0: numbers | changed})[0]


@pytest.mark.parametrize(("before", "after", "induction", "met"), [(0.05, 0.6, 0.9, True), (0.3, 0.6, 0.9, False)])
def test_heads_that_are_there_before_the_flip_do_not_form_at_it(before, after, induction, met):
    numbers = {"previous-token attention before": before, "and after": after, "induction attention after": induction}
    assert claims.form_together(numbers) is met
    assert not claims.form_together(numbers | {"previous-token attention before": math.nan})


@pytest.mark.parametrize("changed", [{f"steps nearest unigram, {CLAMPED}": 75.0}, {f"bigram from, {CLAMPED}": 300.0}])
def test_the_plateau_goes_only_with_the_wait_and_the_time(changed):
    assert CAME_TRUE in readings.reading_clamp({0: CLAMP})[0]
    assert FAILED in readings.reading_clamp({0: CLAMP | changed})[0]


def test_a_delay_below_a_twentieth_is_none():
    assert CAME_TRUE in readings.reading_delay(DELAY)[0]
    assert FAILED in readings.reading_delay(DELAY | {"ratio": 0.97})[0]


def test_one_layer_that_beats_the_unigram_strategy_fails():
    two = {"loss": 0.06, "unigram strategy": 0.18, "bigram strategy": 0.04}
    one = {"loss": 0.17, "unigram strategy": 0.18, "bigram strategy": 0.04}
    assert CAME_TRUE in readings.reading_losses({0: two}, {0: one})[0]
    assert FAILED in readings.reading_losses({0: two}, {0: one | {"loss": 0.15}})[0]


def test_a_head_that_looks_back_too_early_fails():
    assert CAME_TRUE in readings.reading_lags({0: 0.02, 175: 0.05, 700: 0.6})[0]
    assert FAILED in readings.reading_lags({0: 0.02, 175: 0.3, 700: 0.6})[0]


def test_whether_a_lower_loss_with_forgetful_chains_is_met_is_told():
    assert "here too" in readings.reading_delay(DELAY)[1]
    assert "here not" in readings.reading_delay(DELAY | {f"loss at the end, {PURE}": 0.05})[1]


@pytest.mark.parametrize(
    ("changed", "came"),
    [({}, CAME_TRUE), ({"v_1": -1.0}, FAILED), ({"diagonal": 0.0}, FAILED), ({"from_unigram": 1.0}, FAILED)],
)
def test_the_minimal_model_has_phases_and_looks_one_back(changed, came):
    ends = {"diagonal": 0.15, "off_diagonal": 0.01, "v_0": -0.8, "v_1": 3.0, "v_2": -0.4}
    (run,) = minimal("paper", 0).values()
    trained = Trained(run, Path(), HISTORY.assign(**(ends | changed)), None, 0.0)
    assert came in readings.reading_minimal([trained])[0]


@pytest.mark.parametrize(("name", "came"), [("", CAME_TRUE), (NUMBERS, FAILED)])
def test_a_plateau_that_stays_with_a_number_a_lag_fails(name, came):
    long = pd.concat([HISTORY.iloc[1:2]] * 8 + [HISTORY], ignore_index=True).assign(previous=0.6)
    short = HISTORY.assign(previous=0.3)
    runs = {
        each: Trained(
            dataclasses.replace(run, evaluate_every=25), Path(), long if each in (TWO, name) else short, None, 0.0
        )
        for each, run in fragile("paper", 0).items()
    }
    assert FAST in runs and came in readings.reading_fragile(runs)[0]
