"""The readings of figure 15 say where the wrong way was not slower, or did not fail."""

import numpy as np
import pandas as pd
import pytest

from induction_heads.papers.singh_2024.readings import match_strength as readings

STRENGTHS = np.array([0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0])
TIMES = [70_000.0, 100_000.0, 200_000.0, 250_000.0, 190_000.0, 90_000.0, 50_000.0]


def learning(share: float = 0.3, level: float = 0.7, **times: float) -> pd.DataFrame:
    table = pd.DataFrame({"learnt after": TIMES, "its share": share, "its level": level}, index=STRENGTHS)
    for strength, time in times.items():
        table.loc[float(strength[1:]) / 10, "learnt after"] = time
    return table


def test_a_mountain_with_a_plateau_at_ln_2_comes_true():
    text = " ".join(readings.reading_15(learning()))
    assert text.count("came true") == 2 and "failed" not in text


@pytest.mark.parametrize("times", [{"s7": 300_000.0}, {"s0": 130_000.0}, {"s10": np.nan}])
def test_a_slowest_strength_elsewhere_or_a_slow_end_fails(times):
    assert "failed" in readings.reading_15(learning(**times))[0]


def test_a_short_plateau_and_one_at_another_level_fail():
    assert "failed" in readings.reading_15(learning(share=0.19))[1]
    assert "failed" in readings.reading_15(learning(level=1.6))[1]


HELD_OUT = np.array([1.5, 3.0, 0.9, 0.2, 0.2, 0.1, 0.01])
UNSEEN = np.full(7, 0.1)


def test_the_wrong_way_fails_on_held_out_pairs_alone():
    text = " ".join(readings.reading_15_summary(STRENGTHS, HELD_OUT, UNSEEN))
    assert text.count("came true") == 2 and "3 of 3 strengths below one half" in text


def test_a_wrong_way_strength_that_is_overruled_fails_the_prediction_and_is_named():
    held_out = HELD_OUT.copy()
    held_out[2] = 0.23
    sentences = readings.reading_15_summary(STRENGTHS, held_out, UNSEEN)
    assert "failed:** 2 of 3 strengths below one half end worse than a guess, up to 0.3" in sentences[0]
    assert sentences[-1].startswith("At 0.4 the clamp points the wrong way")


def test_a_right_way_strength_or_unseen_classes_that_are_not_learnt_fail():
    held_out, unseen = HELD_OUT.copy(), UNSEEN.copy()
    held_out[4], unseen[3] = 0.3, 0.3
    sentences = readings.reading_15_summary(STRENGTHS, held_out, unseen)
    assert "failed" in sentences[0] and "failed" in sentences[1]


def test_answers_out_of_context_have_to_be_the_most_frequent_at_every_wrong_strength():
    absent = np.array([0.6, 0.6, 0.6, 0.0, 0.0, 0.0, 0.0])
    shares = {
        "the right label": 1 - absent,
        "a label not in the context": absent,
        "the other label in the context": 0 * absent,
    }
    assert (
        "came true:** a label that is not in the context is the most frequent answer at 3 of the 3"
        in readings.reading_15_answers(STRENGTHS, shares)[0]
    )
    assert "At none of these strengths" in readings.reading_15_answers(STRENGTHS, shares)[-1]
    absent[0] = absent[2] = 0.1
    shares["the right label"] = 1 - absent
    sentences = readings.reading_15_answers(STRENGTHS, shares)
    assert "failed" in sentences[0]
    assert sentences[-1].startswith("At 0 and 0.4 the most frequent answer is the right label")
