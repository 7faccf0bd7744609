"""The task: splits, streams and evaluation sets."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from induction_heads.networks import sequences
from induction_heads.networks.sequences import Exemplars, Task
from small import dataset


@pytest.mark.parametrize(("labels", "train", "held_out"), [(5, 8, 2), (10, 36, 9), (15, 84, 21)])
def test_four_fifths_of_the_label_pairs_train(labels, train, held_out):
    sets = Task(labels=labels).label_sets()
    assert [len(s) for s in sets] == [train, held_out]
    assert len({tuple(s) for s in np.concatenate(sets)}) == train + held_out
    assert set(sets[0].ravel()) == set(range(labels))


def test_labels_that_cannot_all_be_trained_on_raise():
    with pytest.raises(ValueError, match="use more labels"):
        Task(labels=2, pairs=1).label_sets()


@pytest.mark.parametrize("pairs", [2, 3])
def test_a_stream_shows_different_classes_and_allowed_labels(pairs):
    task = Task(classes=7, labels=5, pairs=pairs)
    block = sequences.block(task, 0, 0)
    shown = block.exemplar[..., :-1].flatten(0, 1)
    assert all(len(set(row)) == pairs for row in shown[:500].tolist())
    matched = shown.gather(1, block.match.flatten()[:, None])[:, 0]
    assert torch.equal(matched, block.exemplar[..., -1].flatten())
    allowed = {tuple(s) for s in task.label_sets()[0]}
    assert {tuple(sorted(row)) for row in block.label.flatten(0, 1)[:2000].tolist()} == allowed


def test_every_class_and_position_is_equally_likely():
    block = sequences.block(Task(classes=5), 0, 0)
    for counted, n in ((block.exemplar[..., -1], 5), (block.exemplar[..., 0], 5), (block.match, 2)):
        share = counted.flatten().bincount(minlength=n) / counted.numel()
        assert (share - 1 / n).abs().max() < 0.015


def test_a_stream_read_from_the_middle_is_the_same_stream():
    task = Task()
    whole = itertools.islice(sequences.stream(task, 4), 248, 253)
    for a, b in zip(whole, sequences.stream(task, 4, 248), strict=False):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_sequence_is_made_of_its_own_numbers():
    """Sequence 3 of two pairs takes numbers 18 … 23: classes 4, the query's, 2 of 5; pair 1; labels {3, 4}, turned."""
    quarters = np.array([4 / 5, 2 / 4, 1 / 2, 1 / 2, 0.9, 0.1]) + 0.01
    given = (quarters * 2**64).astype(np.uint64)
    asked = []

    def numbers(stream: int, count: int, first: int) -> np.ndarray:
        asked.append((stream, count, first))
        return given

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequences, "numbers", numbers)
        shown, labels, match = sequences.draw(7, 3, 1, 5, np.array([[0, 1], [3, 4]]))
    assert asked == [(7, 6, 18)]
    assert shown.tolist() == [[2, 4, 4]] and labels.tolist() == [[4, 3]] and match.tolist() == [1]


def test_streams_differ_by_seed_and_not_by_anything_else():
    a, b, c = (sequences.block(Task(), seed, 0).exemplar for seed in (0, 0, 1))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_evaluation_sets_show_what_their_names_say():
    task, data = Task(classes=11), dataset()
    exemplars = Exemplars.of(data, task)
    assert torch.equal(exemplars.train, torch.from_numpy(data.features[:11, 0]))
    assert torch.equal(exemplars.tables["unseen_classes"], torch.from_numpy(data.features[11:, 0]))
    assert torch.equal(exemplars.tables["held_out_exemplars"][2 * 3 + 1], torch.from_numpy(data.features[3, 2]))
    train, held_out = ({tuple(s) for s in sets} for sets in task.label_sets())
    for name in (*sequences.EVALUATION_SETS, sequences.SAME_DRAWING):
        found = sequences.evaluation_set(name, task, exemplars, 1)
        assert found.exemplar.shape == (1, 1000, 3) and found.exemplar.max() < len(exemplars.tables[name])
        labels = {tuple(sorted(row)) for row in found.label[0].tolist()}
        assert labels == (held_out if name == "held_out_label_pairs" else train)
        shown, query = found.exemplar[0].gather(1, found.match[0][:, None])[:, 0], found.exemplar[0, :, -1]
        if name == "held_out_exemplars":
            assert torch.equal(shown // 2, query // 2)  # rows 2c and 2c + 1 are the held-out drawings of class c
        else:
            assert torch.equal(shown, query)


def test_held_out_exemplars_are_drawn_for_every_token_alone():
    task = Task(classes=11)
    exemplars = Exemplars.of(dataset(exemplars=8), task)  # seven held out
    found = sequences.evaluation_set("held_out_exemplars", task, exemplars, 1, n=7_000)
    shown, query = found.exemplar[0].gather(1, found.match[0][:, None])[:, 0] % 7, found.exemplar[0, :, -1] % 7
    pairs = (7 * shown + query).bincount(minlength=49) / 7_000
    assert (pairs - 1 / 49).abs().max() < 0.007  # all pairs of drawings are equally likely, equal ones too


def test_the_easier_set_shows_every_held_out_drawing_and_a_class_by_one_of_them():
    task = Task(classes=11)
    exemplars = Exemplars.of(dataset(exemplars=8), task)
    found = sequences.evaluation_set(sequences.SAME_DRAWING, task, exemplars, 1)
    assert set(found.exemplar.flatten().tolist()) == set(range(7 * 11))
    assert all(len(set(row)) == 2 for row in found.exemplar[0].tolist())


def test_the_exhaustive_set_of_the_paper_has_78400_sequences():
    every = sequences.exhaustive(Task())
    assert every.exemplar.shape == (1, 78_400, 3)
    rows = torch.cat([every.exemplar[0], every.label[0]], 1)
    assert len(rows.unique(dim=0)) == 78_400


def test_too_few_classes_say_how_many_there_are():
    with pytest.raises(ValueError, match="random has 40 classes: 39 for training leave 1"):
        Exemplars.of(dataset(), Task(classes=39))


def test_one_exemplar_a_class_is_not_enough():
    with pytest.raises(ValueError, match="give at least 2"):
        Exemplars.of(replace(dataset(), features=dataset().features[:, :1]), Task(classes=11))


def test_an_unknown_set_is_named():
    with pytest.raises(ValueError, match="got 'test'"):
        sequences.evaluation_set("test", Task(classes=11), Exemplars.of(dataset(), Task(classes=11)), 1)
