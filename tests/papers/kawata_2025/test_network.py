"""The task and the two gradient steps: sequences by hand, gradients beside those of PyTorch on plain matrices."""

import numpy as np
import pytest
import torch

from induction_heads.papers.kawata_2025 import network, task
from induction_heads.papers.kawata_2025.network import Grid, Weights
from induction_heads.papers.kawata_2025.task import POSITIONS, VOCABULARY

RNG = np.random.default_rng(0)


def test_a_sequence_has_its_fillers_its_trigger_and_its_output():
    found = task.sequences(np.array([2]), np.array([4]), 3, RNG)
    tokens, trigger, output = found.tokens[0], found.tokens[0, 2], found.output[0]
    assert found.length.tolist() == [9] and trigger < 3 and tokens[8] == trigger and tokens[3] == output >= 3
    assert (tokens[[0, 1, 4, 5, 6, 7]] >= 3).all() and not tokens[9:].any()
    assert found.shortcut.tolist() == [tokens[4]]  # three fillers to each side would put the output at position 4


def test_the_output_is_never_where_it_is_in_training():
    found = task.out_of_distribution(500, 3, 6, 4, RNG)
    assert (found.before != found.between).all() and (found.before >= 1).all() and (found.between >= 1).all()
    assert set((found.before + found.between) // 2) == {4, 5, 6}


def test_the_ratio_of_one_length_is_one_and_of_two_is_by_hand():
    assert task.ratio_of_uniform(5, 5) == 1
    assert task.ratio_of_uniform(3, 4) == pytest.approx((1 / 3) / (1 / 3 + 1 / 4))
    assert task.max_sum_ratio(np.array([3, 4]) / 7, np.array([3, 4])) == pytest.approx(1 / 2)


def plain(given: task.Sequences, i: int) -> torch.Tensor:
    """X of one sequence, width by token."""
    length = int(given.length[i])
    x = torch.zeros(network.WIDTH, length, dtype=torch.float64)
    for t in range(length):
        x[t, t] = 1
        x[POSITIONS + given.tokens[i, t], t] = 1
        if t:
            x[POSITIONS + VOCABULARY + given.tokens[i, t - 1], t] = 1
    return x


def loss(given: task.Sequences, v: torch.Tensor, kq: torch.Tensor) -> torch.Tensor:
    outputs = [v @ x @ (x.T @ kq @ x[:, -1]).softmax(0) for x in (plain(given, i) for i in range(len(given.tokens)))]
    return torch.nn.functional.cross_entropy(torch.stack(outputs), torch.tensor(given.output))


def zeros() -> tuple[torch.Tensor, torch.Tensor]:
    shapes = (VOCABULARY, network.WIDTH), (network.WIDTH, network.WIDTH)
    v, kq = (torch.zeros(shape, dtype=torch.float64, requires_grad=True) for shape in shapes)
    return v, kq


def test_the_step_on_values_is_that_of_the_loss():
    given = task.in_distribution(5, 3, 6, 4, RNG)
    v, kq = zeros()
    (gradient,) = torch.autograd.grad(loss(given, v, kq), v)
    assert network.step_on_v(given) == pytest.approx(-network.RATE_V * gradient.numpy(), abs=1e-9)


def test_the_step_on_attention_is_that_of_the_loss():
    given = task.in_distribution(5, 3, 6, 4, RNG)
    values = 0.01 * network.step_on_v(given)
    _, kq = zeros()
    (gradient,) = torch.autograd.grad(loss(given, torch.tensor(values), kq), kq)
    assert network.step_on_kq(given, values) == pytest.approx(-network.RATE_KQ * gradient.numpy(), abs=1e-8)


def test_a_head_that_matches_the_token_before_answers_wherever_the_output_stands():
    kq, v = np.zeros((network.WIDTH, network.WIDTH)), np.zeros((VOCABULARY, network.WIDTH))
    own, before = slice(POSITIONS, POSITIONS + VOCABULARY), slice(POSITIONS + VOCABULARY, None)
    kq[before, own], v[:, own] = 50 * np.eye(VOCABULARY), np.eye(VOCABULARY)
    given = task.out_of_distribution(50, 3, 6, 4, RNG)
    assert (network.answers(Weights(v, kq), given) == given.output).all()


def test_a_cell_has_the_same_numbers_whichever_others_there_are():
    short, long = (network.make(Grid(n, 1, 4, 32, 16), lambda steps, loss: None).history for n in (2, 3))
    assert long[:2] == short
