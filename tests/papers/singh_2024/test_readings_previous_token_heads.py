"""The readings of figure 8 call each of their predictions failed when it did."""

import math

import numpy as np
import pandas as pd
import pytest

from induction_heads.papers.singh_2024.readings.previous_token_heads import reading_8, reading_8_heads, reading_8_unseen

ROWS = ("no clamp", "strongest previous-token head", "weakest previous-token head", "three heads", "all heads")
NONE, MOST, LEAST, THREE, ALL = range(5)
TIMES = (310_000.0, 216_000.0, 280_000.0, 186_000.0, 562_000.0)  # the paper's


def table(**changes: float) -> pd.DataFrame:
    times = list(TIMES)
    for name, time in changes.items():
        times[globals()[name]] = time
    return pd.DataFrame({"learnt after": times}, index=ROWS)


def told(part: str, **changes: float) -> str:
    """The sentence about one prediction."""
    return next(s for s in reading_8(table(**changes), table()) if s.startswith(f"*{part}.*"))


def test_the_papers_times_fulfil_every_prediction():
    text = " ".join(reading_8(table(), table()))
    assert text.count("came true") == 3 and "failed" not in text and "as in the paper" in text


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("One head", {"LEAST": 311_000.0}),
        ("One head", {"MOST": 180_000.0}),
        ("One head", {"LEAST": math.nan}),
        ("Three heads", {"THREE": 217_000.0}),
        ("All eight", {"ALL": 300_000.0}),
    ],
)
def test_a_time_on_the_other_side_of_its_bar_fails(part, changes):
    assert "The prediction failed" in told(part, **changes)


def test_all_eight_that_never_learn_are_slower_than_none():
    assert "came true:** never against 310,000" in told("All eight", ALL=math.nan)


def test_which_single_head_is_faster_is_told_and_not_judged():
    assert "the other than in the paper" in reading_8(table(MOST=281_000.0), table())[-1]


def test_a_head_near_one_and_one_below_even_attention_is_what_was_predicted():
    assert "came true" in reading_8_heads(np.array([0.92, 0.1, 0.5]), even=0.375)[0]
    assert "failed" in reading_8_heads(np.array([0.8, 0.1, 0.5]), even=0.375)[0]
    assert "failed" in reading_8_heads(np.array([0.92, 0.4, 0.5]), even=0.375)[0]


def ends(gap: float, one: float = 0.13) -> pd.DataFrame:
    train = [0.02, 0.02, 0.02, 0.02, 0.05]
    unseen = [0.12, one, 0.12, 0.12, 0.05 + gap]
    return pd.DataFrame({"train": train, "unseen": unseen}, index=ROWS)


def test_all_heads_hurt_unseen_classes_or_the_mixture_is_not_supported():
    text = " ".join(reading_8_unseen(ends(gap=0.6)))
    assert "failed" not in text and "the mixture itself is not measured" in text
    sentences = reading_8_unseen(ends(gap=0.15))
    assert "The prediction failed" in sentences[0] and "not supported" in sentences[-1]


def test_a_single_head_that_changes_unseen_classes_fails():
    assert "The prediction failed" in reading_8_unseen(ends(gap=0.6, one=0.23))[1]
