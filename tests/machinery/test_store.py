"""Runs on disk: whole or not there, checked, resumed, trained once."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from induction_heads.machinery import schedule
from induction_heads.machinery.store import Damaged, Store, read, write
from induction_heads.papers.singh_2024 import runs
from induction_heads.papers.singh_2024.runs import Run
from small import LONG, dataset

RUN = Run(0, classes=11, sequences=1_600, evaluate_every=320, checkpoint_every=640, learning_rate=1e-3)


def store_at(tmp_path: Path) -> Store:
    return Store(tmp_path, dataset())


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def test_a_trained_run_comes_back_as_it_was(tmp_path):
    store = store_at(tmp_path)
    trained = schedule.train([RUN], store)[RUN]
    again = store.load(RUN)
    assert trained.checkpoints == [0, 640, 1280, 1600]
    assert trained.history.equals(again.history) and list(again.history["sequences"]) == [0, 320, 640, 960, 1280, 1600]
    assert all(torch.equal(p, again.at(1600)[name]) for name, p in trained.final.items())
    assert "seed 0" in (store.folder(RUN) / "run.json").read_text()


def test_what_is_trained_is_not_trained_again(tmp_path, monkeypatch):
    store = store_at(tmp_path)
    schedule.train([RUN], store)
    monkeypatch.setattr(schedule, "train_group", lambda *a: pytest.fail("trained again"))
    assert RUN in schedule.train([RUN], store)


@pytest.mark.parametrize("name", ["state.safetensors", "checkpoint-00000640.safetensors"])
def test_a_damaged_file_is_named_and_the_run_trained_again(tmp_path, name):
    store = store_at(tmp_path)
    before = schedule.train([RUN], store)[RUN]
    flip_a_byte(store.folder(RUN) / name)
    with pytest.warns(UserWarning, match=f"damaged.*{name}"):
        after = schedule.train([RUN], store)[RUN]
    assert before.history.equals(after.history)


def test_a_truncated_file_is_damaged(tmp_path):
    write(tmp_path / "x.safetensors", {"a": torch.arange(1000)})
    content = (tmp_path / "x.safetensors").read_bytes()
    (tmp_path / "x.safetensors").write_bytes(content[:-100])
    with pytest.raises(Damaged, match="x.safetensors"):
        read(tmp_path / "x.safetensors")


def test_keys_depend_on_everything_that_determines_a_run_but_its_length(monkeypatch):
    changed = [dataclasses.replace(RUN, **change) for change in ({"init_seed": 1}, {"labels": 10})]
    keys = {run.key("data") for run in (RUN, *changed, *runs.figure_15(5).values())} | {RUN.key("other data")}
    assert len(keys) == 4 + 21
    assert dataclasses.replace(RUN, sequences=3_200).key("data") == RUN.key("data")
    monkeypatch.setattr(type(RUN.family), "version", RUN.family.version + 1)
    assert RUN.key("data") not in keys


LONGER = dataclasses.replace(RUN, sequences=3_000)  # its end lies between evaluations


@pytest.mark.parametrize("order", [(RUN, LONGER), (LONGER, RUN)], ids=["short first", "long first"])
def test_a_longer_run_goes_on_from_a_shorter_one_and_both_are_as_if_alone(tmp_path, order):
    store = store_at(tmp_path / "shared")
    shared = {run: schedule.train([run], store)[run] for run in order}
    assert len(list((tmp_path / "shared").iterdir())) == 1
    for run in order:
        alone = schedule.train([run], store_at(tmp_path / run.sequences.__str__()))[run]
        for found in (shared[run], store.load(run)):
            assert found.history.equals(alone.history) and found.checkpoints == alone.checkpoints
            assert all(torch.equal(p, alone.final[name]) for name, p in found.final.items())


def test_runs_that_differ_in_length_alone_are_trained_in_one_call(tmp_path):
    found = schedule.train([LONGER, RUN], store_at(tmp_path))
    assert [found[run].history["sequences"].iloc[-1] for run in (RUN, LONGER)] == [1_600, 3_008]


def test_a_graft_needs_its_donor(tmp_path):
    graft = dataclasses.replace(RUN, clamps=(runs.Graft(RUN),))
    with pytest.raises(ValueError, match="not trained yet"):
        schedule.train([graft], store_at(tmp_path))


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    import errno

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("induction_heads.machinery.store.save_file", full)
    with pytest.raises(OSError, match="no room on the disk to write .*free some space"):
        write(tmp_path / "x.safetensors", {"a": torch.zeros(1)})
    assert not list(tmp_path.iterdir())


CHILD = """
import sys
from pathlib import Path
from induction_heads.machinery.store import Store
from small import LONG, dataset
from induction_heads.machinery import schedule
from induction_heads.networks import training
training.SAVE_EVERY = 0.0
print("begin", flush=True)
schedule.train([LONG], Store(Path({folder!r}), dataset()))
"""


def child(folder: Path) -> subprocess.Popen:
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CHILD.format(folder=str(folder))]
    return subprocess.Popen(
        command, env=os.environ | paths, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


@pytest.mark.slow
def test_kill_9_at_five_moments_loses_nothing(tmp_path):
    whole = schedule.train([LONG], store_at(tmp_path / "whole"))[LONG]
    store = store_at(tmp_path / "killed")
    unfinished, resumed_from = store.folder(LONG) / "state.safetensors", []
    for pause in (0.0, 0.11, 0.05, 0.23, 0.17):
        process = child(tmp_path / "killed")
        before = unfinished.stat().st_mtime_ns if unfinished.exists() else 0
        while not unfinished.exists() or unfinished.stat().st_mtime_ns == before:
            assert process.poll() is None, "finished before it was killed"
            time.sleep(0.01)
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        resumed_from.append(store.progress(LONG))
    assert resumed_from == sorted(set(resumed_from)), "each time further than before"
    resumed = schedule.train([LONG], store)[LONG]
    assert resumed.history.equals(whole.history)
    assert all(torch.equal(p, whole.final[name]) for name, p in resumed.final.items())
    assert resumed.checkpoints == whole.checkpoints


@pytest.mark.slow
def test_two_processes_train_a_run_once(tmp_path):
    both = [child(tmp_path) for _ in range(2)]
    store = store_at(tmp_path)
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert store.load(LONG) is not None
    about = store.folder(LONG) / "run.json"
    assert about.stat().st_mtime_ns < (store.folder(LONG) / "checkpoint-00000000.safetensors").stat().st_mtime_ns
