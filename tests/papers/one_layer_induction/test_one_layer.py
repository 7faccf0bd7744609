"""Induction in one layer: criteria at both sides, shares by hand, figures and readings go by the numbers given."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.networks.tokens import model
from induction_heads.networks.tokens.measures import LAGS
from induction_heads.papers.one_layer_induction import figures, measures, readings, runs
from induction_heads.papers.one_layer_induction.claims import CLAIMS
from induction_heads.papers.one_layer_induction.measures import Shares, induces

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}
NAMES = tuple(runs.models(0))


def test_criteria():
    one = {"repeat loss, KV shifting": 0.01, "repeat loss, smeared keys": 0.02, "repeat loss, vanilla": 3.7}
    holds = KNOWN["one-layer-suffices"].holds
    assert holds(one) and not holds(one | {"repeat loss, smeared keys": 0.12})
    assert not holds(one | {"repeat loss, vanilla": 2.9})
    assert KNOWN["momentum-between"].holds({"a": 0.41, "b": 0.51, "c": 0.9})
    assert not KNOWN["momentum-between"].holds({"a": 0.41, "b": 0.51, "c": 1.1})
    assert not KNOWN["momentum-between"].holds({"a": 0.05, "b": 0.51, "c": 0.9})
    lure = KNOWN["lure"].holds
    assert lure({"a(-1), momentum 1": 0.12, "a(-1), momentum 1, keys only": 0.01})
    assert not lure({"a(-1), momentum 1": 0.04, "a(-1), momentum 1, keys only": 0.01})
    assert not lure({"a(-1), momentum 1": 0.12, "a(-1), momentum 1, keys only": 0.03})
    assert not KNOWN["shares"].holds({"heads with the shares of induction": 0.0})


def shares() -> Shares:
    """Two heads over two snapshots: the first becomes one of induction."""
    return Shares(
        alpha_1=np.array([[0.8, 0.8], [0.1, 0.9]]),
        alpha_2=np.array([[0.2, 0.2], [0.9, 0.1]]),
        beta_1=np.array([[0.7, 0.3], [0.9, 0.9]]),
        beta_2=np.array([[0.3, 0.7], [0.1, 0.1]]),
    )


def test_a_head_of_induction_has_the_previous_key_and_its_own_value():
    assert induces(shares()).tolist() == [True, False] and not induces(shares(), 0).any()


def test_keys_that_are_queries_match_their_own_token_and_their_negatives_do_not():
    learnt = model.initial(0, layers=1)
    learnt["blocks.0.W_K"][0] = learnt["blocks.0.W_Q"][0]
    learnt["blocks.0.W_K"][1] = -learnt["blocks.0.W_Q"][1]
    assert measures.own_match(learnt, 0) > 1 and measures.own_match(learnt, 1) < -1
    learnt["W_E"][:] = learnt["W_E"][:1]  # all tokens are the same
    assert measures.own_match(learnt, 0) == pytest.approx(0, abs=1e-5)


def test_figures_and_readings_tell_the_numbers():
    history = pd.DataFrame({"step": [0, 100], "copied_loss": np.array([4.16, 0.5])})
    histories = {name: {0: history, 1: history} for name in NAMES}
    checked(figures.figure_losses(histories), figures.figure_losses, "KV shifting 0.5, 0.5")
    curve = np.where(np.array(LAGS) == 1, 0.4, 0.02)
    checked(
        figures.figure_lag_curves({name: {0: curve} for name in NAMES}),
        figures.figure_lag_curves,
        "vanilla, lag +1 0.4",
        "vanilla, lag -1 0.02",
    )
    checked(figures.figure_shares({0: shares()}), figures.figure_shares, "seed 0 1")
    by_gamma = {0.0: [3.7, 3.8], 1.0: [0.4, 0.6]}
    checked(figures.figure_gamma(by_gamma), figures.figure_gamma, "γ = 1 0.4, 0.6")
    assert "The lowest is at γ = 1." in readings.gamma(by_gamma)[0]
    assert "one of 2 has them in 44% of networks" in readings.shares({0: shares()})[0]
    assert "Seed 0: 0 of 2 at the start, 1 at the end" in readings.shares({0: shares()})[1]
    assert "ends (0.10, 0.90)" in readings.shares({0: shares()})[1]
    assert "vanilla 56.8" in readings.half_way(histories)[0]
    checked(figures.figure_strongest({"a": histories["vanilla"]}), figures.figure_strongest, "a 0.5, 0.5")
    told = readings.strongest({"a": histories["vanilla"]})[0]
    assert "came true:** it ends at 0.5, 0.5 nats with a (below 1 in all 2 seeds)" in told
    late = {0: history.assign(copied_loss=[4.16, 1.2]), 1: history}
    assert "failed:** it ends at 1.2, 0.5 nats with a (below 1 in 1 of 2 seeds)" in readings.strongest({"a": late})[0]
    assert "a +1.0, -2.5; b +0.1" in readings.matches({"a": [1.0, -2.5], "b": [0.1]})[0]
