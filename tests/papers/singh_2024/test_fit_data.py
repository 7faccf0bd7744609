"""The fit of the data's two constants: its measure by hand, and the committed numbers among themselves."""

import numpy as np
import pandas as pd
import pytest

from induction_heads.data import efficientnet
from induction_heads.papers.singh_2024 import fit_data, runs
from induction_heads.papers.singh_2024.fit_data import AS_GOOD, COMPARED_AT, GRID, Point


def test_the_error_is_the_root_mean_square_difference_to_the_published_curve():
    curve = fit_data.published()
    assert curve.shape == (16,) and fit_data.error(curve) == 0
    off = np.zeros(16)
    off[3], off[11] = 0.3, -0.4
    assert fit_data.error(curve + off) == pytest.approx(0.5 / 4)


def test_the_published_curve_is_on_its_plateau_first_and_fallen_last():
    """Read off the file of Figure 3a: 0.7300 after 100,000 sequences, 0.0724 after 400,000."""
    curve = dict(zip(COMPARED_AT.tolist(), fit_data.published(), strict=True))
    assert curve[100_000] == pytest.approx(0.7300) and curve[400_000] == pytest.approx(0.0724)


def test_the_mean_over_seeds_is_read_between_evaluations():
    rising = pd.DataFrame({"sequences": [0, 400_000], "train_loss": [0.0, 16.0]})
    level = pd.DataFrame({"sequences": [0, 13, 400_000], "train_loss": [3.0, 3.0, 3.0]})
    np.testing.assert_allclose(fit_data.train_loss([rising, level]), np.arange(1, 17) / 2 + 1.5)


def test_neighbours_are_averaged():
    raw = np.arange(2 * 3 * 10).reshape(2, 3, 10).astype(np.float16)
    np.testing.assert_array_equal(fit_data.pooled(raw, 5)[1, 2], [50.5, 52.5, 54.5, 56.5, 58.5])
    np.testing.assert_array_equal(fit_data.pooled(raw, 10), raw)


@pytest.mark.parametrize("worse, chosen", [(AS_GOOD / 2, 640), (AS_GOOD * 2, 1280)])
def test_fewer_features_are_taken_where_they_are_as_good(worse, chosen):
    grid = pd.DataFrame(
        [(1280, 0.5, 29.0, 0.03), (1280, 0.25, 29.0, 0.02), (640, 0.0, 22.0, 0.02 + worse)],
        columns=[*Point._fields, "error"],
    )
    assert fit_data.best(grid) == {640: Point(640, 0.0, 22.0), 1280: Point(1280, 0.25, 29.0)}[chosen]


def test_a_choice_changes_the_features_and_nothing_else():
    data = fit_data.dataset(Point(640, 0.25, 22.0))
    assert data.features.shape == (242, 5, 640)
    np.testing.assert_allclose(np.linalg.norm(data.features, axis=-1), 22.0, atol=1e-2)


def test_the_seeds_are_used_nowhere_else():
    assert not set(fit_data.SEEDS) & set(runs.SEEDS)


@pytest.fixture(scope="module")
def committed():
    return fit_data.grid()


def test_the_committed_grid_is_that_of_the_code(committed):
    assert [Point(*row) for row in committed[list(Point._fields)].itertuples(index=False)] == list(GRID)


def test_the_committed_errors_are_those_of_the_committed_curves(committed):
    curves = committed[[str(sequences) for sequences in COMPARED_AT]].to_numpy()
    np.testing.assert_allclose([fit_data.error(curve) for curve in curves], committed["error"], atol=2e-4)


def test_the_data_have_the_constants_of_least_error(committed):
    assert fit_data.best(committed) == Point(efficientnet.FEATURES, efficientnet.MEAN_ADDED, efficientnet.NORM)


def test_the_committed_seeds_are_those_of_the_fit():
    assert tuple(fit_data.fitted_seeds()["seed"]) == fit_data.SEEDS
