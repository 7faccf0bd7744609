"""Groups of runs, on this machine and on a cluster: how they are grouped and where they train changes nothing."""

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import pytest
import torch

from induction_heads.machinery import schedule
from induction_heads.machinery.store import Store
from induction_heads.networks import training
from induction_heads.papers.singh_2024 import runs
from induction_heads.papers.singh_2024.runs import Run
from small import dataset

SHORT = Run(0, classes=11, sequences=640, evaluate_every=320, learning_rate=1e-3)
EIGHT = [dataclasses.replace(SHORT, init_seed=seed) for seed in range(8)]


def test_runs_of_one_shape_are_grouped_and_others_are_not(tmp_path):
    store = Store(tmp_path, dataset())
    single = dataclasses.replace(SHORT, clamps=(runs.Only(("L2H3",)),))
    other = dataclasses.replace(single, clamps=(runs.Only(("L2H5",)),))
    longer = dataclasses.replace(SHORT, init_seed=8, sequences=960)
    made = schedule.jobs([*EIGHT, single, other, longer], store, "cpu")
    assert sorted(len(job.runs) for job in made) == [1, 2, 4, 4]
    assert {run for job in made for run in job.runs} == {*EIGHT, single, other, longer}


def test_groups_stay_small_on_a_cpu(tmp_path):
    many = [dataclasses.replace(SHORT, init_seed=seed) for seed in range(21)]
    made = schedule.jobs(many, Store(tmp_path, dataset()), "cpu")
    assert sorted(len(job.runs) for job in made) == [3, 3, 3, 4, 4, 4]


def test_groups_of_any_size_give_the_same_numbers(tmp_path, monkeypatch):
    found = []
    for largest in (1, 3, 8):
        monkeypatch.setattr(training, "LARGEST_GROUP", largest)
        found.append(schedule.train(EIGHT, Store(tmp_path / str(largest), dataset()), workers=1))
    for run in EIGHT:
        for other in found[1:]:
            assert all(torch.equal(p, other[run].final[name]) for name, p in found[0][run].final.items())


@pytest.mark.slow
def test_processes_give_the_same_numbers_as_one_and_no_file_is_open_for_each_tensor(tmp_path):
    groups = [dataclasses.replace(run, sequences=640 + 32 * (run.init_seed % 2)) for run in EIGHT]
    files = Path("/proc/self/fd")
    opened: list[int] = []

    def count(*_) -> None:
        opened.append(len(list(files.iterdir())) if files.exists() else 0)

    count()
    one, two = (schedule.train(groups, Store(tmp_path / str(n), dataset()), workers=n, on_report=count) for n in (1, 2))
    assert len(opened) > 2 and max(opened) < opened[0] + 40
    for run in groups:
        assert one[run].history.equals(two[run].history)
        assert all(torch.equal(p, two[run].final[name]) for name, p in one[run].final.items())


def test_a_failure_in_a_worker_is_told_and_what_was_finished_is_kept(tmp_path):
    store = Store(tmp_path, dataset())
    too_many = dataclasses.replace(SHORT, classes=39)
    with pytest.raises(ValueError, match="39 for training leave 1 unseen"):
        schedule.train([SHORT, too_many], store, workers=1)
    assert store.finished(SHORT) or not store.finished(too_many)


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True], ids=["data on both", "data on the lost one alone"])
def test_a_cluster_that_loses_a_worker_trains_everything_once(tmp_path, monkeypatch, alone):
    distributed = pytest.importorskip("dask.distributed")
    store = Store(tmp_path, dataset())
    lengths = [dataclasses.replace(SHORT, sequences=32 * (300 + i)) for i in range(4)]  # four shapes, four groups
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        first, pid = next(iter(client.run(os.getpid).items()))
        ways = iter([{"workers": [first]}] if alone else [])
        scatter = client.scatter
        monkeypatch.setattr(client, "scatter", lambda data, **how: scatter(data, **next(ways, how)))

        def kill_one():
            while not any(client.processing().values()):
                time.sleep(0.01)
            time.sleep(0.5)
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        trained = schedule.train(lengths, store, client=client)
        killer.join()
    assert all(trained[run].history["sequences"].iloc[-1] == run.sequences for run in lengths)
    here = schedule.train(lengths[:1], Store(tmp_path / "here", dataset()), workers=1)
    torch.testing.assert_close(trained[lengths[0]].final, here[lengths[0]].final, rtol=1e-4, atol=1e-6)
