"""Criteria and readings of von Oswald and others say failed where the numbers fail."""

import pytest

from induction_heads.papers.oswald_2022 import claims, network, readings

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
WEIGHTS = {"largest off the diagonal": 0.04, "N (PV)_yy": -1.5, "minus the best rate": -1.515}
TWO = {"trained": 0.95, "two steps of descent": 1.24, "two steps of GD++": 0.93}


@pytest.mark.parametrize(("cosine", "apart", "met"), [(0.998, 0.1, True), (0.99, 0.1, False), (0.998, 0.3, False)])
def test_the_model_is_the_same_by_direction_and_length(cosine, apart, met):
    numbers = {"cosine": cosine, "model difference": apart}
    assert claims.is_the_same_model(numbers) is met
    assert (CAME_TRUE if met else FAILED) in readings.reading_model({0: numbers})[0]


def test_two_per_cent_off_is_another_loss():
    assert claims.is_the_same_loss({"trained": 1.69, "gradient descent": 1.68})
    assert FAILED in readings.reading_loss({0: {"trained": 1.75, "gradient descent": 1.68}})[0]


@pytest.mark.parametrize("changed", [{"largest off the diagonal": 0.2}, {"N (PV)_yy": -1.4}])
def test_weights_that_differ_fail(changed):
    half_way = {0: {"half way": 1.0, "gradient descent": 1.0}}
    assert CAME_TRUE in readings.reading_weights({0: WEIGHTS}, half_way)[0]
    assert FAILED in readings.reading_weights({0: WEIGHTS | changed}, half_way)[0]


@pytest.mark.parametrize("changed", [{"trained": 1.2}, {"trained": 1.03}])
def test_two_layers_that_only_beat_descent_are_not_gd_plus_plus(changed):
    assert CAME_TRUE in readings.reading_two({0: TWO})[0]
    found = readings.reading_two({0: TWO, 1: TWO | changed})
    assert FAILED in found[0] and "1 of 2 seeds" in found[1] and "0.766 and 1.022" in found[1]


def test_errors_that_leave_the_step_elsewhere_fail():
    assert CAME_TRUE in readings.reading_elsewhere({0: {"a": 1.02, "b": 0.97}})[0]
    assert FAILED in readings.reading_elsewhere({0: {"a": 1.02, "b": 1.3}})[0]


def test_half_way_between_a_layer_and_itself_is_itself():
    built = network.construction(network.best_rate())
    for ours, theirs in zip(claims.interpolated(built), built, strict=True):
        assert ours.tolist() == theirs.tolist()
