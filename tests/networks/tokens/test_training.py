"""Runs trained together, apart and in pieces; the optimiser; what a run says of itself."""

import dataclasses
import json
import math

import pytest
import torch

from induction_heads.machinery import schedule
from induction_heads.machinery.run import Hears, State
from induction_heads.machinery.store import Store
from induction_heads.networks.clamps import Ablate, PreviousTokenAttention
from induction_heads.networks.tokens import model, training
from induction_heads.networks.tokens.generators import REP, REP_W, Hapax, Span
from induction_heads.networks.tokens.training import COLUMNS, TOKENS, TokenRun
from induction_heads.networks.tokens.variants import Momentum, ShiftedKeysAndValues

SHORT = TokenRun(0, REP, layers=1, steps=7, evaluate_every=3, checkpoint_every=2)
LOSS = COLUMNS.index("loss")


@pytest.fixture(autouse=True)
def few_sequences_held_out(monkeypatch):
    monkeypatch.setattr(training, "EVALUATION_SEQUENCES", 37)


def go_on(runs, states, progress=lambda done, loss: None, checkpoint=lambda run, step, learnt: None, save=None):
    return TOKENS.train(runs, states, None, {}, "cpu", Hears(progress, checkpoint, save))


def train(*runs: TokenRun, **listeners) -> list[State]:
    return go_on(runs, [TOKENS.begin(run) for run in runs], **listeners)


def same(one: State, other: State) -> bool:
    tensors = zip((one.learnt, one.working), (other.learnt, other.working), strict=True)
    return all(torch.equal(a[name], b[name]) for a, b in tensors for name in a) and json.dumps(
        one.history
    ) == json.dumps(other.history)


def test_a_run_is_the_same_bit_for_bit_whoever_trains_beside_it():
    others = [
        dataclasses.replace(SHORT, init_seed=1, stream_seed=1),
        dataclasses.replace(SHORT, data=REP_W, targets=Hapax()),
        dataclasses.replace(SHORT, clamps=(PreviousTokenAttention("L1H2"), Ablate("L1H0"))),
    ]
    assert len({TOKENS.shape(run, TOKENS.begin(run), "cpu") for run in (SHORT, *others)}) == 1
    together = train(*others[:2], SHORT, others[2])
    (alone,), (backwards, *_) = train(SHORT), train(SHORT, others[0])
    assert same(together[2], alone) and same(backwards, alone)
    assert not same(together[0], alone)


