"""Criteria and readings of Singh and others 2023 and 2025 say failed where the numbers fail."""

import pytest

from induction_heads.machinery.ledger import Verdict
from induction_heads.papers.singh_2025 import claims, readings

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
GONE = {"lowest m1": 0.002, "m1 at the end": 0.28, "m2 at the end": 1e-9}
WAITS = {"lowest m1": 0.4, "m1 at the end": 0.41, "m2 at the end": 0.2}
KEPT = {"lowest m1": 1e-6, "m1 at the end": 1e-6, "m2 at the end": 0.2}
ENDS = {"training": 1.0, "constrained": 1.0, "flip": 0.0, "context": 0.49}


def verdicts(*numbers):
    """Of the toy's three claims; eight more starts meet them."""
    met = (GONE, KEPT, KEPT)
    return [
        Verdict(claim, {start: n for start, n in enumerate([one] + [good] * 8)})
        for claim, one, good in zip(claims.CLAIMS[:3], numbers, met, strict=True)
    ]


@pytest.mark.parametrize("numbers", [(WAITS, KEPT, KEPT), (GONE, WAITS, KEPT), (GONE, KEPT, WAITS)])
def test_each_condition_has_to_be_met_by_nine_starts_of_ten(numbers):
    assert CAME_TRUE in readings.reading_starts(*verdicts(GONE, KEPT, KEPT))[0]
    found = readings.reading_starts(*verdicts(*numbers))
    assert FAILED in found[0] and "8 of 9 starts" in found[0]


def test_starts_that_wait_are_told():
    assert "gets down to 0.4." in readings.reading_starts(*verdicts(WAITS, KEPT, KEPT))[1]


@pytest.mark.parametrize("changed", [{"lowest m1": 0.02}, {"m1 at the end": 0.05}, {"m2 at the end": 0.1}])
def test_transient_is_come_gone_and_replaced(changed):
    assert claims.is_transient(GONE) and not claims.is_transient(GONE | changed)


def test_the_toys_starts_are_the_same_whichever_seeds_are_asked_for():
    assert list(claims.CLAIMS[0].seeds((5,))) == list(range(12))


@pytest.mark.parametrize("changed", [{"training": 0.9}, {"constrained": 0.9}, {"flip": 0.1}, {"context": 0.7}])
def test_weights_constrained_to_context_are_told_by_all_four_sets(changed):
    assert claims.is_constrained(ENDS) and not claims.is_constrained(ENDS | changed)
