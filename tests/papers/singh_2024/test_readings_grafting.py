"""The readings of figure 7 say whether a graft took a plateau away, and whether the own Layer 1 was faster."""

import math

import pandas as pd

from induction_heads.papers.singh_2024.readings.grafting import reading_7, reading_7_start

OWN = "Layer 1 of seed 5"


def table(**rows: tuple[float, float, float]) -> pd.DataFrame:
    """learnt after, its share, its level; rows by their seed, `none` without a graft."""
    names = {row: "no clamp" if row == "none" else f"Layer 1 of seed {row[1:]}" for row in rows}
    columns = ["learnt after", "its share", "its level"]
    return pd.DataFrame.from_dict({names[row]: rows[row] for row in rows}, orient="index", columns=columns).astype(
        float
    )


PAPER = table(none=(270_000, 0.35, 0.7), s5=(28_000, 0.14, 0.3), s6=(240_000, 0.08, 1.4), s7=(210_000, 0.07, 1.1))


def test_the_papers_numbers_fulfil_both_predictions():
    text = " ".join(reading_7(PAPER, PAPER, OWN))
    assert text.count("came true") == 2 and "failed" not in text
    assert "the plateau that the grafts take away" in text and "7.5 times as long" in text
    assert "Every graft is learnt from faster" in text


def test_a_graft_with_a_plateau_fails_the_prediction():
    ours = table(none=(270_000, 0.35, 0.7), s5=(28_000, 0.14, 0.3), s6=(240_000, 0.26, 0.7), s7=(210_000, 0.07, 1.1))
    assert "The prediction failed" in reading_7(ours, PAPER, OWN)[0]


def test_without_a_plateau_to_take_away_the_contrast_is_called_not_seen():
    ours = table(none=(240_000, 0.18, 0.7), s5=(28_000, 0.14, 0.3), s6=(240_001, 0.08, 1.4), s7=(210_000, 0.07, 1.1))
    text = " ".join(reading_7(ours, PAPER, OWN))
    assert "the paper's contrast is not seen here" in text
    assert "Layer 1 of seed 6 (240,001) takes longer than no graft at all (240,000)" in text


def test_an_own_layer_1_that_is_not_twice_as_fast_or_never_learnt_fails():
    for time in (150_000, math.nan):
        ours = table(none=(270_000, 0.35, 0.7), s5=(time, 0.14, 0.3), s6=(240_000, 0.08, 1.4), s7=(210_000, 0.07, 1.1))
        assert "The prediction failed" in reading_7(ours, PAPER, OWN)[2]


def test_a_start_near_ln_2_is_told_and_a_strangers_good_start_fails():
    good = {"no clamp": 2.0, OWN: 0.72, "Layer 1 of seed 6": 1.9, "Layer 1 of seed 7": 1.8}
    text = " ".join(reading_7_start(good, OWN, labels=5))
    assert "came true" in text and "within a tenth of ln 2" in text
    assert "failed" in reading_7_start(good | {"Layer 1 of seed 7": 0.9}, OWN, labels=5)[0]
    assert "failed" in reading_7_start(good | {OWN: 1.7}, OWN, labels=5)[0]
