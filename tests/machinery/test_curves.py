"""Where a curve reaches a level, by hand."""

import math

import numpy as np
import pytest

from induction_heads.machinery import curves


def test_a_level_is_reached_between_two_times():
    time, values = np.array([0.0, 2.0, 4.0]), np.array([0.0, 0.4, 0.8])
    assert curves.first_at(time, values, 0.5) == pytest.approx(2.5)
    assert curves.first_at(time, values, 0.9) == math.inf
