"""Criteria and readings of Singh and others 2023 and 2025 say failed where the numbers fail."""

import pytest

from induction_heads.machinery.ledger import Verdict
from induction_heads.papers.singh_2025 import claims, readings
from induction_heads.papers.singh_2025.runs import EQUAL, FEW

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
GONE = {"lowest m1": 0.002, "m1 at the end": 0.28, "m2 at the end": 1e-9}
WAITS = {"lowest m1": 0.4, "m1 at the end": 0.41, "m2 at the end": 0.2}
KEPT = {"lowest m1": 1e-6, "m1 at the end": 1e-6, "m2 at the end": 0.2}
ENDS = {"training": 1.0, "constrained": 1.0, "flip": 0.0, "context": 0.49}


MANY = {"both": 54, "no floor": 48, "no competition": 51}


def verdicts(*numbers):
    """Of the toy's three claims, three starts of these numbers; nine more meet them."""
    met = (GONE, KEPT, KEPT)
    return [
        Verdict(claim, {start: n for start, n in enumerate([one] * 3 + [good] * 9)})
        for claim, one, good in zip(claims.CLAIMS[:3], numbers, met, strict=True)
    ]


def told(*numbers):
    return readings.reading_starts(*verdicts(*numbers), MANY)


@pytest.mark.parametrize(("numbers", "met"), [((WAITS, KEPT, KEPT), False), ((GONE, KEPT, WAITS), False)])
def test_ten_starts_of_twelve_are_asked_for(numbers, met):
    assert CAME_TRUE in told(GONE, KEPT, KEPT)[0]
    assert FAILED in told(*numbers)[0] and "9 of 12 starts" in told(*numbers)[0]


def test_without_the_floor_nine_are_enough():
    assert CAME_TRUE in told(GONE, WAITS, KEPT)[0]


def test_sixty_starts_are_told_beside_the_share_asked_for():
    assert (
        "54, 48 and 51, shares of 0.90, 0.80 and 0.85; asked for are shares of 0.83, 0.75 and 0.83."
        in told(GONE, KEPT, KEPT)[1]
    )


def test_starts_that_wait_are_told():
    assert "gets down to 0.4, 0.4 and 0.4." in told(WAITS, KEPT, KEPT)[2]


HEADS = {"L1H0": (0.2, 0.2), "L2H3": (0.6, 0.1)}
EVEN = {"L1H0": (0.2, 0.2), "L2H3": (0.3, 0.2)}


@pytest.mark.parametrize(
    ("equal", "few", "came"), [(HEADS, EVEN, CAME_TRUE), (EVEN, EVEN, FAILED), (HEADS, HEADS, FAILED)]
)
def test_a_head_finds_the_label_by_itself_with_as_many_labels_as_classes_alone(equal, few, came):
    found = readings.reading_attention({0: {EQUAL: equal, FEW: few}})[0]
    assert came in found and "L2H3" in found


def test_what_is_outside_its_bounds_is_named():
    assert claims.missed(ENDS | {"context": 0.7, "flip": 0.1}) == ["flip", "context"]


@pytest.mark.parametrize("changed", [{"lowest m1": 0.02}, {"m1 at the end": 0.05}, {"m2 at the end": 0.1}])
def test_transient_is_come_gone_and_replaced(changed):
    assert claims.is_transient(GONE) and not claims.is_transient(GONE | changed)


def test_the_toys_starts_are_the_same_whichever_seeds_are_asked_for():
    assert list(claims.CLAIMS[0].seeds((5,))) == list(range(12))


@pytest.mark.parametrize("changed", [{"training": 0.9}, {"constrained": 0.9}, {"flip": 0.1}, {"context": 0.7}])
def test_weights_constrained_to_context_are_told_by_all_four_sets(changed):
    assert claims.is_constrained(ENDS) and not claims.is_constrained(ENDS | changed)
