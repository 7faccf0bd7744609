"""Sequences with triggers: outputs that keep to their trigger, counts by hand, and a language that is one."""

import numpy as np
import pytest
import torch

from induction_heads.papers.bietti_2023 import data
from induction_heads.papers.bietti_2023.data import TRIGGERS, VOCABULARY, Language


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_rows_of_the_language_are_distributions_of_its_own_seed():
    rows = Language(3, True).bigrams
    assert rows.sum(1) == pytest.approx(np.ones(VOCABULARY)) and (rows >= 0).all()
    assert np.array_equal(rows, Language(3, False).bigrams) and not np.array_equal(rows, Language(4, True).bigrams)


def test_frequencies_follow_zipfs_law():
    frequencies = Language(0, True).unigrams
    assert frequencies[0] / frequencies[4] == pytest.approx(5)


def test_fixed_triggers_are_the_most_frequent_tokens_and_drawn_ones_all_differ():
    assert Language(0, True).triggers(rng(), 2).tolist() == [[0, 1, 2, 3, 4]] * 2
    drawn = Language(0, False).triggers(rng(), 400)
    assert all(len(set(row)) == TRIGGERS for row in drawn.tolist())
    assert (drawn == 0).any(1).mean() > (drawn == 40).any(1).mean()


def test_what_follows_a_trigger_is_always_the_same_in_its_sequence():
    sequences = Language(0, True).drawn(rng(), 20)
    assert sequences.told.any(1).all()
    outputs = set()
    for tokens, targets in zip(sequences.tokens, sequences.targets, strict=True):
        for trigger in range(TRIGGERS):
            found = set(targets[tokens == trigger].tolist())
            assert len(found) <= 1
            outputs |= {(trigger, output) for output in found}
    assert len({output for trigger, output in outputs if trigger == 0}) > 5  # drawn for each sequence


def test_the_context_tells_from_the_second_occurrence_on():
    sequences = Language(0, True).drawn(rng(), 20)
    again = torch.from_numpy(data.occurrences(sequences.tokens.numpy()) >= 2)
    assert torch.equal(sequences.told, again & (sequences.tokens < TRIGGERS))


def test_occurrences_by_hand():
    assert data.occurrences(np.array([[7, 2, 7, 7, 2]])).tolist() == [[1, 1, 2, 3, 2]]


def test_targets_are_the_tokens_one_on():
    sequences = Language(0, False).drawn(rng(), 3, length=11)
    assert sequences.tokens.shape == (3, 11)
    assert torch.equal(sequences.tokens[:, 1:], sequences.targets[:, :-1])


def test_other_tokens_follow_the_bigrams():
    language = Language(0, True)
    sequences = language.drawn(rng(), 3000, length=20)
    after = sequences.targets[sequences.tokens == 7]
    share = np.bincount(after.numpy(), minlength=VOCABULARY) / len(after)
    assert share == pytest.approx(language.bigrams[7], abs=0.05)
