"""Networks looked at: what is found of heads and losses is what the forward pass says."""

import math

import numpy as np
import torch

from induction_heads.machinery.schedule import train
from induction_heads.machinery.store import Store
from induction_heads.networks.clamps import Ablate, PreviousTokenAttention
from induction_heads.networks.tokens import evaluate, model
from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun

TEXT = REP.held_out(1, 5).tokens


def attending_back() -> model.Parameters:
    """Positions of tokens as queries are those of the tokens before as keys: Layer 1 attends to the previous token."""
    learnt = model.initial(0, layers=2)
    one_hot = 40 * torch.eye(64)
    learnt["blocks.0.W_pos"] = one_hot
    learnt["blocks.0.W_Q"] = torch.randn(4, 64, 16, generator=torch.Generator().manual_seed(0))
    learnt["blocks.0.W_K"] = learnt["blocks.0.W_Q"].roll(-1, 1)
    return learnt


def test_a_table_of_heads_has_a_row_a_head_and_no_qk_trace_in_layer_1():
    table = evaluate.heads(model.initial(0, layers=2), TEXT)
    assert list(table.index) == [f"L{layer}H{h}" for layer in (1, 2) for h in range(4)]
    assert table.qk_trace.isna().tolist() == 4 * [True] + 4 * [False]


def test_heads_that_attend_to_the_previous_token_are_found():
    previous = evaluate.heads(attending_back(), TEXT).previous_token
    assert previous[:4].min() > 0.7 and previous[4:].max() < 0.2


def test_losses_are_those_of_the_forward_pass_under_the_same_clamps():
    learnt, given = model.initial(0, layers=2), (PreviousTokenAttention("L1H0"), Ablate("L2H1"))
    logits = evaluate.sites(learnt, TEXT, given=given)["logits"]
    by_hand = -logits.log_softmax(-1)[:, :-1].gather(-1, TEXT[:, 1:, None])[..., 0]
    torch.testing.assert_close(evaluate.losses(learnt, TEXT, given=given)[:, 1:], by_hand, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(evaluate.losses(learnt, TEXT)[:, 1:], by_hand)


def test_untrained_heads_attend_a_little_to_every_lag():
    curves = evaluate.lag_curves(model.initial(0, layers=1))
    assert curves.shape == (4, 13) and (curves > 0).all() and curves.max() < 0.3


def test_half_way_is_between_the_first_value_and_the_furthest():
    assert evaluate.half_way([0, 10, 20, 30], [4.0, 4.0, 0.0, 1.0]) == 15
    assert evaluate.half_way([0, 10, 20], np.array([0.0, 0.25, 0.75])) == 12.5


def test_a_level_is_crossed_upwards_or_downwards_or_never():
    assert evaluate.crossing([0, 10, 20], [0.0, 0.5, 1.0], 0.75) == 15
    assert evaluate.crossing([0, 10, 20], [1.0, 0.5, 0.0], 0.75) == 5
    assert evaluate.crossing([0, 10], [1.0, 0.9], 0.5) == math.inf


def test_losses_through_training_are_those_of_each_snapshot(tmp_path):
    run = TokenRun(0, REP, layers=1, steps=2, evaluate_every=1, checkpoint_every=1)
    trained = train([run], Store(tmp_path, None), workers=1)[run]
    counted = torch.zeros_like(TEXT, dtype=torch.bool)
    counted[0, 3] = True
    found = evaluate.through_training(trained, {"one": (TEXT, counted)})
    assert found["step"] == [0, 1, 2]
    assert found["one"] == [float(evaluate.losses(trained.at(step), TEXT)[0, 3]) for step in (0, 1, 2)]
