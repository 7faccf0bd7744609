"""Criteria and readings of Bietti and others say failed where the numbers fail."""

import math

import pandas as pd
import pytest

from induction_heads.papers.bietti_2023 import claims, measures, readings
from induction_heads.papers.bietti_2023.runs import ABSOLUTE, FIXED, RANDOM, RELATIVE

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
ORDER = {
    f"{what}, {name}": value
    for name in (FIXED, RANDOM)
    for what, value in {"W_O2": 0.98, "W_K2": 0.2, "W_K1": 0.3, "at step": 105.0}.items()
}
FAR = {
    f"{what}, {name}": value
    for name, values in {ABSOLUTE: (0.6, 0.01, 0.9, 0.8), RELATIVE: (0.8, 0.7, 0.8, 0.79)}.items()
    for what, value in zip(("previous-token attention", "far", "accuracy", "far accuracy"), values, strict=True)
}


@pytest.mark.parametrize(
    "changed",
    [{f"W_K1, {FIXED}": 0.6}, {f"W_K2, {RANDOM}": 0.6}, {f"W_O2, {RANDOM}": 0.9, f"at step, {RANDOM}": 300.0}],
)
def test_a_key_memory_that_is_filled_before_the_output_fails(changed):
    assert CAME_TRUE in readings.reading_order({0: ORDER})[0]
    assert FAILED in readings.reading_order({0: ORDER | changed})[0]


def test_fixed_triggers_may_be_told_apart_early():
    assert claims.top_first(ORDER | {f"W_K2, {FIXED}": 1.0})


@pytest.mark.parametrize(
    "changed",
    [
        {f"far, {ABSOLUTE}": 0.1},
        {f"far accuracy, {ABSOLUTE}": 0.85},
        {f"far, {RELATIVE}": 0.5},
        {f"far accuracy, {RELATIVE}": 0.76},
    ],
)
def test_absolute_positions_have_to_fall_and_relative_ones_to_stay(changed):
    assert CAME_TRUE in readings.reading_far({0: FAR}, [0.02])[0]
    assert FAILED in readings.reading_far({0: FAR | changed}, [0.02])[0]


@pytest.mark.parametrize(
    ("recall", "accuracy", "word"), [(0.95, 0.3, CAME_TRUE), (0.8, 0.3, FAILED), (0.95, 0.6, FAILED)]
)
def test_without_keys_the_output_has_to_be_filled_and_the_answers_wrong(recall, accuracy, word):
    assert word in readings.reading_frozen({0: {"W_O2": recall, "accuracy": accuracy}})[0]


def test_one_seed_that_does_not_learn_fails():
    assert CAME_TRUE in readings.reading_learnt({0: {"accuracy": 0.97}, 1: {"accuracy": 0.96}})[0]
    assert FAILED in readings.reading_learnt({0: {"accuracy": 0.97}, 1: {"accuracy": 0.9}})[0]


def test_maps_that_are_there_from_the_start_fail():
    previous, ahead = {0: 0.02, 300: 0.5}, {0: 0.05, 300: 0.9}
    assert CAME_TRUE in readings.reading_maps(previous, ahead)[0]
    assert FAILED in readings.reading_maps(previous, ahead | {0: 0.4})[0]
    assert FAILED in readings.reading_maps(previous | {300: 0.1}, ahead)[0]


def test_late_places_that_are_known_fail():
    assert CAME_TRUE in readings.reading_places({0: (0.95, 0.3)})[0]
    assert FAILED in readings.reading_places({0: (0.95, 0.3), 1: (0.95, 0.6)})[0]


HISTORY = pd.DataFrame({"steps": [0.0, 5, 10], "W_O2": [0.0, 0.96, 1.0], "W_K1": [0.0, 0.2, 0.7]})


def test_the_row_of_a_filled_memory_is_the_first_one():
    assert measures.at_first(HISTORY, "W_O2", 0.95)["W_K1"] == 0.2 and measures.when(HISTORY, "W_O2", 0.95) == 5
    assert measures.at_first(HISTORY, "W_K1", 0.95)["steps"] == 10
    assert measures.when(HISTORY, "W_K1", 0.95) == math.inf
