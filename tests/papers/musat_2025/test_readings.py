"""Readings and criteria of Musat and others say failed where the numbers fail."""

from pathlib import Path

import pandas as pd
import pytest

from induction_heads.machinery.store import Trained
from induction_heads.papers.musat_2025 import claims, network, readings

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


@pytest.mark.parametrize(("alpha", "came"), [(0.2, CAME_TRUE), (0.05, FAILED)])
def test_coefficients_come_into_sight_at_a_tenth_in_the_flows_order(alpha, came):
    """At rate 8: gamma at step 5, beta at 10, alpha at 15 or never."""
    history = pd.DataFrame(
        {
            "steps": [0, 5, 10, 15],
            network.GAMMA_3: [0, 0.3, 0.4, 0.5],
            network.BETA_2: [0, 0.05, 0.2, 0.5],
            network.ALPHA_3: [0, 0, 0.04, alpha],
            "three": [0.3, 0.4, 0.5, 0.9],
        }
    )
    trained = Trained(network.Induction(15, 0, 4, 8.0), Path(), history, None, 0.0)
    assert claims.seen_at(trained)["beta"] == 80
    found = readings.reading_order({"4 pairs": [trained]})
    assert came in found[0] and "0.30 with 4 pairs" in found[1]
