"""Features: where strokes run in which direction, answers by hand."""

import numpy as np
import pytest

from induction_heads.data import hog


def bar(rows, columns, side=64):
    picture = np.zeros((side, side), dtype=np.uint8)
    picture[rows, columns] = 255
    return picture


def by_cell(picture):
    return hog.features(picture).reshape(8, 8, 8)  # (row, column, orientation)


def test_features_have_norm_29_and_are_rounded():
    features = hog.features(np.stack([bar(slice(10, 20), slice(5, 60)), bar(slice(3, 60), slice(40, 45))]))
    assert features.shape == (2, 512) and features.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features, axis=-1), 29.0, atol=1e-2)
    np.testing.assert_array_equal(features, features.round(4))


def test_a_picture_without_ink_has_features_zero():
    assert not hog.features(np.zeros((105, 105), dtype=np.uint8)).any()


def test_upright_and_level_strokes_differ_in_direction():
    upright, level = by_cell(bar(slice(8, 56), slice(30, 34))), by_cell(bar(slice(30, 34), slice(8, 56)))
    assert upright.sum(axis=(0, 1)).argmax() == 0  # the gradient across an upright stroke points along the rows
    assert level.sum(axis=(0, 1)).argmax() == 4  # and a right angle is four of eight orientations
    np.testing.assert_allclose(upright[..., 0], level[..., 4].T, atol=0.5)


def test_a_stroke_is_felt_where_it_is_and_a_little_in_the_next_cell():
    strength = by_cell(bar(slice(16, 24), slice(19, 21))).sum(axis=-1)
    assert np.unravel_index(strength.argmax(), strength.shape) == (2, 2)
    assert strength[2, 3] == pytest.approx(strength[2, 2] * np.exp(-0.5), rel=0.35)
    assert strength[7, 7] < 0.01 * strength[2, 2]


@pytest.mark.parametrize("side", [64, 105, 29])
def test_shrinking_keeps_every_row_in_exact_shares(side):
    one_row_each = np.eye(side, dtype=np.int64)[None]
    shares = hog.shrunk(one_row_each)[0]
    assert shares.shape == (64, side) and shares.min() >= 0
    np.testing.assert_array_equal(shares.sum(axis=1), side)
    np.testing.assert_array_equal(shares.sum(axis=0), 64)


def test_shrinking_three_rows_by_hand():
    shares = hog.shrunk(np.array([[[7], [11], [13]]]))[0, :, 0]
    np.testing.assert_array_equal(
        shares[[0, 20, 21, 22, 42, 63]], [3 * 7, 3 * 7, 7 + 2 * 11, 3 * 11, 2 * 11 + 13, 3 * 13]
    )


def test_size_does_not_matter():
    small, large = bar(slice(8, 16), slice(8, 56), 64), bar(slice(16, 32), slice(16, 112), 128)
    np.testing.assert_array_equal(hog.features(small), hog.features(large))
