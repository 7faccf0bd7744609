"""Training of many runs as one batch gives what each gives alone, however it is done."""

import dataclasses
import math

import pytest
import torch

from induction_heads.machinery.run import State
from induction_heads.networks import clamps, training
from induction_heads.networks.clamps import (
    Graft,
    InductionAttention,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreviousTokenAttention,
)
from induction_heads.networks.generator import TRUNCATED_STD
from induction_heads.networks.model import Sequences
from induction_heads.networks.run import Run, Schedule, initial
from induction_heads.networks.sequences import BATCH, EVALUATION_SETS
from induction_heads.networks.training import Group
from small import dataset

SHORT = Run(0, classes=11, sequences=640, evaluate_every=320, learning_rate=1e-3)
MIXED = [
    SHORT,
    dataclasses.replace(SHORT, init_seed=1),
    dataclasses.replace(SHORT, clamps=(PreviousTokenAttention(("L1H2",)),)),
    dataclasses.replace(SHORT, clamps=(PerfectMatch("L2H3", 0.7),)),
    dataclasses.replace(SHORT, clamps=(PerfectLayer1(), PerfectCopy("L2H1"))),
    dataclasses.replace(SHORT, labels=10, clamps=(PerfectLayer1(),)),
    dataclasses.replace(SHORT, classes=17, stream_seed=3),
]


def group(runs: list[Run]) -> Group:
    data = dataset()
    return Group(runs, [training.begin(run, data) for run in runs], data, {})


def trained(runs: list[Run]) -> list[State]:
    return group(runs).train()


def assert_same(a: State, b: State, **tolerance) -> None:
    for name in a.learnt:
        torch.testing.assert_close(a.learnt[name], b.learnt[name], **tolerance, msg=lambda m, name=name: f"{name}: {m}")
    torch.testing.assert_close(torch.tensor(a.history), torch.tensor(b.history), equal_nan=True, **tolerance)


@pytest.mark.parametrize(
    "together, exactly", [(MIXED[:-1], True), (MIXED, False)], ids=["equal classes", "tables padded"]
)
def test_a_run_is_the_same_alone_and_among_others(together, exactly):
    exactly = exactly and group(together).clamped is not None  # PyTorch's sums depend on what else is there
    for run, found in zip(together, trained(together), strict=True):
        assert_same(trained([run])[0], found, **{"rtol": 0, "atol": 0} if exactly else {"rtol": 1e-3, "atol": 1e-5})


def test_a_run_of_which_enough_is_known_leaves_and_changes_nothing_for_the_others():
    """A run that is given the answer learns it long before the others."""
    quick = dataclasses.replace(SHORT, sequences=6_400, clamps=(PerfectMatch("L2H3"),), until_learnt=True)
    slow = dataclasses.replace(quick, init_seed=1, clamps=(PreviousTokenAttention(("L1H2",)),))
    heard = []
    first, second = group([quick, slow]).train(lambda step, losses: heard.append(losses.shape))
    assert first.progress < second.progress and {runs for runs, _ in heard} == {1, 2}
    assert sum(steps for runs, steps in heard if runs == 2) * BATCH == first.progress
    assert sum(steps for _, steps in heard) * BATCH == second.progress
    for run, found in ((quick, first), (slow, second)):
        (alone,) = trained([run])
        assert alone.progress == found.progress
        assert_same(alone, found, rtol=0, atol=0)


def test_the_same_command_twice_gives_the_same_numbers():
    for a, b in zip(trained(MIXED[:3]), trained(MIXED[:3]), strict=True):
        assert_same(a, b, rtol=0, atol=0)


def test_heads_that_are_left_out_stay_where_they_were():
    run = dataclasses.replace(SHORT, clamps=(Only(("L2H3",)),))
    before, after = training.begin(run, dataset()).learnt, trained([run])[0].learnt
    changed = (before["blocks.1.W_V"] != after["blocks.1.W_V"]).flatten(1).any(1)
    assert changed.tolist() == [False, False, False, True, False, False, False, False]


