"""Criteria and readings of Singh and others 2023 and 2025 say failed where the numbers fail."""

import pytest

from induction_heads.papers.singh_2025 import claims, readings

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
BOTH = {"starts": 12, "transient": 11, "largest minimum of m1": 0.002, "smallest m1 at the end": 0.28}
KEPT = {"starts": 12, "kept": 10}
ENDS = {"training": 1.0, "constrained": 1.0, "flip": 0.0, "context": 0.49}


@pytest.mark.parametrize(("both", "floor", "competition"), [(9, 10, 10), (11, 8, 10), (11, 10, 9)])
def test_each_condition_has_to_be_met(both, floor, competition):
    assert CAME_TRUE in readings.reading_starts(BOTH, KEPT, KEPT)[0]
    found = readings.reading_starts(BOTH | {"transient": both}, KEPT | {"kept": floor}, KEPT | {"kept": competition})
    assert FAILED in found[0]


@pytest.mark.parametrize("changed", [{"training": 0.9}, {"constrained": 0.9}, {"flip": 0.1}, {"context": 0.7}])
def test_weights_constrained_to_context_are_told_by_all_four_sets(changed):
    assert claims.is_constrained(ENDS) and not claims.is_constrained(ENDS | changed)
