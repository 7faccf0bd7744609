"""The toy model: errors beside the products they are of, gradients by differences, and what the claims count."""

import numpy as np
import pytest

from induction_heads.papers.singh_2025 import claims, toy
from induction_heads.papers.singh_2025.toy import Condition, Course


def product(factors, start, names):
    return np.einsum("i,j,k->ijk", *(factors[name][start] for name in names))


def test_the_error_is_half_the_mean_square_of_the_products_difference():
    true, learnt = toy.start(2)
    for names in ("abc", "dbc"):
        value, _ = toy.error(learnt, true, names)
        for start in range(2):
            whole = (product(true, start, names) - product(learnt, start, names)) ** 2
            assert value[start] == pytest.approx(whole.mean() / 2)


def test_gradients_are_those_of_the_loss():
    true, learnt = toy.start(1)
    condition = Condition(0.1, 0.3, 1)
    *_, gradients = toy.loss_and_gradient(learnt, true, condition)
    for factor in toy.FACTORS:
        moved = []
        for sign in (1, -1):
            near = {f: v.copy() for f, v in learnt.items()}
            near[factor][0, 3] += sign * 1e-5
            moved.append(toy.loss_and_gradient(near, true, condition)[2][0])
        assert gradients[factor][0, 3] == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-4)


def test_a_start_is_the_same_however_many_there_are():
    (few, _), (many, _) = toy.start(1), toy.start(3)
    assert all((few[f][0] == many[f][0]).all() for f in toy.FACTORS)


def test_descent_is_kept_now_and_then_and_the_loss_falls():
    found = toy.train(Condition(0.1, 0.1, 60), starts=2)
    assert found.steps.tolist() == [0, 20, 40, 60] and (np.diff(found.loss) < 0).all()


def test_a_start_is_told_by_its_lowest_and_last_errors():
    found = Course(np.arange(3.0), np.array([[1.0, 0.005, 0.3]]), np.array([[1.0, 1.0, 1e-4]]), np.zeros((1, 3)))
    assert claims.met_at(found, 0) == {"lowest m1": 0.005, "m1 at the end": 0.3, "m2 at the end": 1e-4}
