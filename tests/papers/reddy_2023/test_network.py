"""The task and the network: what stands where, and a circuit set by hand that answers from context."""

import dataclasses

import pytest
import torch

from induction_heads.papers.reddy_2023 import network, task
from induction_heads.papers.reddy_2023.network import InContext, LabelsClamped
from induction_heads.papers.reddy_2023.task import CONTENT, LABELS, LENGTH, PAIRS, SLOTS, WIDTH, Classes

KNOWN = Classes.drawn(40, 11, torch.Generator().manual_seed(0))
ORTHOGONAL = Classes(torch.eye(CONTENT)[:20], torch.eye(CONTENT)[20:31])
QUIET = InContext(2, 3, classes=20, labels=11, tests=10, evaluate_every=2)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_bursts_show_each_class_so_many_times_and_the_target_is_among_them():
    context, target = task.drawn(30, 1000, 4, generator())
    assert all(
        set(row.tolist()) >= {int(t)} and len(set(row.tolist())) <= 2 for row, t in zip(context, target, strict=True)
    )
    assert (context.sort(1).values[:, [0, 4]] == context.sort(1).values[:, [3, 7]]).all()


def test_no_label_stands_twice_where_each_stands_once():
    context, target = task.each_label_once(20, 24, 8, generator())
    assert torch.equal((context % 8).sort(1).values, torch.arange(8).expand(20, -1))
    assert (context == target[:, None]).any(1).all() and context.max() >= 16
    with pytest.raises(ValueError, match="got 20 and 8"):
        task.each_label_once(2, 20, 8, generator())


def test_a_burst_that_does_not_divide_the_pairs_is_refused():
    with pytest.raises(ValueError, match="a burst that divides 8 pairs, got 3"):
        task.drawn(2, 10, 3, generator())


def test_pairs_of_item_and_label_then_the_target_and_positions_in_a_row():
    context, target = task.drawn(5, 40, 1, generator())
    found = task.batch(KNOWN, context, target, 0, generator())
    assert found.tokens.shape == (5, 17, WIDTH)
    assert torch.equal(found.tokens[:, 1::2, SLOTS:], KNOWN.labels[context % 11])
    assert torch.equal(found.answer, target % 11)
    places = found.tokens[:, :, :SLOTS].argmax(-1)
    assert (places.diff(dim=1) == 1).all() and (found.tokens[:, :, :SLOTS].sum(-1) == 1).all()
    cosine = torch.cosine_similarity(found.tokens[:, -1, SLOTS:], KNOWN.items[target], dim=-1)
    assert (cosine > 0.95).all()


def test_shifted_labels_are_asked_for_as_they_are_shown():
    context, target = task.drawn(5, 40, 1, generator())
    found = task.batch(KNOWN, context, target, 1, generator())
    assert torch.equal(found.context, (context + 1) % 11) and torch.equal(found.answer, (target + 1) % 11)


def test_four_fifths_of_a_batch_are_fresh():
    known = Classes(torch.full((40, CONTENT), 100.0), KNOWN.labels)
    found = task.training(known, 10, 1, 0.8, generator())
    assert (found.tokens[:, -1, SLOTS:].abs().max(-1).values > 50).sum() == 2


def circuit() -> dict[str, torch.Tensor]:
    """Layer 1 adds the item before to each label (by positions); layer 2 looks for the target's item there."""
    weights = {name: torch.zeros(WIDTH, WIDTH) for name in network.MATRICES}
    positions, content = torch.arange(SLOTS), torch.arange(SLOTS, WIDTH)
    weights["Q1"][positions[1:], positions[:-1]] = 100.0
    weights["K1"][positions, positions] = 1.0
    weights["V1"][content, content] = 1.0
    weights["Q2"][content, content] = 30.0
    weights["K2"][content, content] = 1.0
    weights["V2"][content, content] = 20.0
    for i in range(network.HIDDEN):
        weights |= {f"M{i}": torch.eye(WIDTH), f"b{i}": torch.tensor(50.0 if i == 0 else 0.0)}
    return weights | {"out": torch.cat([torch.zeros(SLOTS, 11), ORTHOGONAL.labels.T])}


def test_a_previous_token_head_and_a_match_attend_to_the_label_of_the_targets_item():
    context = torch.arange(PAIRS).repeat(6, 1)
    target = torch.arange(6)
    found = network.forward(circuit(), task.batch(ORTHOGONAL, context, target, 0, generator()).tokens)
    assert (found.layer_1[:, range(1, 16, 2), range(0, 16, 2)] > 0.99).all()
    pairs = found.layer_2[:, :-1].unflatten(1, (PAIRS, 2)).sum(-1)
    assert (pairs[:, :6].argmax(1) == target).all()


def test_the_clamp_gives_the_pattern_of_a_perfect_previous_token_head():
    context, target = task.drawn(3, 40, 1, generator())
    given = task.batch(KNOWN, context, target, 0, generator())
    weights = network.initial(11, generator())
    free, clamped = (network.forward(weights, given.tokens, held) for held in ((), range(LENGTH)))
    assert (clamped.layer_1[:, range(1, 17), range(16)] == 1).all() and (clamped.layer_1.sum(-1) == 1).all()
    assert (free.layer_1.triu(1) == 0).all() and free.layer_1[:, 1:].max() < 1


def test_clamped_at_labels_alone_items_and_target_look_as_they_would():
    context, target = task.drawn(3, 40, 1, generator())
    given = task.batch(KNOWN, context, target, 0, generator())
    weights = network.initial(11, generator())
    free, clamped = (network.forward(weights, given.tokens, held).layer_1 for held in ((), LABELS))
    assert (clamped[:, LABELS, [label - 1 for label in LABELS]] == 1).all()
    others = [place for place in range(LENGTH) if place not in LABELS]
    assert torch.equal(clamped[:, others], free[:, others])
    assert LabelsClamped(**dataclasses.asdict(QUIET)).held == LABELS and not QUIET.held


def test_a_clamped_run_has_the_same_beginning_as_its_twin():
    """The same initialisation and the same first batch; only patterns differ."""
    free, clamped = (network.make(run, lambda steps, loss: None) for run in (QUIET, _clamped()))
    assert free.learnt.keys() == clamped.learnt.keys()
    item = network.COLUMNS.index("item")
    assert clamped.history[0][item] == 1 and free.history[0][item] < 0.9


def _clamped() -> InContext:
    return InContext(2, 3, classes=20, labels=11, tests=10, evaluate_every=2, clamped=True)


def test_the_same_run_gives_the_same_numbers():
    first, second = (network.make(QUIET, lambda steps, loss: None).history for _ in range(2))
    assert first == second and [row[0] for row in first] == [0, 2]
