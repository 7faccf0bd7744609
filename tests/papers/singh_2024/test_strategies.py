"""What can be had without a trained network, on tasks small enough to count by hand."""

import math

import numpy as np
import pytest
import torch

from induction_heads.networks.model import Sequences
from induction_heads.networks.sequences import Task
from induction_heads.papers.singh_2024 import strategies

TASK = Task(classes=3, labels=5, pairs=2)


def test_a_match_by_hand_is_sure_where_classes_are_orthogonal():
    table = torch.eye(3)
    which = Sequences(torch.tensor([[[2, 0, 2], [0, 1, 1]]]), torch.tensor([[[4, 1], [0, 3]]]), torch.tensor([[0, 1]]))
    assert strategies.match_by_hand(table, which).tolist() == pytest.approx([1 / (1 + math.exp(-30))] * 2)


def test_a_match_by_hand_guesses_between_two_exemplars_that_are_the_same():
    table = torch.ones(2, 7)
    which = Sequences(torch.tensor([[[0, 1, 1]]]), torch.tensor([[[2, 0]]]), torch.tensor([[1]]))
    assert strategies.match_by_hand(table, which).tolist() == pytest.approx([0.5])


def test_cosines_do_not_depend_on_lengths():
    found = strategies.cosines(torch.tensor([[3.0, 0.0], [5.0, 5.0]]))
    assert found.flatten().tolist() == pytest.approx([1, 2**-0.5, 2**-0.5, 1])


def test_every_training_sequence_is_counted_once():
    """3 x 2 ordered pairs of classes, 8 training pairs of labels in two orders, 2 queries."""
    counts = strategies.label_counts(TASK)
    assert counts.shape == (3, 5) and counts.sum() == 6 * 16 * 2


def test_labels_say_nothing_about_classes():
    counts = strategies.label_counts(TASK)
    assert np.ptp(counts, axis=0).max() == 0


def test_no_strategy_without_a_match_is_right_more_than_half_of_the_time():
    table = strategies.compared(TASK, torch.tensor([0.9, 0.8, 0.3]))
    assert table.accuracy["match made by hand"] == pytest.approx(2 / 3)
    assert table.loss["guess between the labels in context"] == pytest.approx(math.log(2))
    assert table.accuracy.drop("match made by hand").max() == pytest.approx(0.5)
    assert table.accuracy["guess among all labels"] == pytest.approx(0.2)
