"""Linear attention: the construction is descent worked out by hand, and what may be exchanged changes no answer."""

import pytest
import torch

from induction_heads.papers.oswald_2022 import network
from induction_heads.papers.oswald_2022.network import LinearAttention, Products

GIVEN = network.tasks(7, torch.Generator().manual_seed(0))


def step_of_descent(eta: float) -> torch.Tensor:
    """From w = 0 on the mean over the context of half the squared error: w = eta / N sum of y x."""
    x, y = GIVEN.tokens[:, :-1, :-1], GIVEN.tokens[:, :-1, -1]
    return eta / 10 * torch.einsum("tn,tnd->td", y, x)


def test_the_answer_to_the_query_is_hidden_and_linear_in_its_inputs():
    assert GIVEN.tokens.shape == (7, 11, 11) and not GIVEN.tokens[:, -1, -1].any()
    x, y = GIVEN.tokens[:, :-1, :-1], GIVEN.tokens[:, :-1, -1:]
    w = torch.linalg.lstsq(x, y).solution[..., 0]
    assert torch.allclose((w * GIVEN.tokens[:, -1, :-1]).sum(-1), GIVEN.answer, atol=1e-2)


def test_the_constructed_layer_answers_as_one_step_of_descent():
    model = step_of_descent(1.3)
    answers = network.answers(network.construction(1.3), GIVEN)
    assert torch.allclose(answers, (model * GIVEN.tokens[:, -1, :-1]).sum(-1), atol=1e-5)
    assert torch.allclose(network.sensitivity(network.construction(1.3), GIVEN), model, atol=1e-5)


def test_two_layers_take_two_steps():
    first = step_of_descent(0.9)
    x, y = GIVEN.tokens[:, :-1, :-1], GIVEN.tokens[:, :-1, -1]
    left = y - torch.einsum("tnd,td->tn", x, first)
    second = first + 0.09 * torch.einsum("tn,tnd->td", left, x)
    answers = network.answers(network.construction(0.9), GIVEN, layers=2)
    assert torch.allclose(answers, (second * GIVEN.tokens[:, -1, :-1]).sum(-1), atol=1e-5)


def test_a_layer_of_gd_plus_plus_transforms_the_inputs():
    x = GIVEN.tokens[:, :-1, :-1]
    moved = network.stream(network.construction(1.0, 0.05), GIVEN.tokens, 1)[:, :, :-1]
    before = GIVEN.tokens[:, :, :-1]
    assert torch.allclose(moved, before - 0.05 * before @ (x.transpose(1, 2) @ x), atol=1e-5)


def test_rescaling_changes_no_answer():
    products = Products(3 * torch.eye(11) + 0.1, torch.randn(11, 11, generator=torch.Generator().manual_seed(2)))
    again = network.rescaled(products)
    assert again.kq.diagonal()[:-1].mean() == pytest.approx(1)
    assert torch.allclose(network.answers(again, GIVEN), network.answers(products, GIVEN), atol=1e-3)


def test_a_layer_is_its_own_model():
    assert network.compared(network.construction(network.best_rate()), GIVEN) == (pytest.approx(1), 0, 0)


def test_the_best_rate_has_the_lowest_error_of_its_neighbours():
    many = network.tasks(20_000, torch.Generator().manual_seed(5))
    best = network.best_rate()
    errors = [network.mean_square(network.construction(eta), many).item() for eta in (best - 0.4, best, best + 0.4)]
    assert errors[1] == min(errors) and errors[1] == pytest.approx(network.best_error(), rel=0.05)


def test_the_same_run_gives_the_same_numbers():
    run = LinearAttention(3, 1, 1, 5, 20, evaluate_every=3)
    first, second = (network.make(run, lambda steps, loss: None) for _ in range(2))
    assert first.history == second.history and [row[0] for row in first.history] == [0, 3]
