"""The network: patterns, the clamp, and measures of attention by hand; and the minimal model."""

import dataclasses

import pytest
import torch

from induction_heads.machinery.schedule import one_thread
from induction_heads.papers.edelman_2024 import chains, minimal, network
from induction_heads.papers.edelman_2024.minimal import Minimal
from induction_heads.papers.edelman_2024.network import WIDTH, Faster, Scalar, Statistical

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


def test_a_number_a_lag_is_added_whatever_the_query():
    found = network.initial(1, torch.Generator().manual_seed(1), scalar=True)
    assert found["R1"].shape == (64,)
    found["K1"] = torch.zeros(WIDTH, WIDTH)
    found["R1"][1] = 100.0
    pattern = network.forward(found, TOKENS, 1, clamped=False).patterns[0]
    assert torch.allclose(pattern, network.previous_token(7).expand(2, -1, -1), atol=1e-5)


def test_settings_beside_the_recipe_differ_in_one_thing():
    settings = dataclasses.asdict(RUN)
    assert Scalar(**settings).scalar and Scalar(**settings).rate == RUN.rate and not RUN.scalar
    assert Faster(**settings).rate == pytest.approx(3e-3) and not Faster(**settings).scalar
    assert len({run.key("") for run in (RUN, Scalar(**settings), Faster(**settings))}) == 3


def test_the_minimal_model_counts_what_came_after_the_present_token():
    """v at lag 1 and W one: logits are counts. After 2 came 0, 2 and 0."""
    v = torch.zeros(64)
    v[1] = 100.0
    tokens = torch.tensor([[0, 2, 0, 2, 2, 0, 2]])
    found = minimal.logits({"W": torch.eye(3), "v": v}, tokens)[0, -1]
    assert found.tolist() == [pytest.approx(2), 0, pytest.approx(1)]


def test_with_even_weights_the_minimal_model_counts_tokens_up_to_the_present_one():
    even = {"W": torch.ones(3, 3), "v": torch.zeros(64)}
    found = minimal.logits(even, torch.tensor([[0, 2, 0, 1, 1]]))[0]
    assert found[2] == pytest.approx(torch.tensor([2.0, 0, 1])) and found[-1] == pytest.approx(
        torch.tensor([2.0, 2, 1])
    )


def test_the_minimal_model_descends_from_where_it_is_said_to_begin():
    made = minimal.make(Minimal(2, 3, tests=8, evaluate_every=1), lambda steps, loss: None)
    row = dict(zip(minimal.COLUMNS, made.history[0], strict=True))
    assert [row["diagonal"], row["off_diagonal"]] == pytest.approx([0.01, 0.01]) and row["v_0"] == row["v_7"] == 0
    assert made.history[1] != made.history[0] and len(made.history) == 3
