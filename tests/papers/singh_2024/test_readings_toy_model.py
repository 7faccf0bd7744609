"""Readings of 03_toy_model say that a prediction failed where the numbers fail it; the waits are measured as told."""

import math

import numpy as np
import pytest

from induction_heads.papers.singh_2024 import toy
from induction_heads.papers.singh_2024.readings import toy_model

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"


def a_wait(left, learnt, done, share) -> toy.Wait:
    return toy.Wait(*(np.atleast_1d(np.array(x, float)) for x in (left, learnt, done, share)))


AS_PREDICTED = {"none": a_wait(200, 260, 300, 0.7), "c": a_wait(40, 70, 90, 0.2), "b_and_c": a_wait(2, 15, 40, 0.1)}


def test_a_loss_that_waits_ten_iterations_and_falls_in_four_waits_longer_than_it_falls():
    loss = np.array([[1.0] * 10 + [0.8, 0.6, 0.3, 0.2, 0.05]])
    found = toy.wait(loss, np.array([1.0]))
    assert (found.left[0], found.learnt[0], found.done[0]) == (10, 12, 14)
    assert found.longer_than_fall.tolist() == [True] and found.share[0] > 0.7


def test_an_exponential_has_no_plateau_by_either_measure():
    found = toy.wait(np.exp(-np.arange(61.0)[None] / 20), np.array([1.0]))
    assert found.longer_than_fall.tolist() == [False]
    assert found.share[0] == pytest.approx(math.log(0.9) / math.log(0.4), rel=0.1)


def test_a_loss_that_never_falls_waits():
    assert toy.wait(np.ones((1, 7)), np.array([1.0])).longer_than_fall.tolist() == [True]


def test_clamps_shorten_the_wait_and_two_end_it():
    found = " ".join(toy_model.reading_5a(AS_PREDICTED))
    assert CAME_TRUE in found and "is there with no clamp." in found and "says the same of all three" in found


@pytest.mark.parametrize(
    "changed",
    [
        {"none": a_wait(30, 70, 90, 0.1)},  # waits less than with c clamped
        {"b_and_c": a_wait(30, 35, 40, 0.6)},  # waits with two clamped
    ],
)
def test_a_wait_in_the_wrong_place_fails(changed):
    assert FAILED in toy_model.reading_5a(AS_PREDICTED | changed)[0]


def test_two_measures_that_disagree_are_told():
    found = " ".join(toy_model.reading_5a(AS_PREDICTED | {"c": a_wait(40, 70, 90, 0.4)}))
    assert "says the same of 2 of them" in found


BEGIN = np.array([0.01, 0.02, 0.1])
EXACT = {1: np.array([0.45, 0.45, 0.4]), 2: np.array([4.39, 3.70, 2.1]), 3: np.array([99.0, 49.5, 9.0])}


def test_descent_lies_on_the_closed_form_and_keeps_its_laws():
    found = toy_model.reading_closed_form(EXACT, EXACT, BEGIN, 0.05)
    assert " ".join(found).count(CAME_TRUE) == 2


def test_descent_off_the_curve_fails():
    off = EXACT | {3: np.array([120.0, 60.0, 9.0])}
    assert FAILED in toy_model.reading_closed_form(off, EXACT, BEGIN, 0.05)[1]


def test_a_wait_that_does_not_double_fails():
    other = EXACT | {3: np.array([70.0, 49.5, 9.0])}
    assert FAILED in toy_model.reading_closed_form(other, other, BEGIN, 0.05)[3]


def many(none, c=(40.0,) * 4, both=(10.0,) * 4) -> dict[str, toy.Wait]:
    rows = {"none": none, "c": c, "b_and_c": both}
    return {name: a_wait(np.array(t) / 2, t, np.array(t) * 1.5, np.full(4, 0.2)) for name, t in rows.items()}


PRODUCT = np.array([0.1, 0.01, -0.1, -0.01])


def test_random_starts_keep_the_order_and_wait_longer_the_smaller_the_product():
    found = " ".join(toy_model.reading_seeds(many((100.0, 300.0, 200.0, 500.0)), PRODUCT))
    assert CAME_TRUE in found and "kept by 100 % of 4 starts" in found


@pytest.mark.parametrize(
    "none",
    [
        (20.0, 300.0, 200.0, 500.0),  # a start that is faster without a clamp
        (300.0, 100.0, 500.0, 200.0),  # larger products wait longer
        (200.0, 500.0, 100.0, 300.0),  # positive products wait longer
    ],
)
def test_starts_that_do_not_keep_it_fail(none):
    assert FAILED in toy_model.reading_seeds(many(none), PRODUCT)[0]


TURNED = {"none": 300.0, "b_and_c": 20.0}


def test_a_progress_measure_moves_on_another_schedule():
    assert CAME_TRUE in toy_model.reading_9(15.0, 200.0, 260.0, TURNED)[0]


@pytest.mark.parametrize("measure, turned", [(20.0, TURNED), (200.0, TURNED | {"none": 30.0})])
def test_a_measure_on_the_schedule_of_the_clamp_fails(measure, turned):
    assert FAILED in toy_model.reading_9(15.0, measure, 260.0, turned)[0]


def test_another_model_than_the_authors_fails():
    assert CAME_TRUE in toy_model.reading_check(1e-14)[0] and FAILED in toy_model.reading_check(1e-3)[0]
