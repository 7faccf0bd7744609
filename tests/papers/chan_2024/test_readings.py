"""Criteria and readings of Chan and others 2024 say failed where the numbers fail."""

from pathlib import Path

import pandas as pd
import pytest

from induction_heads.machinery.store import Trained
from induction_heads.papers.chan_2024 import claims, readings
from induction_heads.papers.chan_2024.runs import transformers

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
NOISY = {"common, 1024 sequences": 0.2, "common, 16384 sequences": 0.2}


@pytest.mark.parametrize(("common", "rare", "met"), [(0.9, 0.2, True), (0.5, 0.2, False), (0.9, 0.5, False)])
def test_groups_lie_on_either_side_of_a_half(common, rare, met):
    numbers = {"common": common, "rare": rare}
    assert claims.rare_keep_context(numbers) is met
    assert (CAME_TRUE if met else FAILED) in readings.reading_groups({0: numbers}, {0: NOISY})[0]


def test_one_noisy_set_that_goes_to_weights_is_enough_to_miss():
    assert claims.noise_preserves(NOISY) and not claims.noise_preserves(NOISY | {"common, 16384 sequences": 0.5})


@pytest.mark.parametrize("changed", [{"common, early": 0.4}, {"common, at the end": 0.7}])
def test_transience_needs_both_ends(changed):
    numbers = {"common, early": 0.1, "common, at the end": 1.0}
    assert CAME_TRUE in readings.reading_time({0: numbers})[0]
    assert FAILED in readings.reading_time({0: numbers | changed})[0]


def test_weights_that_know_rare_classes_from_few_sequences_fail():
    numbers = {"rare, 64 sequences": 0.7, "rare, 16384 sequences": 0.02}
    assert CAME_TRUE in readings.reading_errors({0: numbers})[0]
    assert FAILED in readings.reading_errors({0: numbers | {"rare, 64 sequences": 0.3}})[0]


@pytest.mark.parametrize(("common", "came"), [(0.9, CAME_TRUE), (0.3, FAILED)])
def test_a_transformer_that_errs_without_moved_labels_is_told(common, came):
    last = pd.DataFrame({"moved_common": [common], "moved_rare": [0.1], "f_rare": [0.85]})
    runs = {name: [Trained(run, Path(), last, None, 0.0)] for name, run in transformers("paper", 0).items()}
    found = readings.reading_transformer(runs)
    assert came in found[0] and "0.85 (64 sequences) and 0.85 (1,024 sequences)" in found[1]