def test_leaving_heads_out_is_the_same_training():
    run = dataclasses.replace(SHORT, clamps=(Only(("L2H3",)),))
    whole = group([run])
    state = whole.states[0]
    whole.networks = [clamps.Network.of(state.learnt)]
    whole.clamps, whole.clamped = clamps.combine([run.clamps], whole.networks), None
    whole.parameters = whole._stack([state.learnt], clamps.NO_LOGIT)
    whole.adam = training.optimiser.Adam.at_start(whole.parameters)
    assert_same(trained([run])[0], whole.train()[0], rtol=1e-3, atol=1e-5)


def test_training_in_cpp_is_that_in_pytorch():
    fast, plain = group(MIXED), group(MIXED)
    if fast.clamped is None:
        pytest.skip("no C++ compiler")
    plain.clamped = None
    for a, b in zip(fast.train(), plain.train(), strict=True):
        assert_same(a, b, rtol=2e-3, atol=1e-3)  # an accuracy may differ by a sequence


def test_a_clamp_that_the_kernels_do_not_know_is_trained_in_pytorch():
    (state,) = trained([dataclasses.replace(SHORT, clamps=(InductionAttention(("L2H1",)),))])
    assert group([dataclasses.replace(SHORT, clamps=(InductionAttention(("L2H1",)),))]).clamped is None
    assert len(state.history) == 3 and all(math.isfinite(row[1]) for row in state.history)


@pytest.mark.parametrize(
    "alone, in_cpp", [((), True), (("L1H2", "L2H0"), False)], ids=["all heads", "fewer heads than are grafted"]
)
def test_a_grafted_layer_1_in_cpp_is_that_in_pytorch(alone, in_cpp):
    donor = dataclasses.replace(SHORT, init_seed=4)
    run = dataclasses.replace(SHORT, clamps=(Graft(donor), *([Only(alone)] if alone else [])))
    data = dataset()
    groups = [
        Group([run], [training.begin(run, data)], data, {donor: training.begin(donor, data).learnt}) for _ in range(2)
    ]
    if groups[0].clamped is None and in_cpp:
        pytest.skip("no C++ compiler")
    assert (groups[0].clamped is not None) == in_cpp
    groups[1].clamped = None
    assert_same(groups[0].train()[0], groups[1].train()[0], rtol=2e-3, atol=1e-3)


def test_exemplars_that_no_sequence_of_a_step_has_change_nothing():
    few, many = group([SHORT]), group([SHORT])
    if few.clamped is None:
        pytest.skip("no C++ compiler")
    table = many.evaluation_features["train"]
    unused = torch.full((1, 64, table.shape[2]), math.nan)  # whole vectors: sums are in the same order
    many.evaluation_features["train"] = torch.cat([table, unused], 1)
    batches = Sequences(*(tensor[:, :5] for tensor in few.blocks(0)))
    assert torch.equal(few.steps(batches), many.steps(batches))
    for name, p in few.parameters.items():
        assert torch.equal(p, many.parameters[name]), name


@pytest.mark.parametrize("kinds", [(), (PerfectLayer1(),), (PreviousTokenAttention(("L1H2",)), PerfectCopy("L2H1"))])
def test_what_a_sequence_is_answered_does_not_depend_on_the_others(kinds):
    here = group([dataclasses.replace(SHORT, clamps=kinds)])
    if here.clamped is None:
        pytest.skip("no C++ compiler")
    which = here.evaluation_sets["train"]  # whose beginnings are shared by many
    together = here.logits("train", which)
    for n in (1, 7, 130):
        some = Sequences(*(tensor[:, 100 : 100 + n] for tensor in which))
        assert torch.equal(here.logits("train", some), together[:, 100 : 100 + n])


def test_an_exemplar_label_or_pair_that_is_not_there_is_named():
    here = group([SHORT])
    if here.clamped is None:
        pytest.skip("no C++ compiler")
    exemplar, label, match = (tensor[:, :1] for tensor in here.blocks(0))
    with pytest.raises(IndexError, match="exemplar: expected a number below 11, got 11"):
        here.steps(Sequences(exemplar * 0 + 11, label, match))
    with pytest.raises(IndexError, match="label: expected a number below 5, got -1"):
        here.steps(Sequences(exemplar, label * 0 - 1, match))
    with pytest.raises(IndexError, match="match: expected a number below 2, got 2"):
        here.steps(Sequences(exemplar, label, match * 0 + 2))


