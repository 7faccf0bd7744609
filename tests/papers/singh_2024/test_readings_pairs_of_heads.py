"""Readings of pairs of heads call a failed prediction failed, and say what came instead."""

import math

import numpy as np
import pandas as pd

from induction_heads.papers.singh_2024.readings.pairs_of_heads import reading_17, reading_17_partners

PAPER = {"all heads": 200.0, "strongest": 240.0, "head 0": 210.0, "head 1": 220.0, "head 2": 250.0}
ALONE = {0: 110.0, 1: 120.0, 2: 140.0, 3: 160.0}


def read(*pairs: float) -> tuple[str, str]:
    keeps_up, second, _ = reading_17(pd.Series(pairs, [1, 2, 3]), ALONE, 100.0, 0, PAPER)
    return keeps_up, second


def test_pairs_that_keep_up_and_help_come_true():
    keeps_up, second = read(90.0, 105.0, 130.0)
    assert "**The prediction came true:** pairs take 0.90 to 1.30 times" in keeps_up
    assert "1.05 to 1.25" in keeps_up  # the paper's 210 / 200 and 250 / 200
    assert "**The prediction came true:** 2 of 3 pairs learn before L2H0 alone (the paper: 2 of 3)" in second


def test_a_slow_pair_fails():
    keeps_up, _ = read(90.0, 105.0, 151.0)
    assert "**The prediction failed:** pairs take 0.90 to 1.51 times" in keeps_up


def test_a_pair_that_never_learns_fails():
    keeps_up, _ = read(90.0, 105.0, math.inf)
    assert "**The prediction failed:** pairs take 0.90 to infinitely many times" in keeps_up


def test_a_second_head_that_does_not_help_fails():
    _, second = read(90.0, 111.0, 130.0)
    assert "**The prediction failed:** 1 of 3 pairs learn before L2H0 alone" in second
    assert "after 111 sequences, L2H0 alone after 110" in second


def test_what_a_second_head_can_win_is_what_all_heads_win():
    *_, to_win = reading_17(pd.Series([90.0], [1]), {0: 125.0}, 100.0, 0, PAPER)
    assert "1.25 times" in to_win and "win 20 % of its time" in to_win
    *_, nothing = reading_17(pd.Series([90.0], [1]), {0: 80.0}, 100.0, 0, PAPER)
    assert "nothing" in nothing


def test_slow_partners_that_make_fast_pairs_fail_the_prediction():
    strength = np.array([0.9, 0.1, 0.2, 0.3])
    first, second, last = reading_17_partners(pd.Series([130.0, 120.0, 110.0], [1, 2, 3]), ALONE, strength)
    assert "**The prediction failed:**" in first and "-1.00 over 3 pairs" in first
    assert "L2H1, makes pair number 3 of 3" in second and "rank correlation -1.00" in second
    assert "not known" in last


def test_fast_partners_that_make_fast_pairs_come_true():
    first, *_ = reading_17_partners(pd.Series([110.0, 120.0, 130.0], [1, 2, 3]), ALONE, np.zeros(4))
    assert "**The prediction came true:**" in first and "+1.00" in first
