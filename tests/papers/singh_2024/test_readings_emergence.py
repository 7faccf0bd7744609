"""Readings of 01_emergence say that a prediction failed where the numbers fail it, and that it came true elsewhere."""

import math

import numpy as np
import pandas as pd
import pytest

from induction_heads.machinery import reading
from induction_heads.networks.sequences import EVALUATION_SETS
from induction_heads.papers.singh_2024.measures import Plateau
from induction_heads.papers.singh_2024.readings import emergence, words

LN_2 = math.log(2)
THEIRS = Plateau(0.35, 0.72, 70_000.0, 165_000.0)
CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"


def said(sentences) -> str:
    return " ".join(sentences)


@pytest.mark.parametrize("share, level, verdict", [(0.31, 0.71, CAME_TRUE), (0.17, 0.71, FAILED), (0.31, 1.58, FAILED)])
def test_a_plateau_is_long_and_lies_near_ln_2(share, level, verdict):
    found = said(emergence.reading_3a(Plateau(share, level, 5e4, 9e4), THEIRS, 240_000.0, 272_600.0))
    assert verdict in found and (FAILED in found) == (verdict == FAILED)
    assert "12 % earlier than in the paper (273,000)" in found


def test_a_run_that_never_learns_is_not_compared_in_per_cent():
    found = said(emergence.reading_3a(Plateau(0.9, LN_2, 5e4, 9e5), THEIRS, math.nan, 272_600.0))
    assert "never in this run" in found


def ending_at(**losses) -> pd.DataFrame:
    ends = {name: 0.01 for name in EVALUATION_SETS} | losses
    return pd.DataFrame({f"{name}_loss": [1.6, loss, np.nan] for name, loss in ends.items()})


@pytest.mark.parametrize("worst, verdict", [(0.2, CAME_TRUE), (0.4, FAILED)])
def test_test_sets_follow_only_if_both_are_learnt(worst, verdict):
    paper = {"train": 0.0, "held_out_label_pairs": 0.026, "unseen_classes": 0.124}
    found = said(emergence.reading_3a_test_sets(ending_at(unseen_classes=worst), paper))
    assert verdict in found and f"unseen classes end at {worst} nats (the paper: 0.124)" in found


def progress(limited, whole) -> pd.DataFrame:
    seen = 10_000 * np.arange(len(whole))
    return pd.DataFrame({"sequences": seen, "train_loss": whole, "in_context_loss": limited})


def test_the_limited_loss_stays_at_ln_2_until_the_two_meet():
    found = said(emergence.reading_3a_in_context(progress([0.70, 0.69, 0.68, 0.2], [1.6, 0.9, 0.70, 0.2])))
    assert CAME_TRUE in found and "after 20,000 sequences" in found and "knows its two candidates" in found


def test_a_limited_loss_that_begins_high_or_falls_before_they_meet_is_told():
    found = said(emergence.reading_3a_in_context(progress([0.92, 0.69, 0.35, 0.2], [1.6, 0.9, 0.36, 0.2])))
    assert FAILED in found and "0.92 nats and not ln 2" in found and "The two overlap" in found


def test_losses_that_never_meet_fail():
    assert FAILED in said(emergence.reading_3a_in_context(progress([0.7, 0.7], [1.6, 0.9])))


def learning(levels, lengths, shares=(0.3, 0.2, 0.2)) -> pd.DataFrame:
    columns = {"learnt after": [1e5, 2e5, np.nan], "slowest tenth": lengths, "its share": shares, "its level": levels}
    return pd.DataFrame(columns, index=[5, 6, 7])


def test_seeds_wait_at_one_height_for_different_times():
    found = said(emergence.reading_3a_seeds(learning([0.7, 0.71, 0.72], [3e4, 5e4, 4e4])))
    assert CAME_TRUE in found and "in 1 of 3 seeds" in found and "1 of 3 seeds never" in found


@pytest.mark.parametrize("levels, lengths", [([0.7, 1.6, 0.7], [3e4, 5e4, 4e4]), ([0.7] * 3, [3e4, 3.1e4, 3e4])])
def test_other_heights_or_equal_lengths_fail(levels, lengths):
    assert FAILED in said(emergence.reading_3a_seeds(learning(levels, lengths)))


END = np.array([0.8, 0.5, 0.4, 0.1])


def rise(halves, gained=(0.1, 0.1, 0.1, 0.002)) -> str:
    return said(emergence.reading_3b(END, END, np.array(halves), (100.0, 200.0), np.array(gained)))


def test_strong_heads_rise_in_the_window_and_weak_ones_stay():
    found = rise([120, 150, 190, 400])
    assert FAILED not in found and found.count(CAME_TRUE) == 2


def test_a_head_that_rises_late_is_named():
    assert FAILED in rise([120, 150, 230, 400]) and "L2H2 after 230" in rise([120, 150, 230, 400])


def test_a_weak_head_that_goes_on_rising_fails_the_second_prediction():
    found = rise([120, 150, 190, 400], (0.1, 0.1, 0.1, 0.05))
    assert FAILED in found and "L2H3 gains +0.05 of its 0.10" in found


def test_two_induction_heads_are_not_several():
    end = np.array([0.8, 0.5, 0.1, 0.1])
    found = emergence.reading_3b(end, end, np.full(4, 150), (100.0, 200.0), np.zeros(4))
    assert FAILED in found[0]


@pytest.mark.parametrize("without, verdict", [(0.998, CAME_TRUE), (0.97, FAILED)])
def test_a_path_that_costs_accuracy_is_needed(without, verdict):
    ours = pd.DataFrame({"whole": [1.0, 0.9995], "without": [0.9995, without]}, index=[5, 6])
    theirs = pd.DataFrame({"whole": [0.99999], "without": [0.99986]}, index=[5])
    found = said(emergence.reading_direct_path(ours, theirs, 2_000))
    assert verdict in found and "0 and 1 (seed 5)" in found


def test_words():
    assert words.percent(0.175) == "18 %" and words.percent(0.0013) == "0.13 %" and words.percent(0.0) == "0 %"
    assert reading.listed(["a", "b", "c"]) == "a, b and c" and reading.listed(["a"]) == "a"
    assert words.beside(0.031, 0.026, "nats") == "0.031 nats (the paper: 0.026)"
    assert words.near(0.75, LN_2) and not words.near(0.77, LN_2)
