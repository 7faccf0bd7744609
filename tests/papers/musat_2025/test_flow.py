"""The reduced dynamics: values by hand, the gradient by differences, and what the solution must do."""

import numpy as np
import pytest

from induction_heads.papers.musat_2025 import flow


def test_from_zero_attention_is_uniform_over_the_tokens_before():
    assert flow.previous(0.0, 3) == pytest.approx(1 / 5)
    assert flow.attention(0.0, 0.0, 3) == pytest.approx(1 / 6)
    assert flow.loss(0.0, 0.0, 0.0, 3) == 0.5


def test_a_perfect_head_has_no_loss():
    assert flow.loss(50.0, 50.0, 1.0, 3) == pytest.approx(0)


def test_at_zero_only_copying_is_pulled():
    assert flow.gradient(np.zeros(3), 3).tolist() == [0, 0, pytest.approx(-1 / 6)]


def test_the_gradient_is_that_of_the_loss():
    theta, small = np.array([0.3, -0.4, 0.7]), 1e-6
    differences = [(flow.loss(*(theta + d), 5) - flow.loss(*(theta - d), 5)) / (2 * small) for d in small * np.eye(3)]
    assert flow.gradient(theta, 5) == pytest.approx(differences, rel=1e-6)


def test_the_flow_begins_at_zero_and_ends_with_a_head():
    found = flow.flow(4)
    assert (found.alpha[0], found.beta[0], found.gamma[0], found.loss[0]) == (0, 0, 0, 0.5)
    assert found.attention[-1] > 0.8 and found.loss[-1] < 0.05 and (np.diff(found.loss) < 1e-6).all()


def test_a_context_of_one_pair_is_refused():
    with pytest.raises(ValueError, match="2 pairs or more, got 1"):
        flow.flow(1)


def test_a_square_law_has_slope_two():
    assert flow.slope([2, 4, 8], [12.0, 48.0, 192.0]) == pytest.approx(2)
