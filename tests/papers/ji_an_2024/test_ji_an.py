"""Ji-An et al. 2024: recall and distances by hand, criteria at both sides, figures and readings by their numbers."""

import math

import matplotlib
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.papers.ji_an_2024 import figures, readings, recall
from induction_heads.papers.ji_an_2024.claims import CLAIMS
from induction_heads.papers.ji_an_2024.measures import Fitted
from induction_heads.papers.ji_an_2024.recall import FIT_LAGS, Memory

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}


def spike(lag: int) -> np.ndarray:
    return (np.array(FIT_LAGS) == lag).astype(float)


def test_associations_fall_by_the_drift_of_each_item():
    M = recall.associations(0.5, items=3)
    assert M.tolist() == [[0, 1, 0.5, 0.25], [0, 0, 1, 0.5], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_without_memory_of_more_than_one_item_recall_goes_on_to_the_next():
    assert recall.crp(Memory(1.0, 1.0, 0.0), recalls=20).tolist() == spike(1).tolist()


def test_recall_goes_back_only_if_items_bring_back_what_came_before():
    backward = np.array(FIT_LAGS) < 0
    only_forward, both = (recall.crp(Memory(0.7, 1.0, gamma), recalls=50) for gamma in (0.0, 1.0))
    assert only_forward[backward].sum() == 0 < both[backward].sum()


def test_a_curve_has_no_distance_from_itself_whatever_its_height_and_scale():
    curve = 0.1 + 0.3 * spike(1)
    assert recall.distances(curve, np.stack([spike(1), spike(-1)])) == pytest.approx([0, 2 * 11 / 10])


def test_criteria():
    names = ("a(+1)", "largest at any lag", "sum over lags 1 to 3", "sum over lags -3 to -1")

    def asymmetric(*numbers: float) -> bool:
        return KNOWN["asymmetry"].holds(dict(zip(names, numbers, strict=True)))

    assert asymmetric(0.9, 0.9, 0.92, 0.02)
    assert not asymmetric(0.3, 0.4, 0.9, 0.02) and not asymmetric(0.4, 0.4, 0.5, 0.3)
    fits = KNOWN["fit"].holds
    assert fits({"distance of the induction head": 0.05, "of a flat head": 1.7})
    assert not fits({"distance of the induction head": 0.2, "of a flat head": 1.7})
    assert not fits({"distance of the induction head": 0.05, "of a flat head": 0.4})
    assert KNOWN["training"].holds({"Spearman's ρ": 0.7}) and not KNOWN["training"].holds({"Spearman's ρ": 0.6})
    assert KNOWN["causal"].holds({"CMR-like zeroed": 4.0, "random zeroed, mean": 2.0})
    assert not KNOWN["causal"].holds({"CMR-like zeroed": 4.0, "random zeroed, mean": math.nan})


def test_figures_and_readings_tell_the_numbers():
    table = pd.DataFrame(
        {
            "layer": [1, 2],
            "prefix_matching": [0.05, 0.9],
            "distance": [0.3, 0.01],
            "distance_of_scores": [1.5, 0.7],
            "largest": [0.02, 0.9],
            "beta_enc": [0.5, 1.0],
            "beta_rec": [0.5, 1.0],
            "gamma": [0.5, 0.0],
        },
        index=["L1H0", "L2H1"],
    )
    fitted = {0: Fitted("L2H1", 0.9 * spike(1), spike(1), 0.01)}
    checked(figures.figure_fits({"pattern": fitted}), figures.figure_fits, "pattern 0.01")
    ideal = {"spike at 0": 0.002, "spike at -1": 1.78}
    checked(
        figures.figure_other_shapes(ideal, fitted), figures.figure_other_shapes, "spike at 0 0.002", "momentum 0.01"
    )
    assert "came true:** CMR-like: spike at 0; not: spike at -1" in readings.other_shapes(ideal, fitted)[0]
    assert "0.7 instead of 0.01 (seed 0): CMR-like in none of 1 seeds" in readings.scores({0: table})[0]
    assert "1 of 3 heads are CMR-like; the nearest is at 0.3" in readings.before_training({0: [0.3, 0.9, 2.0]})[0]
    checked(figures.figure_recall({0.0: spike(1), 1.0: spike(-1)}), figures.figure_recall, "γ = 0 0, 1")
    checked(figures.figure_distance({0: table}), figures.figure_distance, "2 of 2 heads")
    through = {name: [1.0, 0.1] for name in ("step", "distance", "beta_enc", "beta_rec", "gamma")}
    history = pd.DataFrame({"step": [0, 25], "copied_loss": [4.0, 0.5]})
    checked(figures.figure_training({0: through}, {0: history}), figures.figure_training, "seed 0 1, 0.1")
    zeroed = {0: {"heads": ["L2H1"], "intact": 0.2, "like": 4.0, "random": [0.5, 4.5]}}
    checked(figures.figure_causal(zeroed), figures.figure_causal, "seed 0 4, 0.5")
    assert "in the one seed" in readings.corner({0: table})[1]
    came_true, many, others = readings.low_distances({0: table})
    assert "came true:** of 1 heads with a prefix matching of 0.6 or more 1 have" in came_true
    assert "2 of 2 heads have a distance below 0.5, 1 below 0.1" in many
    assert "their largest attention at any lag is at most 0.02" in others
    assert "failed" in readings.low_distances({0: table.assign(distance=0.7)})[0]
    assert "1 of 2 (seed 0, 4 nats)" in readings.causal(zeroed)[0]
    true, told = readings.recall({0.0: spike(1), 1.0: spike(-1)})
    assert "came true" in true and "0: 1.00 and 0.00" in told
    assert (
        "failed:** with the least γ recall goes back with a frequency of 1.00" in readings.recall({0.0: spike(-1)})[0]
    )
