"""Readings and criteria of Musat and others say failed where the numbers fail."""

import pytest

from induction_heads.papers.musat_2025 import claims, readings

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
SLOPES = {"gamma": 1.0, "beta": 1.98, "alpha": 1.99, "attention": 2.0}
TIMES = {"gamma": 22.0, "beta": 490.0, "alpha": 880.0, "attention": 1270.0}


def test_the_square_law_holds():
    assert CAME_TRUE in readings.reading_slopes(SLOPES)[0]


@pytest.mark.parametrize("changed", [{"gamma": 1.1}, {"alpha": 1.9}])
def test_another_power_fails(changed):
    assert FAILED in readings.reading_slopes(SLOPES | changed)[0]


def test_another_order_fails():
    assert CAME_TRUE in readings.reading_flow(TIMES, 16)[0]
    assert FAILED in readings.reading_flow(TIMES | {"beta": 900.0}, 16)[0]


@pytest.mark.parametrize(("exponent", "met"), [(1.4, False), (1.8, True), (2.4, False), (float("inf"), False)])
def test_the_networks_exponent_has_to_be_about_two(exponent, met):
    assert claims.about_two({"exponent": exponent}) is met


def test_one_network_outside_is_enough_to_miss():
    shares = {"19 directions, 4 pairs": 0.95, "three, 4 pairs": 0.9, "19 directions, 8 pairs": 0.92}
    assert not claims.nineteen_hold(shares) and claims.nineteen_hold(shares | {"19 directions, 8 pairs": 0.94})
    assert FAILED in readings.reading_shares({0: shares})[0]


def test_a_strongest_block_elsewhere_fails():
    assert CAME_TRUE in readings.reading_blocks(readings.CIRCUIT)[0]
    assert FAILED in readings.reading_blocks(readings.CIRCUIT | {"W3": ("label", "A¹tok")})[0]
