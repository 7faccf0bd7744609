"""Readings and figures of one pass of one network: they say what came out, also where a prediction failed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from induction_heads.papers.singh_2024.figures import the_network as figures
from induction_heads.papers.singh_2024.figures.the_task import ShownSequence
from induction_heads.papers.singh_2024.readings import the_network as readings

TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
SHOWN = ShownSequence(np.zeros((3, 7, 11), np.uint8), [4, 2], 2)  # x1 4 x2 2 xq -> 2


def test_what_was_computed_twice_is_the_same_up_to_a_millionth():
    assert readings.reading_same({"a": 0.0, "b": 9e-7}, "sites")[0].startswith(TRUE)
    (sentence,) = readings.reading_same({"a": 2e-6, "b": 0.0}, "sites")
    assert sentence.startswith(FAILED) and "2 sites is 2.0e-06, at `a`" in sentence


def test_heads_that_attend_as_the_circuit_needs_are_named():
    first, second = readings.reading_patterns(np.array([0.1, 0.8]), np.array([0.9, 0.7]))
    assert first.startswith(TRUE) and "L1H1 (0.80)" in first and "L1H0" not in first
    assert "2 heads of Layer 2" in second


@pytest.mark.parametrize(("previous", "correct", "layer"), [([0.1, 0.5], [0.9, 0.2], 1), ([0.9, 0.2], [0.3, 0.4], 2)])
def test_a_layer_without_such_a_head_fails_the_prediction(previous, correct, layer):
    (sentence,) = readings.reading_patterns(np.array(previous), np.array(correct))
    assert sentence.startswith(FAILED) and f"no head of Layer {layer} does" in sentence


def test_a_row_by_hand_that_is_too_far_off_fails():
    computed = np.array([0.1, 0.7, 0.1, 0.1, 0.0])
    near, place = readings.reading_by_hand(computed + [0, 0.04, -0.04, 0, 0], computed, 1)
    assert near.startswith(TRUE) and "0.74, is on the correct label token" in place
    far, place = readings.reading_by_hand(np.array([0.1, 0.3, 0.1, 0.5, 0.0]), computed, 1)
    assert far.startswith(FAILED) and "token 3, which is not the correct label" in place


def test_a_clamp_that_makes_the_sequence_dearer_fails_the_prediction():
    assert readings.reading_clamp(0.2, 0.1)[0].startswith(TRUE)
    sentence, why = readings.reading_clamp(0.1, 0.2)
    assert sentence.startswith(FAILED) and "from 0.1 to 0.2 nats" in sentence and why


@pytest.mark.parametrize(
    ("head", "others", "came_true"),
    [
        ([0, 0, 0.3, 0.2], [0.1, 0.1, 0.1, 0.1], True),
        ([0, 1e-9, 0.3, 0.2], [0.1, 0.1, 0.1, 0.1], False),  # some gradient flows to W_K
        ([0, 0, 0.0, 0.2], [0.1, 0.1, 0.1, 0.1], False),  # none to W_V
        ([0, 0, 0.3, 0.2], [0.1, 0.0, 0.1, 0.1], False),  # none to W_K of the other heads
    ],
)
def test_only_the_clamped_queries_and_keys_lack_a_gradient(head, others, came_true):
    (sentence,) = readings.reading_gradients({"L2H3": np.array(head), "the others": np.array(others)}, "L2H3")
    assert sentence.startswith(TRUE if came_true else FAILED)


def test_the_figure_of_patterns_says_in_words_what_each_head_attends_to():
    patterns = np.tril(np.ones((2, 3, 5, 5))) / np.arange(1, 6)[:, None]
    drawing = figures.figure_network_patterns(patterns, np.array([0.1, 0.9, 0.2]), np.array([0.3, 0.4, 0.8]), SHOWN)
    assert drawing.name == "figure_network_patterns"
    assert "x1 4 x2 2 xq, whose answer is 2" in drawing.alternative
    assert "L1H1 0.90" in drawing.alternative and "L2H2 0.80" in drawing.alternative
    plt.close(drawing.figure)


def test_the_figure_of_the_clamp_tells_the_correct_labels_weight_and_the_targets_probability():
    before = np.tril(np.ones((5, 5))) / np.arange(1, 6)[:, None]
    after = before.copy()
    after[-1] = [0, 0, 0, 1, 0]
    logits = np.log([[0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.1, 0.6, 0.1, 0.1]])
    drawing = figures.figure_network_clamp(before, after, logits, "L2H1", SHOWN)
    assert drawing.name == "figure_network_clamp"
    assert "0.20 as computed and 1.00 under the clamp" in drawing.alternative
    assert "0.2000 without and 0.6000 with it" in drawing.alternative
    plt.close(drawing.figure)