def test_all_runs_may_take_a_step_as_one_batch():
    """As they do on a GPU."""
    runs = [SHORT, dataclasses.replace(SHORT, init_seed=1, data=REP_W, targets=Hapax(), clamps=(Ablate("L1H0"),))]

    def after_two_steps(some):
        part = training.Part(some, [TOKENS.begin(run) for run in some], "cpu")
        part.read_block(0)
        losses = [part.step(place) for place in range(2)]
        part.record(2)
        return torch.stack(losses), torch.tensor([state.history[0] for state in part.states])

    together, alone = after_two_steps(runs), [after_two_steps([run]) for run in runs]
    torch.testing.assert_close(together[0], torch.cat([losses for losses, _ in alone], 1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(together[1], torch.cat([row for _, row in alone]), rtol=1e-3, atol=1e-3)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(monkeypatch):
    kept, saved = [], []
    monkeypatch.setattr(training, "SAVE_EVERY", 0.0)

    class Interrupted(Exception):
        pass

    def save(states):
        saved[:] = [dataclasses.replace(state, history=[*state.history]) for state in states]

    def progress(done, loss):
        steps.append(done)
        if len(steps) == 5:
            raise Interrupted

    steps = []
    with pytest.raises(Interrupted):
        train(SHORT, save=save, progress=progress)
    assert saved[0].progress == 3
    resumed = go_on([SHORT], saved, checkpoint=lambda run, step, learnt: kept.append(step))
    assert same(resumed[0], train(SHORT)[0])
    assert kept == [4, 6, 7]


def test_history_checkpoints_and_reports_come_when_they_should():
    kept, heard = [], []
    other = dataclasses.replace(SHORT, init_seed=1)
    (state, _) = train(
        SHORT,
        other,
        checkpoint=lambda run, step, learnt: kept.append((run, step, learnt)),
        progress=lambda done, loss: heard.append((done, loss.shape)),
    )
    assert [row[0] for row in state.history] == [0, 3, 6, 7]
    assert (
        [step for run, step, _ in kept if run == SHORT]
        == [step for run, step, _ in kept if run == other]
        == [0, 2, 4, 6, 7]
    )
    assert heard == [(2, ())] * 7
    last = next(learnt for run, step, learnt in kept if (run, step) == (SHORT, 7))
    assert all(torch.equal(p, state.learnt[name]) for name, p in last.items())
    assert all(torch.equal(p, TOKENS.begin(SHORT).learnt[name]) for name, p in kept[0][2].items())


def test_a_longer_run_goes_on_from_a_shorter_one_and_leaves_its_end_out(tmp_path):
    longer = dataclasses.replace(SHORT, steps=11)
    store = Store(tmp_path / "both", None)
    both = schedule.train([SHORT, longer], store, workers=1)
    alone = schedule.train([longer], Store(tmp_path / "alone", None), workers=1)[longer]
    assert store.folder(SHORT) == store.folder(longer)
    assert both[SHORT].history["step"].tolist() == [0, 3, 6, 7]
    assert both[longer].history.equals(alone.history)
    assert both[longer].checkpoints == alone.checkpoints == [0, 2, 4, 6, 8, 10, 11]
    assert both[SHORT].checkpoints == [0, 2, 4, 6, 7]
    assert all(torch.equal(p, alone.final[name]) for name, p in both[longer].final.items())


def test_the_first_row_is_of_the_untrained_network():
    (row, *_) = train(SHORT)[0].history
    held_out = REP.held_out(SHORT.evaluation_seed, training.EVALUATION_SEQUENCES)
    sites = model.forward({name: p[None] for name, p in TOKENS.begin(SHORT).learnt.items()}, held_out.tokens[None])
    losses = model.token_losses(sites["logits"], held_out.tokens[None])[0]
    found = dict(zip(COLUMNS, row, strict=True))
    assert found["loss"] == found["counted_loss"] == pytest.approx(losses[:, 1:].mean().item(), rel=1e-5)
    assert found["copied_loss"] == pytest.approx(losses[held_out.copied].mean().item(), rel=1e-5)
    assert found["early_loss"] == pytest.approx(losses[:, 3:8].mean().item(), rel=1e-5)
    assert found["late_loss"] == pytest.approx(losses[:, 48:].mean().item(), rel=1e-5)


def test_steps_are_those_of_pytorch_s_adamw():
    run = dataclasses.replace(SHORT, layers=2, steps=3, variant=ShiftedKeysAndValues())
    parameters = {name: p[None].requires_grad_() for name, p in TOKENS.begin(run).learnt.items()}
    adam = torch.optim.AdamW(parameters.values(), lr=3e-3)
    for tokens in REP.block(0, 0).tokens[:3, None]:
        losses = model.token_losses(model.forward(parameters, tokens, run.variant)["logits"], tokens)
        adam.zero_grad()
        losses[:, :, 1:].mean().backward()
        adam.step()
    (state,) = train(run)
    for name, p in state.learnt.items():
        torch.testing.assert_close(p, parameters[name][0].detach(), rtol=1e-3, atol=2e-5)


def test_hapax_learns_from_what_it_counts_alone():
    """The gradient of a target that does not count is nowhere: another last token, uncounted, changes nothing."""
    run = dataclasses.replace(SHORT, data=REP, targets=Hapax(), steps=1)
    part = training.Part([run], [TOKENS.begin(run)], "cpu")
    part.read_block(0)
    tokens = part.block[0]
    assert not run.targets.counted(tokens)[..., -1].any()
    counted = tokens.clone()
    part.step(0)
    learnt = part.flat.of(0)
    again = training.Part([run], [TOKENS.begin(run)], "cpu")
    again.block = counted[None].clone()
    again._counted = lambda tokens: run.targets.counted(counted)
    again.block[0, ..., -1] = 1
    again.step(0)
    assert all(torch.equal(p, again.flat.of(0)[name]) for name, p in learnt.items())


def test_training_lowers_the_loss():
    run = TokenRun(0, Span(0.3), layers=1, steps=30, evaluate_every=30)
    first, last = (row[LOSS] for row in train(run)[0].history)
    assert last < first - 0.3


def test_a_loss_that_is_no_number_ends_training():
    with pytest.raises(FloatingPointError, match="seed 0, 1 layer"):
        train(dataclasses.replace(SHORT, learning_rate=math.inf))


def test_settings_are_plain_and_leave_the_length_out():
    run = TokenRun(3, Span(0.3, classes=4), variant=Momentum(0.5), clamps=(Ablate(("L1H0",)),), steps=11)
    told = json.loads(json.dumps(run.settings))
    assert "steps" not in told and run.length == 11 and run.needs == ()
    assert told["data"] == {"kind": "Span", "probability": 0.3, "classes": 4}
    assert told["variant"] == {"kind": "Momentum", "gamma": 0.5, "keys_only": False}
    assert told["clamps"] == [{"kind": "Ablate", "heads": ["L1H0"]}]
    assert told == dataclasses.replace(run, steps=13).settings
    assert hash(run) == hash(dataclasses.replace(run))


@pytest.mark.parametrize(
    "change",
    [{"layers": 2}, {"variant": Momentum(1.0)}, {"steps": 8}, {"evaluate_every": 4}, {"learning_rate": 1e-3}],
    ids=str,
)
def test_runs_of_other_shape_are_other_groups(change):
    def shape(run):
        return TOKENS.shape(run, TOKENS.begin(run), "cpu")

    assert shape(SHORT) == shape(dataclasses.replace(SHORT, init_seed=1, data=REP_W, stream_seed=2))
    assert shape(SHORT) != shape(dataclasses.replace(SHORT, **change))


def test_a_run_without_steps_is_refused():
    with pytest.raises(ValueError, match="at least one layer and step"):
        TokenRun(0, REP, steps=0)
