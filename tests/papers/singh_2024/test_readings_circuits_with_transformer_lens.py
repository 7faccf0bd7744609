"""Readings of circuits in the weights call a failed prediction failed, and say what came instead."""

import numpy as np
import torch

from induction_heads.papers.singh_2024.readings import circuits_with_transformer_lens as readings

TRUE, FALSE = "**The prediction came true:**", "**The prediction failed:**"


def test_a_detector_that_names_other_heads_fails():
    def read(previous: str, induction: str) -> str:
        detected = {"previous token head": [previous, "L1H6"], "induction head": [induction]}
        return " ".join(readings.reading_patterns(detected, ["L1H0", "L1H2"], "L2H4"))

    assert TRUE in read("L1H2", "L2H4") and "2 best previous-token heads 1 are" in read("L1H2", "L2H4")
    assert FALSE in read("L1H5", "L2H4") and FALSE in read("L1H2", "L2H3")


def test_a_match_has_to_be_there_and_to_be_what_is_measured():
    assert TRUE in readings.reading_match(0.95, 0.9, 0.8, 5.0, 0.5, 50, 8)[0]
    assert "2,450 comparisons" in readings.reading_match(0.95, 0.9, 0.8, 5.0, 0.5, 50, 8)[0]
    assert FALSE in readings.reading_match(0.85, 0.9, 0.8, 5.0, 0.5, 50, 8)[0]
    assert FALSE in readings.reading_match(0.95, 0.9, 0.6, 5.0, 0.5, 50, 8)[0]


def test_a_copy_by_the_embedding_alone_fails_the_prediction():
    through = readings.reading_copy(np.array([[0.6, 0.5], [1.0, 0.9]]), 0, 0.15, 5.75)
    assert TRUE in through[0] and "V-composition" in through[2] and "0.15, and Layer 1 adds 5.75" in through[1]
    straight = readings.reading_copy(np.array([[1.0], [1.0]]), 0, 0.15, 5.75)
    assert FALSE in straight[0] and "no way that Figure 1 does not draw" in straight[2]
    neither = readings.reading_copy(np.array([[0.6], [0.7]]), 0, 0.15, 5.75)
    assert FALSE in neither[0] and "does not copy" in neither[2]


def test_one_circuit_with_negative_eigenvalues_fails():
    assert TRUE in readings.reading_eigenvalues({"match": [0.2, 0.95], "copy": [0.1, 0.86]})[0]
    assert FALSE in readings.reading_eigenvalues({"match": [0.2, 0.95], "copy": [0.1, 0.84]})[0]


def test_layer_1_that_brings_something_fails():
    layer_2 = np.array([4.0, 2.0, 0.1])
    first, second = readings.reading_attribution(0.1, layer_2, 6.2, 0.95)
    assert TRUE in first and "2 of 3 heads" in second
    assert FALSE in readings.reading_attribution(0.5, layer_2, 6.2, 0.95)[0]
    assert FALSE in readings.reading_attribution(0.1, layer_2, 6.2, 0.85)[0]


def test_scores_that_predict_the_wiring_fail():
    brought = {"embedding": 1.0, "L1H0": 2.0, "L1H1": 1.0}
    first, second = readings.reading_composition(brought, ["L1H0", "L1H1"], 0.5, 0.9)
    assert TRUE in first and "75 %" in first and "says more than" in second
    assert FALSE in readings.reading_composition(brought, ["L1H0", "L1H1"], 0.75, 0.9)[0]
    assert FALSE in readings.reading_composition(brought, ["L1H1"], 0.5, 0.9)[0]


def test_what_is_restored_elsewhere_fails():
    at = np.array([[0.0, 0.25, 0.0, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0, 0.75]])
    assert TRUE in readings.reading_patching(at)[0] and "0.50 of the answer" in readings.reading_patching(at)[0]
    at[0, 0] = 0.25
    assert FALSE in readings.reading_patching(at)[0]


def test_a_circuit_that_is_there_before_training_fails_the_prediction_of_growth():
    many, few = {"match": 2_450, "copy": 20}, {"match": 0.5, "copy": 0.8}
    first, second = readings.reading_training({"match": 100_000, "copy": 0}, few, 240_000.0, many)
    assert FALSE in first and "Copy is there before training, by a share of 0.80 of 20 comparisons" in second
    both = {"match": 0.5, "copy": 0.5}
    first, second = readings.reading_training({"match": 100_000, "copy": 50_000}, both, 240_000.0, many)
    assert TRUE in first and "begin near guessing" in second
    late, _ = readings.reading_training({"match": 300_000, "copy": 50_000}, both, 240_000.0, many)
    assert FALSE in late


def test_heads_that_work_through_values_fail():
    assert TRUE in readings.reading_clamped(1.0, 0.7, 0.99, 0.72, ["L1H0"])[0]
    assert FALSE in readings.reading_clamped(1.0, 0.7, 0.8, 0.75, ["L1H0"])[0]


def test_a_diagonal_of_three_above_ones_is_two_above_the_rest():
    from induction_heads.papers.singh_2024 import circuits

    assert circuits.above_the_rest(torch.ones(5, 5) + 2 * torch.eye(5)) == 2
