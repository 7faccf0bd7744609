"""Criteria and readings of Kawata and others say failed where the numbers fail."""

import numpy as np
import pandas as pd
import pytest

from induction_heads.papers.kawata_2025 import claims, readings
from induction_heads.papers.kawata_2025.network import WIDTH, Weights
from induction_heads.papers.kawata_2025.task import POSITIONS, VOCABULARY

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
FEW = {"moved (3, 4)": 0.3, "moved (3, 12)": 0.99, "as in training, lower of both": 1.0}
MORE = {"moved (3, 8), 4 triggers": 0.88, "moved (3, 8), 8 triggers": 0.4}


@pytest.mark.parametrize(
    "changed", [{"moved (3, 4)": 0.5}, {"moved (3, 12)": 0.9}, {"as in training, lower of both": 0.9}]
)
def test_a_transition_needs_both_ends_and_a_learnt_task(changed):
    far = {"moved (8, 9)": 0.1}
    assert CAME_TRUE in readings.reading_maps({0: FEW}, {0: far}, {0: MORE})[0]
    assert FAILED in readings.reading_maps({0: FEW | changed}, {0: far}, {0: MORE})[0]


def test_more_triggers_have_to_cost_a_fifth():
    assert claims.are_harder(MORE) and not claims.are_harder(MORE | {"moved (3, 8), 8 triggers": 0.7})


def test_errors_at_chance_are_no_shortcuts():
    assert CAME_TRUE in readings.reading_errors({0: {"shortcut (3, 4)": 0.4, "shortcut (3, 12)": 0.08}})[0]
    assert FAILED in readings.reading_errors({0: {"shortcut (3, 4)": 0.1, "shortcut (3, 12)": 0.08}})[0]


def test_accuracy_that_does_not_fall_with_the_ratio_fails():
    index = pd.MultiIndex.from_tuples([(3, 4), (3, 5), (8, 9)])
    cells = pd.DataFrame({"ratio": [0.6, 0.4, 0.5], "moved": [0.2, 0.9, 0.4]}, index=index)
    found = readings.reading_ratio(cells, 4)
    assert CAME_TRUE in found[0] and "0.40 from lowest length 3 (the paper: 0.33);" in found[1]
    assert FAILED in readings.reading_ratio(cells.assign(moved=[0.9, 0.2, 0.4]), 4)[0]


def test_many_lengths_with_eight_triggers_are_told_beside_the_papers():
    index = pd.MultiIndex.from_tuples([(3, 4), (3, 12), (3, 12)])
    cells = pd.DataFrame({"moved": [0.2, 0.55, 0.6], "known": [1.0, 0.9, 0.94]}, index=index)
    (found,) = readings.reading_eight(cells)
    assert "3 to 12 give 0.55, 0.60 (by seed; the paper: 0.82), and 0.90, 0.94" in found


def test_position_and_match_are_read_off_the_scores():
    kq = np.zeros((WIDTH, WIDTH))
    kq[4, POSITIONS : POSITIONS + 2] = 3.0
    kq[POSITIONS + VOCABULARY + np.arange(2), POSITIONS + np.arange(2)] = 5.0
    position, match = readings.positional_and_match(Weights(np.zeros((VOCABULARY, WIDTH)), kq), 2)
    assert position == pytest.approx(3 - 3 / POSITIONS) and match == 5
