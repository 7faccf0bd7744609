"""Bi-Induct: reversed copies by hand, criteria at both sides, figures and readings go by the numbers given."""

import math

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch

from drawn import checked
from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens import model
from induction_heads.papers.bi_induct_2025 import figures, measures, readings, runs
from induction_heads.papers.bi_induct_2025.claims import CLAIMS

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}
ARMS = tuple(runs.models(0))


def test_reversed_copies_read_the_same_backwards():
    tokens = measures.reversed_copies(3)
    assert tokens.tolist() == tokens.flip(1).tolist() and len(set(tokens[0].tolist())) == tokens.shape[1] // 2


def test_a_head_that_looks_up_the_answer_by_its_place_is_found_where_it_stood(tmp_path):
    """Positions as queries are those of the answer as keys, in the second halves of backward snippets."""
    learnt = model.initial(0, layers=1)
    answer = torch.arange(64)
    for begin in (0, 21, 42):
        answer[begin + 11 : begin + 20] = torch.arange(begin + 8, begin - 1, -1)
    learnt["blocks.0.W_pos"] = 40 * torch.eye(64)
    learnt["blocks.0.W_K"] = torch.randn(4, 64, 16, generator=torch.Generator().manual_seed(0))
    learnt["blocks.0.W_Q"] = learnt["blocks.0.W_K"][:, answer]
    trained = Trained(runs.models(0)[runs.REVERSE], tmp_path, pd.DataFrame(), learnt, 0.0)
    assert measures.answer_attention(trained) > 0.8 and measures.answer_attention(trained, 5) < 0.3


def test_criteria():
    forward, natural = (f"step to prefix matching 0.3, {name}" for name in (runs.FORWARD, runs.NATURAL))
    holds = KNOWN["forward-accelerates"].holds
    assert holds({forward: 450, natural: 500}) and holds({forward: 900, natural: math.inf})
    assert not holds({forward: 460, natural: 500}) and not holds({forward: math.inf, natural: math.inf})
    losses = {f"natural loss, {name}": 3.0 for name in ARMS}
    assert KNOWN["guardrail"].holds(losses)
    assert not KNOWN["guardrail"].holds(losses | {"natural loss, balanced": 3.06})
    assert KNOWN["asymmetry"].holds({"a": 0.03, "b": 0.1}) and not KNOWN["asymmetry"].holds({"a": 0.03, "b": 0.11})
    assert KNOWN["load"].holds({"share lost, natural": 0.4, "share lost, forward": 0.3})
    assert not KNOWN["load"].holds({"share lost, natural": math.nan, "share lost, forward": 0.3})


def test_figures_and_readings_tell_the_numbers():
    history = pd.DataFrame({"step": [0, 100], "prefix_matching": np.array([0.0, 0.6]), "loss": np.array([4.0, 3.2])})
    histories = {name: {0: history} for name in ARMS}
    checked(figures.figure_activity(histories), figures.figure_activity, "forward 0.6")
    settings = {name: {0: history.assign(loss=[4.0, loss])} for name, loss in (("natural", 3.2), ("reverse", 3.6))}
    settings |= {name: {0: history} for name in runs.further(0)} | {runs.FORWARD: {0: history}}
    checked(figures.figure_further(settings), figures.figure_further, "natural 0.6", "reverse 3.6")
    (cost, bar) = readings.cost(settings)
    assert "came true" in cost and "reverse +0.40, reverse with half the share +0.00" in cost
    assert "0.05 is met by reverse in none of 1 seeds, reverse with half the share in the one seed" in bar
    (sooner, bar) = readings.sooner(settings)  # all at step 50
    assert "Natural training takes 50; at most 0.9 of that is met by forward in none of 1 seeds" in bar
    assert "failed" in sooner and "forward 50, forward anywhere 50" in sooner
    checked(figures.figure_natural_loss(histories), figures.figure_natural_loss, "reverse 3.2")
    losses = {name: {0: {"step": [0.0, 100.0], "forward": [4.0, 0.5], "reverse": [4.0, 3.0]}} for name in ARMS}
    checked(figures.figure_copying(losses), figures.figure_copying, "balanced, reverse snippets 3")
    curves = {name: {0: np.eye(13)[[6, 5]] * 0.5} for name in ARMS}
    checked(figures.figure_lag_curves(curves), figures.figure_lag_curves, "natural 0.5")
    loads = {name: {0: {"gain": 1.0, "top": 0.4, "others": 0.1}} for name in ARMS}
    checked(figures.figure_load(loads), figures.figure_load, "forward 0.4")
    assert "forward 0.40 beside 0.10 (copying gains 1.00 nats)" in readings.loads(loads)[0]
    assert "natural: 50" in readings.formed(histories)[0]
    (equal, ends) = readings.copying(losses)
    assert "failed" in equal and "0.5 with forward, backward snippets 3" not in equal and "natural 0.5 and 3" in ends
    tests = {measures.PLAIN_COPIES: 0.02, measures.SNIPPETS: 0.7, measures.MOVED_SNIPPETS: 0.05}
    attention = {name: {0: tests, 1: tests} for name in ARMS}
    checked(figures.figure_backward(attention), figures.figure_backward, "snippets as trained: natural 0.7, 0.7")
    (by_place, three) = readings.backward(attention)
    assert "came true" in by_place and "snippets as trained 0.7 and 0.7" in three
    assert "natural: 0.50 at lag +0" in readings.lags(curves)[0]
