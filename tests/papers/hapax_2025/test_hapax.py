"""Hapax: Bayes' rule by hand, criteria at both sides, figures and readings go by the numbers given."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.papers.hapax_2025 import figures, measures, readings
from induction_heads.papers.hapax_2025.claims import CLAIMS

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}
ARMS = ("vanilla", "Hapax")


def test_bayes_rule_weighs_classes_by_what_came_before():
    two = np.array([[0.75, 0.25], [0.25, 0.75]])
    losses = measures.bayes_losses(np.array([[0, 0]]), two)
    assert np.exp(-losses[0]) == pytest.approx([0.5, 0.75 * 0.75 + 0.25 * 0.25])


def test_the_best_possible_loss_is_what_the_page_says():
    early, late = measures.early_and_late(measures.bayes())
    assert early == pytest.approx(3.969, abs=0.06) and late == pytest.approx(3.807, abs=0.06)


def test_criteria():
    names = ("prefix matching, Hapax", "loss on repeats, Hapax", "prefix matching, vanilla", "loss on repeats, vanilla")

    def suppressed(*numbers: float) -> bool:
        return KNOWN["suppression"].holds(dict(zip(names, numbers, strict=True)))

    assert suppressed(0.04, 4.04, 0.66, 0.31)
    assert not suppressed(0.2, 4.04, 0.66, 0.31) and not suppressed(0.04, 3.4, 0.66, 0.31)
    assert not suppressed(0.04, 4.04, 0.4, 0.31) and not suppressed(0.04, 4.04, 0.66, 0.7)
    kept = KNOWN["kept-targets"].holds
    assert kept({"loss on kept targets, Hapax": 3.84, "loss on kept targets, vanilla": 4.47})
    assert not kept({"loss on kept targets, Hapax": 3.84, "loss on kept targets, vanilla": 4.0})
    infers = KNOWN["abstractive"].holds
    assert infers({"early, Hapax": 4.02, "late, Hapax": 3.84, "late, Bayes": 3.81})
    assert not infers({"early, Hapax": 3.9, "late, Hapax": 3.84, "late, Bayes": 3.81})
    assert not infers({"early, Hapax": 4.4, "late, Hapax": 4.2, "late, Bayes": 3.81})


def test_figures_and_readings_tell_the_numbers():
    history = pd.DataFrame(
        {"step": [0, 100], "prefix_matching": np.array([0.0, 0.6]), "test_loss": np.array([4.1, 0.3])}
    )
    checked(
        figures.figure_suppression({name: {0: history} for name in ARMS}),
        figures.figure_suppression,
        "Hapax, loss on repeats 0.3",
    )
    losses = {name: {0: {"step": [0.0, 100.0], "kept": [4.1, 3.8], "dropped": [4.1, 0.5]}} for name in ARMS}
    checked(figures.figure_kept(losses), figures.figure_kept, "vanilla, dropped 0.5")
    falling = np.linspace(4, 3.8, 64)
    by_arm = {name: {0: falling, 1: falling} for name in ARMS}
    checked(figures.figure_abstractive(by_arm, falling), figures.figure_abstractive, "Bayes' rule, late 3.82")
    table = pd.DataFrame({"prefix_matching": [0.1, 0.7], "ov_score": [-0.3, 0.95]}, index=["L1H0", "L2H1"])
    tables = {name: {0: table} for name in ARMS}
    checked(figures.figure_heads(tables), figures.figure_heads, "vanilla 0.7")
    (every, copies) = readings.heads(tables)  # Hapax has one here
    assert "L2H1 0.70 (OV 0.95)" in every and "failed" in every
    assert "OV scores of -0.30 to 0.95: few copy" in copies
    assert "61 % of targets" in readings.dropped(losses, 0.61)[0]
    ends = {name: {0: pd.DataFrame({"loss": [4.1, loss]})} for name, loss in zip(ARMS, (3.0, 4.0), strict=True)}
    assert readings.every_target(ends) == ["On all targets together, kept or not: vanilla 3 and Hapax 4 nats."]
    assert "above it in 1 of 2 seeds" in readings.anti_copying({0: 4.2, 1: 4.0})[0]
    (medians, guess) = readings.abstractive(by_arm, falling)
    assert "Hapax from 3.99 to 3.82" in medians and "4.14 nats, in none of 2 seeds." in guess
    assert "it copies wrongly" in readings.abstractive(by_arm | {"vanilla": {0: falling + 1}}, falling)[1]
