"""The readings of figure 12 tell a path that vanishes from one that stays, and unlearnt from outgrown."""

import math

import numpy as np
import pandas as pd

from induction_heads.papers.singh_2024.readings import direct_effects as readings

SEEN = [0, 10_000, 100_000, 200_000, 1_000_000]
LEARNT = 200_000.0
PAPER = {
    1: pd.DataFrame({"x": [5_000.0, 1_000_000.0], "y": [0.165, 0.0013]}),
    2: pd.DataFrame({"x": [0.0], "y": [1.89]}),
}


def losses(first: list[float], second: list[float], whole: list[float] | None = None) -> pd.DataFrame:
    whole = np.array(whole or [2.0, 1.0, 0.7, 0.28, 0.001])
    return pd.DataFrame({"whole": whole, "no Layer 1": whole + first, "no Layer 2": whole + second}, index=SEEN)


GOOD = losses([-0.1, 0.16, 0.1, 0.05, 0.001], [0.1, 0.4, 0.4, 1.0, 1.9])


def test_an_early_peak_that_vanishes_and_a_growing_layer_2_come_true():
    text = " ".join(readings.reading_12(GOOD, LEARNT, PAPER))
    assert text.count("came true") == 2 and "failed" not in text


def test_a_path_that_stays_or_peaks_late_fails():
    stays, late = [-0.1, 0.16, 0.1, 0.05, 0.02], [-0.1, 0.1, 0.1, 0.16, 0.001]
    for first in (stays, late):
        assert "failed" in readings.reading_12(losses(first, [0.1, 0.4, 0.4, 1.0, 1.9]), LEARNT, PAPER)[0]


def test_a_layer_2_that_does_not_double_fails_and_an_unlearnt_run_is_called_so():
    flat = losses([-0.1, 0.16, 0.1, 0.05, 0.001], [0.1, 0.4, 0.4, 0.5, 0.7])
    assert "failed" in readings.reading_12(flat, LEARNT, PAPER)[1]
    assert "not learnt" in readings.reading_12(GOOD, math.inf, PAPER)[1]


def test_a_path_that_falls_with_the_loss_keeps_its_share_of_it():
    parallel = losses([0.2, 0.1, 0.07, 0.028, 0.0001], [0.1, 0.4, 0.4, 1.0, 1.9])
    assert "keeps its share" in readings.reading_12_log(parallel, LEARNT)[0]
    slower = losses([0.2, 0.1, 0.07, 0.028, 0.0005], [0.1, 0.4, 0.4, 1.0, 1.9])
    assert "its share of what is left grows" in readings.reading_12_log(slower, LEARNT)[0]
    faster = losses([0.2, 0.1, 0.07, 0.028, 0.00001], [0.1, 0.4, 0.4, 1.0, 1.9])
    assert "faster than the loss" in readings.reading_12_log(faster, LEARNT)[0]


def margins(first: list[float]) -> pd.DataFrame:
    whole = np.full(5, 4.0)
    paths = pd.DataFrame({"whole": whole, "no Layer 1": whole - first, "no Layer 2": whole - 3.0}, index=SEEN)
    return pd.concat({"context": paths, "correct": paths}, axis=1)


def test_logits_that_halve_are_unlearnt_and_logits_that_stay_are_outgrown():
    halved = readings.reading_12_logits(margins([0.0, 1.0, 0.9, 0.8, 0.4]))
    assert "came true" in halved[0] and "path is unlearnt" in halved[1]
    stayed = readings.reading_12_logits(margins([0.0, 1.0, 0.9, 0.8, 0.7]))
    assert "failed" in stayed[0] and "outgrown, not unlearnt" in stayed[1]


def test_an_accuracy_that_rises_without_the_path_is_not_called_a_loss():
    assert "0.02 % of the answers are lost" in readings.reading_12_accuracy(0.9999, 0.9997, 0.99999, 0.99986)[0]
    assert "none is lost" in readings.reading_12_accuracy(0.9975, 0.998, 0.99999, 0.99986)[0]
