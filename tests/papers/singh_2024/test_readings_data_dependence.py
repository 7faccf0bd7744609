"""Readings of 05_data_dependence say that a prediction failed where the numbers fail it."""

import pandas as pd
import pytest

from induction_heads.papers.singh_2024.readings import data_dependence
from induction_heads.papers.singh_2024.runs import DATA

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
AS_PREDICTED = {  # 50, 100, 200 classes, 5, 10, 15 labels
    "A, B and C": (300.0, 380.0, 420.0, 300.0, 800.0, 1_400.0),
    "B": (30.0, 33.0, 36.0, 30.0, 30.0, 30.0),
    "C": (33.0, 33.0, 34.0, 33.0, 80.0, 120.0),
    "B and C": (80.0, 90.0, 105.0, 80.0, 120.0, 180.0),
}


def times(**changed: tuple[float, ...]) -> pd.Series:
    rows = AS_PREDICTED | {name.replace("_", " "): values for name, values in changed.items()}
    return pd.Series({f"{left}, {data}": t for left, row in rows.items() for data, t in zip(DATA, row, strict=True)})


def test_classes_slow_the_match_labels_the_copy_and_both_the_whole():
    found = " ".join(data_dependence.reading_6(times(), times()))
    assert found.count(CAME_TRUE) == 3 and FAILED not in found
    assert "C takes 3.64 times as long (the paper: 3.64)" in found


@pytest.mark.parametrize(
    "sentence, changed",
    [
        (1, {"B": (30.0, 31.0, 32.0, 30.0, 30.0, 30.0)}),  # classes hardly slow B
        (1, {"C": (33.0, 36.0, 40.0, 33.0, 80.0, 120.0)}),  # classes slow C
        (3, {"B": (30.0, 33.0, 36.0, 30.0, 32.0, 35.0)}),  # labels slow B
    ],
)
def test_a_subcircuit_that_is_slowed_by_the_wrong_thing_or_not_at_all_fails(sentence, changed):
    found = data_dependence.reading_6(times(**changed), times())
    assert FAILED in found[sentence]


def test_a_whole_that_is_not_delayed_fails():
    whole = pd.Series(times())
    whole["A, B and C, 200 classes"] = 310.0
    assert FAILED in data_dependence.reading_6(whole, times())[5]


def test_delays_that_exceed_their_sum_are_passed_on():
    found = " ".join(data_dependence.reading_6_times(times(), times()))
    assert CAME_TRUE in found and "3.6 times the sum" in found and "+25" in found


def test_delays_that_add_up_fail_and_are_called_so():
    found = " ".join(data_dependence.reading_6_times(times(B_and_C=(80.0, 90.0, 105.0, 80.0, 120.0, 167.0)), times()))
    assert FAILED in found and "so the delays add up" in found
