"""Measures of heads on patterns and weights made by hand."""

import math

import pytest
import torch

from induction_heads.networks.tokens import measures, model
from induction_heads.networks.tokens.generators import Duplicate

RUNS, BATCH, HEADS, N, TIMES = 2, 3, 5, 7, 3
TEST = Duplicate(N, TIMES)


def tokens() -> torch.Tensor:
    return TEST.held_out(0, BATCH).tokens


def attending(lag: int, length: int = N * TIMES) -> torch.Tensor:
    """Each query attends to the token `lag` after it, or to token 0 where that is before the first."""
    key = (torch.arange(length) + lag).clamp(min=0)
    return (torch.arange(length) == key[:, None]).double()


def heads(*patterns: torch.Tensor) -> torch.Tensor:
    return torch.stack(patterns).expand(BATCH, -1, -1, -1)


def uniform(length: int = N * TIMES) -> torch.Tensor:
    below = torch.ones(length, length, dtype=torch.float64).tril()
    return below / below.sum(1, keepdim=True)


def test_a_head_one_after_the_last_occurrence_has_all_prefix_matching_and_others_none():
    every = heads(attending(1 - N), attending(-N), attending(-1), attending(0))
    assert measures.prefix_matching(every, tokens(), N).tolist() == [1, 0, 0, 0]


def test_every_earlier_occurrence_counts():
    assert measures.prefix_matching(heads(0.3 * attending(1 - N) + 0.7 * attending(1 - 2 * N)), tokens(), 2 * N)[0] == 1


def test_uniform_attention_matches_as_often_as_there_are_keys():
    # In round 2 one key of i + 1 matches, in round 3 two; i counts from 0.
    expected = sum(1 / (i + 1) for i in range(7, 14)) + sum(2 / (i + 1) for i in range(14, 21))
    assert measures.prefix_matching(heads(uniform()), tokens(), N)[0].item() == pytest.approx(expected / 14)


def test_the_present_token_matches_where_it_came_after_itself():
    """x x: the second attends to itself, which came after the first."""
    pattern = torch.tensor([[[[1.0, 0], [0, 1]]]])
    assert measures.prefix_matching(pattern, torch.tensor([[4, 4]]), 1).item() == 1
    assert measures.prefix_matching(pattern, torch.tensor([[4, 5]]), 1).item() == 0


def test_untrained_heads_match_about_as_often_as_uniform_ones():
    test = Duplicate(20, 3).held_out(0, 32).tokens[None]
    sites = model.forward({name: p[None] for name, p in model.initial(0, 2).items()}, test)
    found = measures.prefix_matching(sites["blocks.1.attn.hook_pattern"], test, 20)
    assert found.flatten().tolist() == pytest.approx([0.04] * 4, abs=0.01)


def test_previous_token_attention_is_over_all_queries_but_the_first():
    assert measures.previous_token(heads(attending(-1), 0.25 * attending(-1), attending(-2)))[:2].tolist() == [1, 0.25]
    # Of the third, query 1 attends to token 0 for want of an earlier one.
    assert measures.previous_token(heads(attending(-2))).item() == pytest.approx(1 / 20)


def test_the_lag_curve_of_a_head_is_a_spike_at_its_lag():
    twice = Duplicate(11, 2).held_out(0, BATCH).tokens
    every = heads(*(attending(lag - 11, 22) for lag in (1, 0, -1)))
    curves = measures.lag_curve(every, twice)
    # Where the key would be before the first token, at lag -1 of the first repeat, nothing is counted.
    expected = torch.zeros(3, 13).double()
    expected[0, 7] = expected[1, 6] = expected[2, 5] = 1
    expected[2, 6] = 1 / 11  # the first repeat, which attends to token 0 in its place
    torch.testing.assert_close(curves, expected)


def test_the_lag_curve_knows_where_the_token_was_in_reversed_copies():
    reversed_copy = torch.tensor([[3, 5, 7, 11, 11, 7, 5, 3]])
    pattern = torch.zeros(1, 1, 8, 8)
    pattern[0, 0, [5, 6], [1, 0]] = 1  # 7 attends to the 5 that came before it, and 5 to the 3
    curve = measures.lag_curve(pattern, reversed_copy, (-1, 1))[0]
    assert curve.tolist() == pytest.approx([2 / 3, 0])  # of the repeats 11, 7, 5; 3 had nothing before it


def test_copying_by_hand():
    """Two tokens of three occur; the values raise the attended one by 3 over its two rivals or lower it."""
    shown = torch.tensor([[0, 1]])
    pattern = torch.tensor([[1.0, 0.0], [0.5, 0.5]]).expand(1, 2, 2, 2)
    values = torch.eye(3)[:2].expand(1, 2, 2, 3).transpose(1, 2)  # batch key head d_head: each token as itself
    W_O = torch.stack([3 * torch.eye(3), 3 * torch.eye(3)[[1, 0, 2]]])  # head 0 copies, head 1 raises the other one
    found = measures.copying(pattern, values, W_O, torch.eye(3), shown)
    assert found.tolist() == [1, -1]


