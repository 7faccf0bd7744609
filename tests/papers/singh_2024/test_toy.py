"""The vector model of figure 5a: the original's numbers, cases solved by hand, and the closed form of its plateau."""

from pathlib import Path

import numpy as np
import pytest

from induction_heads.papers.singh_2024 import toy

GOLDEN = Path(__file__).parent / "golden" / "toy.npz"


def factors(*vectors):
    return np.array([vectors], float)


def test_it_agrees_with_the_original_implementation():
    assert toy.check(GOLDEN) < toy.TOLERANCE


def test_the_check_notices_a_wrong_number(tmp_path):
    arrays = dict(np.load(GOLDEN))
    arrays["c/loss"][7] += 1e-6
    np.savez(tmp_path / "toy.npz", **arrays)
    assert toy.check(tmp_path / "toy.npz") == pytest.approx(1e-6)


def test_the_first_two_steps_of_numbers_in_one_dimension():
    # a b c = 1 is to become 30; a grows by 0.01 (30 - 1) 1, the others too
    begin = toy.Start(factors([2], [3], [5]), factors([1], [1], [1]))
    history = toy.train(begin, learning_rate=0.01, iterations=2)
    np.testing.assert_allclose(history.loss, [[29**2 / 2, (30 - 1.29**3) ** 2 / 2]])
    np.testing.assert_allclose(history.loss_with_b_c_true[0, 0], (2 - 1) ** 2 * 15**2 / 2)
    np.testing.assert_allclose(history.one_minus_cos2_a, 0)


def test_factors_across_the_true_ones_leave_both_products_as_error():
    history = toy.train(toy.Start(factors(*[[1, 0]] * 3), factors(*[[0, 1]] * 3)), learning_rate=1.0, iterations=1)
    assert history == (pytest.approx(0.5 * 2 / 8), pytest.approx(1), pytest.approx(0.5 * 2 / 8))


def test_the_loss_is_that_of_the_tensors():
    begin = toy.start(5, [3])
    true, made = (np.einsum("i,j,k->ijk", *vectors[0]) for vectors in begin)
    loss = toy.train(begin, learning_rate=1.0, iterations=1).loss
    np.testing.assert_allclose(loss, 0.5 * np.mean((true - made) ** 2))


def test_with_b_and_c_clamped_the_loss_shrinks_by_the_same_factor_at_every_step():
    true = factors([2, 0], [0, 1], [1, 0])  # the gradient for a is |b|²|c|² / 8 = 1/8 of what is missing
    loss = toy.train(
        toy.Start(true, factors([0, 0.5], [3, 3], [3, 3])), ("b", "c"), learning_rate=4.0, iterations=5
    ).loss[0]
    np.testing.assert_allclose(loss[1:] / loss[:-1], (1 - 4 / 8) ** 2)


def test_a_seed_does_not_depend_on_its_neighbours():
    together = toy.train(toy.start(7, [4, 5, 6]), learning_rate=1.0, iterations=11)
    alone = toy.train(toy.start(7, [5]), learning_rate=1.0, iterations=11)
    np.testing.assert_array_equal(together.loss[1], alone.loss[0])


def test_one_free_factor_is_exponential():
    time = np.linspace(0, 9, 50)
    np.testing.assert_allclose(toy.closed_form(time, 0.25, 1), (0.75 * np.exp(-time)) ** 2, atol=1e-7)


def test_two_free_factors_are_a_sigmoid():
    time = np.linspace(0, 9, 50)
    missing = 0.99 / (0.99 + 0.01 * np.exp(2 * time))  # 1 - s, from s = 0.1²
    np.testing.assert_allclose(toy.closed_form(time, 0.1, 2), missing**2, atol=1e-7)


@pytest.mark.parametrize("free", [1, 2, 3])
def test_the_time_needed_is_the_inverse_of_the_speed(free):
    time = toy.time_to_reach(np.array([0.3 - 1e-5, 0.3 + 1e-5]), 0.01, free)
    speed = 2e-5 / (time[1] - time[0])
    assert speed == pytest.approx(0.3 ** (free - 1) * (1 - 0.3**free), rel=1e-6)


def test_the_plateau_grows_as_a_logarithm_with_two_free_factors_and_as_the_inverse_with_three():
    wait = [[toy.time_to_reach(0.7, u, free) for u in (0.002, 0.001)] for free in (1, 2, 3)]
    assert np.diff(wait).ravel() == pytest.approx([0.001, np.log(2), 500], rel=2e-3)


@pytest.mark.parametrize("clamped", toy.CONDITIONS.values(), ids=toy.CONDITIONS)
def test_gradient_descent_in_small_steps_follows_the_closed_form(clamped):
    history = toy.train(toy.aligned(3, [0.1]), clamped, learning_rate=0.03, iterations=2_000)  # rate 0.01
    expected = toy.closed_form(0.01 * np.arange(2_000), 0.1, 3 - len(clamped))
    np.testing.assert_allclose(history.loss[0] / 0.5, expected, atol=0.02)


def test_a_product_of_three_is_fastest_where_four_sevenths_are_done():
    s = np.linspace(0, 1, 7_001)  # d/ds of s^(4/3) (1 - s) = 0 at s = 4/7; for s (1 - s) at 1/2; 1 - s only falls
    assert [s[toy.speed(s, free).argmax()] for free in (1, 2, 3)] == pytest.approx([0, 1 / 2, 4 / 7], abs=2e-4)


def test_the_first_iteration_below_a_level_is_infinite_where_there_is_none():
    loss = np.array([[3.0, 2.0, 1.0], [9.0, 8.0, 7.0]])
    assert toy.first_below(loss, np.array([2.5, 2.5])).tolist() == [1, np.inf]
    assert toy.zero_loss(factors([2, 0], [0, 1], [3, 0])).tolist() == [0.5 * 4 * 1 * 9 / 8]


def test_what_cannot_be_is_said_in_one_line():
    with pytest.raises(ValueError, match="among a, b, c, got d"):
        toy.train(toy.start(3, [0]), ("d",), learning_rate=1.0, iterations=1)
    with pytest.raises(ValueError, match="got 1000.0: lower it"):
        toy.train(toy.start(3, [0]), learning_rate=1000.0, iterations=50)
    with pytest.raises(ValueError, match="at least one seed"):
        toy.start(3, [])
    with pytest.raises(ValueError, match="1, 2 or 3 free factors, got 4"):
        toy.time_to_reach(0.5, 0.1, 4)
