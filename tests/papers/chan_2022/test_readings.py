"""Criteria and readings of Chan and others 2022 say failed where the numbers fail."""

from types import SimpleNamespace

import pandas as pd
import pytest

from induction_heads.papers.chan_2022 import claims, readings

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