def test_a_head_that_raises_all_tokens_of_the_sequence_copies_as_chance_would():
    shown = torch.arange(5).view(1, 5)
    values = torch.ones(1, 5, 1, 1)
    W_U = torch.tensor([[1.0] * 5 + [0.0] * 5])
    found = measures.copying(uniform(5).float().expand(1, 1, 5, 5), values, torch.ones(1, 1, 1), W_U, shown)
    assert found.item() == pytest.approx(2 / 5 - 1)


def test_the_ov_score_of_copying_suppressing_and_permuting_heads():
    W_E = torch.eye(4)
    W_V = torch.eye(4).expand(3, 4, 4)
    cycle = torch.eye(4).roll(1, 0)  # eigenvalues 1, i, -1, -i
    W_O = torch.stack([2 * torch.eye(4), -torch.eye(4), cycle])
    assert measures.ov_score(W_E, W_V, W_O, torch.eye(4)).tolist() == pytest.approx([1, -1, 0], abs=1e-6)


def test_the_ov_score_is_that_of_the_whole_matrix():
    rng = torch.Generator().manual_seed(0)
    W_E, W_V, W_O, W_U = (torch.randn(s, generator=rng) for s in ((11, 7), (3, 7, 2), (3, 2, 7), (7, 11)))
    for head, found in enumerate(measures.ov_score(W_E, W_V, W_O, W_U)):
        whole = torch.linalg.eigvals((W_E @ W_V[head] @ W_O[head] @ W_U).double())
        assert found.item() == pytest.approx((whole.real.sum() / whole.abs().sum()).item(), abs=1e-5)


def test_the_qk_trace_is_that_of_the_whole_matrices():
    rng = torch.Generator().manual_seed(0)
    W_E, W_Q, W_K, W_V, W_O = (
        torch.randn(s, generator=rng).double() for s in ((11, 7), (3, 7, 2), (3, 7, 2), (5, 7, 2), (5, 2, 7))
    )
    share = torch.rand(5, generator=rng).double()
    found = measures.qk_trace(W_E, W_Q, W_K, W_V, W_O, share)
    for head in range(3):
        each = [torch.trace(W_E @ W_Q[head] @ W_K[head].T @ (W_V[e] @ W_O[e]).T @ W_E.T) for e in range(5)]
        assert found[head].item() == pytest.approx(sum(s * t for s, t in zip(share, each, strict=True)).item())


def test_a_match_through_a_previous_token_head_has_a_positive_trace():
    identity = torch.eye(4)[None]
    trace = measures.qk_trace(torch.eye(4), identity, identity, identity, identity, torch.tensor([0.5]))
    assert trace.tolist() == [2.0]


def test_in_context_learning_is_late_less_early_loss():
    losses = torch.zeros(RUNS, BATCH, 64)
    losses[:, :, 3:8], losses[:, :, 48:64] = 4.0, torch.tensor([1.0, 3.0])[:, None, None]
    losses[:, :, [2, 8, 47]] = 100.0  # just outside
    assert measures.icl_score(losses).tolist() == [-3, -1]
    with pytest.raises(ValueError, match="at least 64 tokens, got 50"):
        measures.icl_score(losses[..., :50])


def test_measures_take_a_run_axis_and_give_it_back():
    each = [heads(*(attending(lag) for lag in range(-run, HEADS - run))) for run in range(RUNS)]
    together, one = torch.stack(each), tokens()
    for measure in (
        lambda p: measures.prefix_matching(p, one, N),
        measures.previous_token,
        lambda p: measures.lag_curve(p, one),
    ):
        found = measure(together)
        assert found.shape[:2] == (RUNS, HEADS)
        for run in range(RUNS):
            torch.testing.assert_close(found[run], measure(each[run]), equal_nan=True)


def test_an_untrained_network_has_losses_about_those_of_a_uniform_guess():
    test = TEST.held_out(0, BATCH).tokens[None]
    sites = model.forward({name: p[None] for name, p in model.initial(0, 1).items()}, test)
    assert model.token_losses(sites["logits"], test)[..., 1:].mean().item() == pytest.approx(
        math.log(64) + 0.5, abs=0.3
    )


def test_a_token_that_comes_twice_is_one_rival():
    """The head raises tokens 0 and 1 by 1 over the mean; 0 stands there twice, and counts once."""
    shown = torch.tensor([[0, 0, 1]])
    values = torch.ones(1, 3, 1, 1)
    W_U = torch.tensor([[2.0, 2.0, 0.0, 0.0]])
    found = measures.copying(uniform(3).float().expand(1, 1, 3, 3), values, torch.ones(1, 1, 1), W_U, shown)
    assert found.item() == pytest.approx(2 / 2 - 1)
