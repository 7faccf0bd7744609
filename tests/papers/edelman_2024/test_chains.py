"""Chains and strategies: counts by hand, and matrices that are what their names say."""

import math

import pytest
import torch

from induction_heads.papers.edelman_2024 import chains


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("kind", [chains.dirichlet, chains.equal_rows, chains.doubly_stochastic])
def test_rows_are_distributions(kind):
    matrix = kind(7, generator())
    assert matrix.shape == (7, 3, 3) and (matrix >= 0).all()
    assert torch.allclose(matrix.sum(-1), torch.ones(7, 3))


def test_columns_of_doubly_stochastic_chains_sum_to_one_and_rows_of_forgetful_ones_are_equal():
    assert torch.allclose(chains.doubly_stochastic(7, generator()).sum(1), torch.ones(7, 3), atol=1e-6)
    equal = chains.equal_rows(7, generator())
    assert torch.equal(equal[:, 0], equal[:, 2])


def test_the_stationary_distribution_is_left_by_a_step():
    matrix = chains.dirichlet(7, generator())
    found = chains.stationary(matrix)
    assert torch.allclose((found[:, None] @ matrix)[:, 0], found, atol=1e-5)


def test_a_chain_that_goes_round_goes_round():
    matrix = torch.tensor([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])[None]
    tokens = chains.sampled(matrix, generator(), 9).tokens[0]
    assert torch.equal((tokens[1:] - tokens[:-1]) % 3, torch.ones(8, dtype=torch.long))


def test_tokens_are_as_frequent_as_the_stationary_distribution_says():
    matrix = chains.dirichlet(1, generator())
    tokens = chains.sampled(matrix, generator(), 20_000).tokens[0]
    assert torch.bincount(tokens, minlength=3) / 20_000 == pytest.approx(chains.stationary(matrix)[0], abs=0.02)


def test_strategies_count_by_hand():
    """0 2 0 2 1 0: after 0 came 2 twice; 0 three times, 1 once, 2 twice."""
    found = chains.strategies(torch.tensor([[0, 2, 0, 2, 1, 0]]))
    assert found["uniform"][0].tolist() == [pytest.approx(1 / 3)] * 3
    assert found["unigram"][0].tolist() == [pytest.approx(x / 9) for x in (4, 2, 3)]
    assert found["bigram"][0].tolist() == [pytest.approx(x / 5) for x in (1, 1, 3)]


def test_the_divergence_of_a_certain_distribution_from_the_uniform_one_is_ln_3():
    certain, uniform = torch.tensor([[1.0, 0, 0]]), torch.full((1, 3), 1 / 3)
    assert chains.divergence(certain, uniform.log()).item() == pytest.approx(math.log(3))
    assert chains.divergence(uniform, uniform.log()).item() == pytest.approx(0, abs=1e-6)


def test_the_truth_is_the_row_of_the_last_token():
    matrix = chains.dirichlet(1, generator())
    assert torch.equal(chains.truth(chains.Chains(matrix, torch.tensor([[0, 1, 2]])))[0], matrix[0, 2])
