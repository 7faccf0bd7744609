"""Figures and readings of Olsson et al. 2022 go by the numbers given."""

import math

import matplotlib
import numpy as np
import pandas as pd
import pytest

from drawn import checked
from induction_heads.papers.olsson_2022 import figures, measures, readings, runs

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
STEPS = np.array([0, 25, 50, 75])


def history(end: float) -> pd.DataFrame:
    loss = np.linspace(4.16, end, len(STEPS))
    others = {"early_loss": 4.2, "late_loss": loss, "prefix_matching": np.linspace(0.04, 0.9, len(STEPS))}
    return pd.DataFrame({"step": STEPS, "copied_loss": loss} | others)


def histories(*names: str) -> dict:
    return {name: {0: history(0.25), 1: history(2.5)} for name in names}


def head_table() -> pd.DataFrame:
    names = [f"L{layer}H{h}" for layer in (1, 2) for h in range(4)]
    one = np.linspace(0, 1, 8)
    columns = {
        "prefix_matching": one,
        "previous_token": one[::-1],
        "copying": one - 1,
        "ov_score": one,
        "qk_trace": one,
    }
    return pd.DataFrame({"layer": [1] * 4 + [2] * 4} | columns, index=names)


LOSSES = {"repeat": 0.5, "early": 4.0, "late": 0.4}
OFF = {
    "repeat": 3.5,
    "early": 4.1,
    "late": 3.4,
    "repeat, preserved": 0.6,
    "early, preserved": 6.0,
    "late, preserved": 1.0,
}


def ablated() -> dict:
    sets = ("L1H0", "L2H3", measures.PREVIOUS_SET, measures.LAYER_1, measures.LAYER_2)
    return {seed: {"intact": LOSSES} | {name: {"heads": 1} | OFF for name in sets} for seed in (0, 1)}


def test_figures_say_what_they_show():
    plain = histories(runs.ONE, runs.TWO, runs.THREE)
    checked(figures.figure_phase_change(plain), figures.figure_phase_change, "2 layers 0.25, 2.5")
    checked(figures.figure_depth(plain), figures.figure_depth, "3 layers 0.9, 0.9")
    every = histories(*runs.SIZES)
    checked(figures.figure_smeared(every), figures.figure_smeared, "1 layer, smeared 0.25")
    checked(figures.figure_ablations(ablated()), figures.figure_ablations, "Layer 2, fully 3, 3")
    checked(figures.figure_heads({0: head_table()}), figures.figure_heads, "The 4 heads")
    halves = {"nothing": [50.0, math.inf], "step 1": [25.0, 30.0]}
    checked(figures.figure_clamped(histories(*halves), halves), figures.figure_clamped, "nothing 50, never")


def test_a_path_turns_by_the_angle_at_its_corner():
    corner = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert figures.turn(corner) == pytest.approx(90)
    assert figures.turn(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])) == pytest.approx(0)
    paths = {runs.ONE: corner, runs.TWO: -corner}
    checked(figures.figure_loss_paths(paths, 0), figures.figure_loss_paths, "1 layer 90")
    (failed, apart) = readings.loss_paths(paths)
    assert "failed:** the largest turn of each path is 1 layer 90° and 2 layers 90°" in failed
    assert "Furthest apart at the end are 1 layer and 2 layers, by 2.83 nats" in apart


def test_one_layer_goes_straight_where_the_others_turn_to_one_end():
    straight = np.array([[0.0, 0.0], [-1.0, 0.0], [-2.0, 0.1]])
    corner = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0]])
    (came_true, _) = readings.loss_paths({runs.ONE: straight, runs.TWO: corner, runs.THREE: corner + 0.1})
    assert "came true" in came_true and "that copy are at most 0.141 nats apart" in came_true
    (failed, _) = readings.loss_paths({runs.ONE: straight, runs.TWO: corner, runs.THREE: corner - 5})
    assert "failed" in failed


def test_principal_components_are_the_directions_in_which_rows_differ_most():
    rows = np.array([[0.0, 0.0, 5.0], [3.0, 0.0, 5.0], [0.0, 1.0, 5.0], [3.0, 1.0, 5.0]])
    found = measures.principal({"a": rows[:2], "b": rows[2:]})
    assert np.abs(found["a"][:, 0]).tolist() == pytest.approx([1.5, 1.5])
    assert np.abs(found["b"][:, 1]).tolist() == pytest.approx([0.5, 0.5])


def test_readings_tell_the_numbers():
    assert "at steps" in readings.window(histories(runs.TWO), runs.TWO)[0]
    assert "never (seed 1)" in readings.window(histories(runs.TWO), runs.TWO)[0]
    (first, second, _) = readings.single_heads(ablated(), {0: head_table()})
    assert "L1H0, +3.00 nats (seed 0)" in first and "goes from 0.571 to 1" in second
    (better, parts) = readings.misleading_score(ablated())
    assert "looks better in all 2 seeds" in better and "score -3.60 before, -5.00 after" in parts
    assert "L2H3 0.00, the others -1.00 to -0.14 (seed 0)" in readings.copying({0: head_table()})[0]
    assert "nothing: 1 of 2 seeds half way" in readings.clamped({"nothing": [50.0, math.inf]})[0]
    (failed,) = readings.depth(histories(runs.ONE, runs.TWO))
    assert "failed:** by seed, 1 layer 0.9 and 0.9; 2 layers 0.9 and 0.9." in failed
    low = {0: history(4.0).assign(prefix_matching=0.05)}
    assert "came true" in readings.depth({runs.ONE: low} | histories(runs.TWO))[0]
    (attends, others) = readings.wording({0: {-1: 0.01, 0: 0.02, 1: 0.9}})
    assert "0.01, 0.02, 0.9 at lags -1, +0, +1 (seed 0)" in attends and "would be 0.02 at most" in others