def test_the_loss_falls():
    history = trained([dataclasses.replace(SHORT, sequences=3_200, clamps=(PerfectMatch("L2H3"),))])[0].history
    assert history[0][1] > math.log(5) - 0.2 and history[-1][1] < 0.75 * history[0][1]


def test_sets_are_evaluated_on_schedule():
    run = dataclasses.replace(SHORT, sequences=10_000, evaluate_every=1_000)
    at = Schedule.of(run)
    assert run.steps == 313 and len(at.train) == 11 and sorted(at.others) == sorted(at.once_learnt) == [0, 157, 313]
    assert {32 * step for step in at.train} >= {0, 1024, 2016, 3008, 10016}
    assert at.checkpoints == {313}
    clamped = Schedule.of(dataclasses.replace(run, clamps=(PerfectMatch("L2H3"),)))
    assert (clamped.train, clamped.once_learnt, sorted(clamped.others)) == (at.train, at.once_learnt, [0, 313])
    at = Schedule.of(Run(5, checkpoint_every=10_000).scaled(25))
    assert sorted(at.others) == sorted(at.train)[:: training.SCALED_SAVING] + [1_250]


def test_a_run_that_has_learnt_is_evaluated_less_often(monkeypatch):
    """Alone or beside others, stored or not."""
    monkeypatch.setattr("induction_heads.networks.run.LEARNT_EVERY", 640)
    monkeypatch.setattr("induction_heads.networks.run.OTHER_SETS_UNDER_CLAMPS_EVERY", 1_280)
    quick = dataclasses.replace(SHORT, sequences=9_600, clamps=(PerfectMatch("L2H3"),))
    slow = dataclasses.replace(SHORT, sequences=9_600, clamps=(PerfectMatch("L2H3", 0.5),))
    at, when = Schedule.of(quick), []
    for run, state in zip((quick, slow), trained([quick, slow]), strict=True):
        assert_same(trained([run])[0], state, rtol=0, atol=0)
        assert run.family.rows(run, state.history) == state.history
        steps = [round(row[0] / BATCH) for row in state.history]
        when.append(next(step for i, step in enumerate(steps) if run.has_learnt(state.history[: i + 1])))
        assert steps == sorted(n for n in at.train if n <= when[-1] or n in at.once_learnt)
        others = [step for step, row in zip(steps, state.history, strict=True) if math.isfinite(row[3])]
        assert others == sorted(at.others)
    assert when[0] < when[1] < quick.steps


def test_initial_weights_have_the_stated_spread():
    run = Run(3)
    parameters = initial(run, 512)
    for name, fan_in in (("W_exemplar", 512), ("blocks.0.W_Q", 64), ("blocks.1.W_O", 64)):
        assert parameters[name].std().item() == pytest.approx(fan_in**-0.5, rel=0.03)
        assert parameters[name].abs().max() <= 2 / TRUNCATED_STD * fan_in**-0.5
    assert parameters["W_label"].abs().max() <= 0.04
    assert torch.equal(parameters["W_exemplar"], initial(dataclasses.replace(run, labels=15), 512)["W_exemplar"])


def test_a_loss_that_is_not_a_number_names_the_run():
    data = dataset()
    state = training.begin(SHORT, data)
    state.learnt["W_U"][:] = math.nan
    with pytest.raises(FloatingPointError, match="seed 0.*train loss is nan"):
        Group([SHORT], [state], data, {}).train()


def test_accuracy_and_loss_are_recorded_for_every_set():
    row = dict(zip(training.HISTORY, trained([SHORT])[0].history[-1], strict=True))
    for name in EVALUATION_SETS:
        assert 0 <= row[f"{name}_accuracy"] <= 1 and 0 < row[f"{name}_loss"] < 5
