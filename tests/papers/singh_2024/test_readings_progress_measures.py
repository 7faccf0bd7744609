"""The readings of figure 10 say where a progress measure did not wait longer, and that a small share is no plateau."""

import pandas as pd

from induction_heads.papers.singh_2024.figures.progress_measures import Learning
from induction_heads.papers.singh_2024.readings.progress_measures import reading_10, reading_10_seeds

STEP_1, MATCH = "1", "1, 2, 3qk, 4"


def table(step_1: tuple, match: tuple) -> pd.DataFrame:
    columns = ["learnt after", "slowest tenth", "its share", "its level"]
    return pd.DataFrame.from_dict({STEP_1: step_1, MATCH: match}, orient="index", columns=columns).astype(float)


def learning(step_1=(115_000, 0.33, 0.73), match=(63_000, 0.26, 0.51)) -> Learning:
    """Clamped training as in the paper; the slowest tenth of the progress measures, its share and its level."""
    throughout = table((216_000, 49_000, 0.23, 0.7), (33_000, 2_500, 0.08, 1.5))
    return Learning(throughout, table((350_000, *step_1), (248_000, *match)))


def test_the_papers_numbers_fulfil_both_predictions_and_have_a_plateau_not_at_ln_2():
    text = " ".join(reading_10(learning(), learning()))
    assert text.count("came true") == 2 and "failed" not in text
    assert "has a plateau" in text and "not near ln 2" in text


def test_a_measure_that_waits_no_longer_fails():
    assert "failed" in reading_10(learning(step_1=(70_000, 0.33, 0.73)), learning())[0]  # 1.4 times as long
    assert "failed" in reading_10(learning(match=(63_000, 0.07, 0.5)), learning())[2]  # a smaller share


def test_a_share_like_an_exponentials_is_called_no_plateau():
    assert "has no plateau" in reading_10(learning(match=(23_000, 0.13, 0.4)), learning())[-1]


def test_every_seed_has_to_wait_longer():
    good, bad = learning(), learning(step_1=(48_000, 0.33, 0.73))
    assert "came true:** step 1: all 2 seeds" in reading_10_seeds({5: good, 7: good})[0]
    assert "failed:** step 1: 1 of 2 seeds" in reading_10_seeds({5: good, 7: bad})[0]


def test_the_match_has_to_differ_far_more_than_step_1():
    near = learning(step_1=(490_000, 0.5, 0.7), match=(49_000, 0.26, 0.5))  # 10 and 19.6 times
    assert "came true" in reading_10_seeds({5: learning()})[1]
    assert "failed" in reading_10_seeds({5: learning(), 7: near})[1]


def test_seeds_without_a_plateau_are_counted():
    text = reading_10_seeds({5: learning(), 7: learning(match=(23_000, 0.13, 0.4))})[2]
    assert "1 of 2 seeds (13 % to 26 %" in text
