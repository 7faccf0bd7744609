"""`train(runs)`: many runs in groups of one shape, on the cores of this machine, on a GPU, or on a Dask cluster.

Which runs are grouped changes how long training takes and not what is learnt. A group trains on one thread, so that
its numbers do not depend on the machine's load; two cores train two groups.
"""

import dataclasses
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, SupportsFloat

import torch
from filelock import Timeout
from tqdm.auto import tqdm

from . import processes
from .run import Data, Family, Hears, Run, State, Tensors
from .store import Store, Trained

REPORT_EVERY = 0.5  # seconds
SHORT = 2.0  # seconds of training, of which no progress needs to be told
WORTH_PROCESSES = 5.0  # seconds of training, below which starting more of them takes longer
CLUSTER_TRIES = 5
Report = Callable[[int, float], None]  # how much was done since, over all runs; the loss


@dataclass(frozen=True)
class Job:
    """A group of runs on its way to whoever trains it, with all that it takes."""

    runs: tuple[Run, ...]
    states: tuple[State, ...]
    needed: Mapping[Run, Tensors]
    data: Data | None
    device: str
    store: Store | None = None  # where the trainer itself writes, if it can

    @property
    def family(self) -> Family:
        return self.runs[0].family

    @property
    def left(self) -> int:
        """How far all its runs still have to go, in sum."""
        return sum(run.length - state.progress for run, state in zip(self.runs, self.states, strict=True))


@dataclass
class Finished:
    """What comes back of a job whose trainer cannot write to the store."""

    runs: tuple[Run, ...]
    states: list[State]
    checkpoints: list[tuple[Run, int, Tensors]]
    seconds: float  # a run


def divided(group: Sequence, largest: int) -> list[Sequence]:
    """As few parts of at most `largest` as can be; no part is larger than the first, nor smaller by more than one."""
    n = math.ceil(len(group) / largest)
    return [group[i::n] for i in range(n)]


def jobs(runs: Iterable[Run], store: Store, device: str) -> list[Job]:
    """Groups of the runs, those that take longest first."""
    by_shape: dict[tuple, list[tuple[Run, State]]] = defaultdict(list)
    for run in runs:
        state = store.state(run) or run.family.begin(run, store.data)
        by_shape[run.family.name, run.family.shape(run, state, device)].append((run, state))
    made = []
    for group in by_shape.values():
        largest = group[0][0].family.largest_group(device) or len(group)
        for part in divided(group, largest):
            each, states = zip(*part, strict=True)
            needed = {need: _trained(need, store).final for run in each for need in run.needs}
            made.append(Job(each, states, needed, store.data, device, store))
    return sorted(made, key=lambda job: -sum(run.family.seconds(run) for run in job.runs))


def _trained(run: Run, store: Store) -> Trained:
    found = store.load(run)
    if found is None:
        raise ValueError(f"another run needs it, and it is not trained yet: {run}")
    return found


def train_group(job: Job, report: Report = lambda done, loss: None) -> Finished:
    """Train one group to its end. `report` hears now and then how much was done, and the loss."""
    done, checkpoints, last = 0, [], time.monotonic()
    begun = time.monotonic()
    before = [job.store.seconds(run) for run in job.runs] if job.store else [0.0] * len(job.runs)

    def heard(more: int, loss: SupportsFloat) -> None:
        nonlocal done, last
        done += more
        if time.monotonic() - last > REPORT_EVERY:
            report(done, float(loss))
            done, last = 0, time.monotonic()

    def keep(run: Run, progress: int, learnt: Tensors) -> None:
        if job.store is None:
            checkpoints.append((run, progress, learnt))
        else:
            job.store.keep_checkpoint(run, progress, learnt)

    def save(store: Store, states: Sequence[State]) -> None:
        took = (time.monotonic() - begun) / len(job.runs)
        for run, state, seconds in zip(job.runs, states, before, strict=True):
            store.keep(run, state, seconds + took)

    with one_thread():
        hears = Hears(heard, keep, partial(save, job.store) if job.store is not None else None)
        states = job.family.train(job.runs, job.states, job.data, job.needed, job.device, hears)
    report(done, math.nan)
    seconds = (time.monotonic() - begun) / len(job.runs)
    if job.store is not None:
        finish(job.store, job.runs, states, [seconds + more for more in before])
        return Finished(job.runs, [], [], seconds)
    return Finished(job.runs, states, checkpoints, seconds)


def finish(store: Store, runs: Sequence[Run], states: Sequence[State], seconds: Sequence[float]) -> None:
    """Keeps where runs ended: the state, and the network at their length, which a longer run will leave behind."""
    for run, state, took in zip(runs, states, seconds, strict=True):
        if state.progress == run.length:
            store.keep_checkpoint(run, run.length, state.learnt)
        store.keep(run, state, took)


