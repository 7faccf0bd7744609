"""Bi-Induct: reversed copies by hand, criteria at both sides, figures and readings go by the numbers given."""

import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.machinery import plots
from induction_heads.papers.bi_induct_2025 import figures, measures, readings, runs
from induction_heads.papers.bi_induct_2025.claims import CLAIMS

matplotlib.use("Agg")
KNOWN = {claim.id: claim for claim in CLAIMS}
ARMS = tuple(runs.models(0))


@pytest.fixture(autouse=True)
def style():
    plots.style()
    yield
    plt.close("all")


def test_reversed_copies_read_the_same_backwards():
    tokens = measures.reversed_copies(3)
    assert tokens.tolist() == tokens.flip(1).tolist() and len(set(tokens[0].tolist())) == tokens.shape[1] // 2


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
    checked(figures.figure_further(histories), figures.figure_further, "natural 0.6")
    checked(figures.figure_natural_loss(histories), figures.figure_natural_loss, "reverse 3.2")
    losses = {name: {0: {"step": [0.0, 100.0], "forward": [4.0, 0.5], "reverse": [4.0, 3.0]}} for name in ARMS}
    checked(figures.figure_copying(losses), figures.figure_copying, "balanced, reverse snippets 3")
    curves = {name: {0: np.eye(13)[[6, 5]] * 0.5} for name in ARMS}
    checked(figures.figure_lag_curves(curves), figures.figure_lag_curves, "natural 0.5")
    loads = {name: {0: {"gain": 1.0, "top": 0.4, "others": 0.1}} for name in ARMS}
    checked(figures.figure_load(loads), figures.figure_load, "forward 0.4")
    assert "natural: 50" in readings.formed(histories)[0]
    assert "natural 0.5 and 3" in readings.copying(losses)[0] and "no arm" in readings.copying(losses)[1]
    assert "natural: 0.50 at lag +0" in readings.lags(curves)[0]
