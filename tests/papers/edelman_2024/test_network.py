"""The network: patterns, the clamp, and measures of attention by hand."""

import pytest
import torch

from induction_heads.machinery.schedule import one_thread
from induction_heads.papers.edelman_2024 import chains, network
from induction_heads.papers.edelman_2024.network import WIDTH, Statistical

RUN = Statistical(2, 3, tests=8, evaluate_every=1)
TOKENS = torch.tensor([[0, 2, 0, 2, 1, 0, 2], [1, 1, 0, 2, 2, 0, 1]])


def weights(layers: int = 2) -> dict[str, torch.Tensor]:
    return network.initial(layers, torch.Generator().manual_seed(1))


def test_patterns_look_back_and_sum_to_one():
    for pattern in network.forward(weights(), TOKENS, 2, clamped=False).patterns:
        assert (pattern.triu(1) == 0).all() and torch.allclose(pattern.sum(-1), torch.ones(2, 7))


def test_relative_positions_alone_make_a_previous_token_head():
    found = weights()
    found["K1"] = torch.zeros(WIDTH, WIDTH)
    found["Q1"] = torch.zeros(WIDTH, WIDTH)
    found["norm1 weight"], found["norm1 bias"] = torch.zeros(WIDTH), torch.ones(WIDTH)
    found["Q1"][0, 0] = 1.0
    found["R1"] = torch.zeros(64, WIDTH)
    found["R1"][1, 0] = 100 * WIDTH**0.5  # a lag of one
    pattern = network.forward(found, TOKENS, 1, clamped=False).patterns[0]
    assert torch.allclose(pattern, network.previous_token(7).expand(2, -1, -1), atol=1e-5)


def test_the_clamp_is_such_a_head_and_layer_2_is_free():
    layer_1, layer_2 = network.forward(weights(), TOKENS, 2, clamped=True).patterns
    assert torch.equal(layer_1[0], network.previous_token(7))
    assert torch.allclose(layer_2.sum(-1), torch.ones(2, 7)) and layer_2[0, -1].max() < 0.5


def test_uniform_attention_to_what_came_after_equal_tokens_is_their_share():
    """The last token is 2; tokens at places 2 and 4, of 7, came after a 2."""
    found = weights() | {"Q2": torch.zeros(WIDTH, WIDTH)}
    test = chains.Chains(chains.dirichlet(1, torch.Generator().manual_seed(0)), TOKENS[:1])
    numbers = dict(zip(network.COLUMNS[1:], network.evaluated(found, test, RUN), strict=True))
    assert numbers["induction"] == pytest.approx(2 / 7)


def test_a_batch_holds_the_chains_asked_for_and_the_forgetful_ones():
    run = Statistical(1, 0, kind="doubly stochastic", forgetful=21)
    assert network.batch(run, torch.Generator().manual_seed(0)).shape == (85, 64)


def test_a_clamped_run_has_its_twins_test_chains_and_initialisation():
    clamped = Statistical(2, 3, tests=8, evaluate_every=1, clamped=True)
    first, second = (network.make(run, lambda steps, loss: None).history for run in (RUN, clamped))
    strategies = [network.COLUMNS.index(f"loss_{name}") for name in chains.STRATEGIES]
    assert [first[0][i] for i in strategies] == [second[0][i] for i in strategies]
    assert second[0][network.COLUMNS.index("previous")] == 1


def test_the_same_run_gives_the_same_numbers():
    with one_thread():  # as schedules train
        first, second = (network.make(RUN, lambda steps, loss: None) for _ in range(2))
    assert first.history == second.history and "lags at 00002" in first.learnt
