"""Three nested logits: values by hand, the gradient by differences, and the critical point."""

import math

import numpy as np
import pytest

from induction_heads.papers.reddy_2023 import logits


def test_from_zero_all_labels_are_alike():
    loss, gradient = logits.loss_and_gradient(0.0, 0.0, 0.0, 8, 32)
    assert loss == pytest.approx(math.log(32))
    assert gradient.tolist() == [pytest.approx(1 / 32 - 1 / 8), 0, 0]


def test_with_as_many_labels_as_pairs_nothing_moves():
    found = logits.descent(4, 4, steps=50)
    assert found.loss == pytest.approx(math.log(4), abs=1e-12) and np.abs(found.xi).max() < 1e-12


@pytest.mark.parametrize("clamped", [False, True])
def test_the_gradient_is_that_of_the_loss(clamped):
    theta, small = np.array([1.3, 0.7, -0.4]), 1e-6

    def loss(moved):
        return logits.loss_and_gradient(*moved, 5, 11, clamped)[0]

    _, gradient = logits.loss_and_gradient(*theta, 5, 11, clamped)
    differences = [(loss(theta + d) - loss(theta - d)) / (2 * small) for d in small * np.eye(3)]
    expected = [*differences[:2], 0.0 if clamped else differences[2]]
    assert gradient[:2] == pytest.approx(expected[:2], rel=1e-5)
    assert clamped or gradient[2] == pytest.approx(expected[2], rel=1e-5)


def test_beside_the_saddle_descent_creeps_off():
    assert logits.descent(4, 4, steps=300, start=0.01).loss[-1] < math.log(4) - 1e-5


def test_counting_two_labels_tells_something_where_one_is_shown_twice():
    """Of two pairs the other's label is the target's half of the time, and then it is certain."""
    assert logits.counting_is_worth(2) == pytest.approx(math.log(2) / 2)


def test_labels_attend_alike_to_all_before_them():
    assert logits.previous(0.0, 3) == pytest.approx([1 / 2, 1 / 4, 1 / 6])


def test_all_three_large_leave_no_loss():
    assert logits.loss_and_gradient(40.0, 40.0, 40.0, 4, 9)[0] == pytest.approx(0, abs=1e-6)


def test_fewer_labels_than_pairs_are_refused():
    with pytest.raises(ValueError, match="at least as many labels, got 8 and 7"):
        logits.descent(8, 7)


def test_what_never_happens_is_never_first():
    assert logits.first(np.array([False, True, True])) == 1 and logits.first(np.zeros(3, bool)) == math.inf
