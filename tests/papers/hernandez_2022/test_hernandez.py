"""Hernandez et al. 2022: pools are read as often as they are called, criteria and figures go by the numbers given."""

import math

import matplotlib
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.networks.tokens.generators import BATCH
from induction_heads.papers.hernandez_2022 import figures, measures, readings, runs
from induction_heads.papers.hernandez_2022.claims import CLAIMS
from induction_heads.papers.hernandez_2022.runs import NAMES

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}


def test_a_pool_is_read_as_often_as_it_is_called():
    for name, run in runs.models(0).items():
        if name != runs.NONE:
            read = run.data.share * run.steps * BATCH / run.data.pool
            assert read == pytest.approx(float(name.replace(",", "")), rel=0.25)


@pytest.mark.parametrize(
    ("losses", "held"),
    [
        ((2.40, 2.39, 3.41, 3.42, 2.60), True),
        ((2.40, 2.39, 2.60, 2.80, 2.60), False),
        ((2.40, 2.50, 3.41, 3.42, 2.60), False),
        ((2.40, 2.39, 3.41, 3.42, 3.50), False),
    ],
)
def test_a_middle_number_is_worst(losses, held):
    numbers = {f"test loss, {name}": loss for name, loss in zip(NAMES, losses, strict=True)}
    assert KNOWN["middle-worst"].holds(numbers) == held


def test_the_larger_share_is_lost_in_copying():
    holds = KNOWN["copying-hit-harder"].holds
    assert holds({"share lost, copying": 0.9, "share lost, test": 0.5})
    assert not holds({"share lost, copying": 0.5, "share lost, test": 0.5})


def ends() -> dict:
    losses = zip(NAMES, (2.4, 2.4, 3.1, 3.4, 2.6), (0.5, 0.5, 2.0, 4.0, 1.0), strict=True)
    found = {name: {"test": test, "copy": copy, "prefix": 1 - copy / 5} for name, test, copy in losses}
    return {0: found, 1: found}


def test_shares_lost_are_0_for_the_intact_loss_and_1_at_the_floor():
    assert measures.share_lost(2.4, 2.4, 3.81) == 0 and measures.share_lost(3.81, 2.4, 3.81) == 1
    assert measures.worst(ends()[0]) == "1,000"


def test_a_pool_is_known_from_its_first_small_loss_on():
    assert measures.memorised_at({"step": [0.0, 100.0, 200.0], "loss": [4.0, 0.05, 0.2]}) == 100
    assert measures.memorised_at({"step": [0.0], "loss": [4.0]}) == math.inf


def test_figures_and_readings_tell_the_numbers():
    checked(figures.figure_repeats(ends()), figures.figure_repeats, "1,000 3.4, 3.4")
    checked(figures.figure_prefix_matching(ends()), figures.figure_prefix_matching, "none 0.9, 0.9")
    lost = {seed: measures.shares_lost(found) for seed, found in ends().items()}
    checked(figures.figure_share_lost(lost), figures.figure_share_lost, "10 0, 0")
    history = pd.DataFrame({"step": [0, 100], "loss": np.array([4.0, 2.5])})
    pools = {name: {0: {"step": [0.0, 100.0], "loss": [4.0, 0.05]}} for name in NAMES}
    pools[runs.NONE] = {0: {"step": [], "loss": []}}
    checked(figures.figure_pool({n: {0: history} for n in NAMES}, pools), figures.figure_pool, "10 100")
    worst, enough = readings.repeats(ends())
    assert worst == "The highest test loss comes with 1,000 in all 2 seeds."
    assert "0.5 and 0.5 nats on repeats (at most 0.6 is wanted), so that the steps are enough" in enough
    failed, costs = readings.pool(pools, ends())
    assert "failed:** the pool is known by heart at step (by seed) 10 times: 100; 100 times: 100" in failed
    assert "where the pool is known: 10 times +0.00, 100 times +0.70" in costs and costs.endswith("it is not: none.")
    unknown = {0: {"step": [0.0, 100.0], "loss": [4.0, 2.0]}}
    came_true, costs = readings.pool(pools | {"10": unknown}, ends())
    assert "came true" in came_true and "where it is not: 10 times +0.00" in costs
    highest = {name: [0.3, 0.1] for name in NAMES}
    came_true, fall, formed = readings.prefix_matching(ends(), highest)
    assert "came true" in came_true and "1,000 0.2" in came_true and "78 % below" in fall and "stronger" in fall
    assert "highest at any evaluation is 0.3 and 0.1 (by seed): induction heads never form" in formed
    assert "form, and are lost" in readings.prefix_matching(ends(), highest | {"1,000": [0.3, 0.8]})[2]
    (shares,) = readings.shares_lost(lost)
    assert "10 times 0.00 and 0.00 (copying more in none of 2 seeds)" in shares
    assert "1,000 times 0.96 and 0.71 (copying more in all 2 seeds)" in shares
