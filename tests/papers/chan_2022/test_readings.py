"""Criteria and readings of Chan and others 2022 say failed where the numbers fail."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from induction_heads.machinery.store import Trained
from induction_heads.papers.chan_2022 import claims, readings
from induction_heads.papers.chan_2022.runs import by_classes

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
CLASSES = {"context, 4096": 1.0, "flip, 4096": 1.0, "flip, 128": 0.05, "constrained, 128": 0.99}


@pytest.mark.parametrize(
    "changed", [{"context, 4096": 0.8}, {"flip, 4096": 0.8}, {"flip, 128": 0.3}, {"constrained, 128": 0.8}]
)
def test_both_ends_of_the_sweep_have_to_be_met(changed):
    assert CAME_TRUE in readings.reading_classes({0: CLASSES})[0]
    assert FAILED in readings.reading_classes({0: CLASSES | changed})[0]


@pytest.mark.parametrize(("always", "never", "met"), [(1.0, 0.5, True), (0.85, 0.5, False), (1.0, 0.7, False)])
def test_bursts_are_needed_and_enough(always, never, met):
    numbers = {"context, shown 0": never, "context, shown 1": always}
    assert claims.bursts_favour_context(numbers) is met
    assert (CAME_TRUE if met else FAILED) in readings.reading_bursts({0: numbers})[0]


@pytest.mark.parametrize(("context", "weights", "met"), [(0.9, 0.9, True), (0.9, 0.5, False)])
def test_both_is_both(context, weights, met):
    trained = SimpleNamespace(history=pd.DataFrame({"context": [context], "weights": [weights]}))
    assert (CAME_TRUE if met else FAILED) in readings.reading_zipf({"1": trained})[0]


def test_seeds_that_split_are_told():
    flips = {"128": (0.0, 0.1), "512": (0.1, 0.8), "4096": (0.9, 0.9)}
    run = by_classes("paper", 0)["512"]
    runs = {
        k: [Trained(run, Path(), pd.DataFrame({"flip": [x]}), None, 0.0) for x in each] for k, each in flips.items()
    }
    (found,) = readings.reading_border(runs)
    assert "128 classes: none of 2 seeds; 512 classes: 1 of 2 seeds; 4,096 classes: all 2 seeds." in found