@contextmanager
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train(
    runs: Iterable[Run],
    store: Store,
    device: str = "cpu",
    workers: int | None = None,
    client: Any = None,
    on_report: Report | None = None,
) -> dict[Run, Trained]:
    """Train what is not in the store yet, and give every run back trained.

    The runs that they need must be trained before. `workers` is the number of processes (the number of cores by
    default), `client` a `dask.distributed.Client` to use instead of them. A run that another process is training is
    waited for; of runs that differ in length alone the longer goes on from the shorter.
    """
    runs = list(dict.fromkeys(runs))
    found = {run: store.load(run) for run in runs}
    missing = [run for run, trained in found.items() if trained is None]
    while missing:
        shortest: dict[Path, Run] = {}
        for run in sorted(missing, key=lambda run: run.length):
            shortest.setdefault(store.folder(run), run)
        next_ones = list(shortest.values())
        with ExitStack() as locks:
            mine = [run for run in next_ones if _take(run, store, locks, wait=False)]
            if not mine:  # others train all of them: wait for one
                mine = [run for run in next_ones[:1] if _take(run, store, locks, wait=True)]
            mine = [run for run in mine if not store.finished(run)]
            for run in mine:
                store.begin(run)
            _train_all(jobs(mine, store, device) if mine else [], store, workers, client, on_report)
        found |= {run: store.load(run) for run in next_ones}
        missing = [run for run in missing if found[run] is None]
    return {run: trained for run, trained in found.items() if trained is not None}


def _take(run: Run, store: Store, locks: ExitStack, wait: bool) -> bool:
    lock = store.lock(run)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return False
    locks.callback(lock.release)
    return True


def _train_all(jobs: Sequence[Job], store: Store, workers: int | None, client: Any, on_report: Report | None) -> None:
    if not jobs:
        return
    if workers is None:
        expected = sum(job.family.seconds(run) for job in jobs for run in job.runs)
        alone = jobs[0].device != "cpu" or expected < WORTH_PROCESSES
        workers = 1 if alone else processes.cores()
    about = f"{sum(len(job.runs) for job in jobs)} runs"
    unit = {job.family.unit for job in jobs}
    bar_unit = f" {unit.pop()}" if len(unit) == 1 else ""
    with tqdm(
        total=sum(job.left for job in jobs),
        unit=bar_unit,
        unit_scale=True,
        desc=about,
        smoothing=0.1,
        mininterval=1,
        delay=SHORT,
        disable=bool(os.environ.get("TQDM_DISABLE")),  # which tqdm itself does not ask for in a notebook
    ) as bar:

        def heard(done: int, loss: float) -> None:
            bar.update(done)
            if not math.isnan(loss):
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            if on_report is not None:
                on_report(done, loss)

        if client is not None:
            _on_cluster(jobs, store, client, heard)
        elif workers == 1 or len(jobs) == 1:
            for job in jobs:
                train_group(job, heard)
        else:
            _in_processes(jobs, min(workers, len(jobs)), heard)


def _in_processes(jobs: Sequence[Job], n: int, heard: Report) -> None:
    reports = processes.CONTEXT.SimpleQueue()
    with processes.pool(n, _report_to, reports) as pool:
        left = {pool.submit(_work, processes.packed(job)) for job in jobs}
        while left:
            done, left = wait(left, timeout=REPORT_EVERY, return_when=FIRST_COMPLETED)
            while not reports.empty():
                heard(*reports.get())
            for future in done:
                future.result()


_reports: Any = None


def _report_to(reports: Any) -> None:
    global _reports
    _reports = reports


def _work(job: Job) -> Finished:
    return train_group(job, lambda done, loss: _reports.put((done, loss)))


def _with_data(job: Job, data: Data | None) -> Finished:
    return train_group(dataclasses.replace(job, data=data))


def _on_cluster(jobs: Sequence[Job], store: Store, client: Any, heard: Report) -> None:
    """Groups go to the workers of a Dask cluster, the data once; the store collects them here, each as it comes.

    Scattered data die with the last worker that held them, and Dask then cancels what waits for them: those groups are
    sent again, with the data, `CLUSTER_TRIES` times at most.
    """
    left = list(jobs)
    for _ in range(CLUSTER_TRIES):
        left = _sent_to_cluster(left, store, client, heard)
        if not left:
            return
    raise ValueError(
        f"the cluster lost the data of {len(left)} groups {CLUSTER_TRIES} times: are its workers killed, for memory?"
    )


def _sent_to_cluster(jobs: Sequence[Job], store: Store, client: Any, heard: Report) -> list[Job]:
    """The groups that came to nothing, for the data they needed were lost."""
    from dask.distributed import as_completed

    data = client.scatter(store.data, broadcast=True) if store.data is not None else None
    sent = {}
    for job in jobs:
        alone = dataclasses.replace(job, store=None, data=None)
        sent[client.submit(_with_data, alone, data, pure=False, retries=2)] = job
    lost = []
    for future in as_completed(sent):
        job = sent[future]
        if future.cancelled():
            lost.append(job)
            continue
        finished = future.result()
        for run, progress, learnt in finished.checkpoints:
            store.keep_checkpoint(run, progress, learnt)
        finish(store, finished.runs, finished.states, [finished.seconds] * len(finished.runs))
        heard(job.left, math.nan)
        future.release()
    return lost
