"""Readings of 02_diversity say that a prediction failed where the numbers fail it."""

import math

import numpy as np
import pandas as pd
import pytest

from induction_heads.papers.singh_2024.readings import diversity

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
STRENGTH = np.array([0.8, 0.6, 0.4])
PAPER = pd.DataFrame({"x": [0.1, 0.5, 0.9], "y": [0.3, 0.6, 0.98]})


def read_4a(without, alone) -> str:
    return " ".join(diversity.reading_4a(STRENGTH, np.array(without), np.array(alone), PAPER, PAPER))


def test_heads_are_redundant_and_as_good_alone_as_they_are_strong():
    found = read_4a([0.98, 1.0, 1.0], [0.97, 0.7, 0.4])
    assert found.count(CAME_TRUE) == 2 and FAILED not in found
    assert "L2H2 0.40" in found and "The strongest head, L2H0, scores 0.97 (the paper: 0.98) alone" in found


def test_a_head_that_is_missed_is_not_redundant():
    assert FAILED in read_4a([0.90, 1.0, 1.0], [0.97, 0.7, 0.4])


def test_a_weak_head_that_does_best_alone_fails_and_says_by_how_much():
    found = read_4a([0.98, 1.0, 1.0], [0.6, 0.7, 0.97])
    assert FAILED in found and "-1 (the paper: 1)" in found and "No head alone scores less" in found


def test_seeds_that_are_not_redundant_are_named():
    seeds = pd.DataFrame({"first": [0.8, 0.9], "second": [0.7, 0.5], "lowest": [0.99, 0.91]}, index=[5, 8])
    found = " ".join(diversity.reading_4a_seeds(seeds))
    assert "in 1 of 2 seeds" in found and "In seed 8 it falls to 0.91" in found and "0.4 ahead" in found


TIMES = {"head 0": 300.0, "head 1": 500.0, "all heads": 280.0}


def test_every_head_learns_and_none_before_all_together():
    found = " ".join(diversity.reading_4b(TIMES, TIMES))
    assert CAME_TRUE in found and "all 2 heads learn" in found and "7 % more" in found


@pytest.mark.parametrize("change", [{"head 1": math.inf}, {"all heads": 310.0}])
def test_a_head_that_never_learns_or_is_faster_alone_fails(change):
    assert FAILED in diversity.reading_4b(TIMES | change, TIMES)[0]


def test_all_heads_are_about_as_fast_as_the_fastest():
    found = " ".join(diversity.reading_4b_times({"seed 5": TIMES, "seed 6": TIMES | {"all heads": 320.0}}))
    assert CAME_TRUE in found and "come first in 1 of 2 seeds" in found


def test_a_seed_in_which_they_are_much_slower_fails():
    found = diversity.reading_4b_times({"seed 5": TIMES, "seed 7": TIMES | {"all heads": 360.0}})[0]
    assert FAILED in found and "in 1 of 2 seeds" in found and "seed 7 1.200" in found
