"""What draws itself and what trains side by side in a lesson: points, words for a picture, the same numbers again."""

import dataclasses

import pytest
import torch

from induction_heads import data
from induction_heads.course import live
from induction_heads.networks import model
from induction_heads.networks.clamps import Only
from induction_heads.networks.run import Run

SHORT = Run(3, sequences=1_280, evaluate_every=640, checkpoint_every=640, learning_rate=1e-3)


@pytest.fixture(scope="module")
def characters():
    return dataclasses.replace(data.load("characters"), images=None)


@pytest.fixture
def watch(monkeypatch):
    monkeypatch.setattr(live.Watch, "_show", lambda self: None)
    return live.Watch("loss (nats)", {"ln 2": 0.69})


def test_a_picture_is_told_in_words(watch):
    for x, y in ((0, 1.6), (640, 1.4), (1_280, 0.7), (1_920, 0.5)):
        watch.add("seed 1", x, y)
    assert watch.alt == "loss (nats) by sequences seen: seed 1 from 1.6 to 0.5 after 1,920, half way at 1,280."
    assert [line.get_label() for line in watch.figure().axes[0].lines[1:]] == ["seed 1"]


def test_a_curve_that_rises_is_half_way_from_below(watch):
    for x, y in ((0, 0.0), (640, 0.2), (1_280, 0.7), (1_920, 0.9)):
        watch.add("L2H3", x, y)
    assert watch.alt.endswith("L2H3 from 0 to 0.9 after 1,920, half way at 1,280.")


def test_curves_are_told_apart_without_colour(watch):
    for i in range(2 * len(live.DASHES)):
        watch.add(f"seed {i}", 0, 1.6)
    drawn = watch.figure().axes[0].lines[1:]
    assert len({(line.get_linestyle(), line.get_marker()) for line in drawn}) == len(drawn) == 8


def test_runs_of_different_shapes_train_and_keep_their_names_and_checkpoints(watch, characters):
    runs = {"one head": dataclasses.replace(SHORT, clamps=(Only(("L2H1",)),)), "all heads": SHORT}
    found = live.train(runs, characters, watch)
    assert list(found) == list(runs) and {name: one.run for name, one in found.items()} == runs
    for name, one in found.items():
        assert watch.curves[name][0] == one.history["sequences"].tolist() == [0, 640, 1_280]
        assert list(one.checkpoints) == [0, 640, 1_280]
        assert torch.equal(one.checkpoints[1_280]["W_U"], one.parameters["W_U"])
        assert not torch.equal(one.checkpoints[0]["W_U"], one.parameters["W_U"])


def test_hooks_that_change_nothing_train_as_none_do(watch, characters):
    hooks = {"none": lambda batch: model.unclamped, "the same": lambda batch: lambda site, here, seen: here * 1}
    found = live.train_under(hooks, characters, 50, 1e-3, watch)
    (seen, one), (_, other) = found.values()
    assert seen.tolist() == [0, 1_600] and one[1] < one[0]
    assert one == pytest.approx(other, abs=1e-4)


def test_training_under_a_hook_ends_where_its_loss_is_low_enough(watch, characters):
    for name, until, seen in (("goes on", 0.1, [0, 1_600]), ("ends", 5.0, [0])):
        found = live.train_under({name: lambda batch: model.unclamped}, characters, 50, 1e-3, watch, until)
        assert found[name][0].tolist() == seen
