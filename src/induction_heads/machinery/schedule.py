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
from typing import Any

import torch
from filelock import Timeout
from tqdm.auto import tqdm

from induction_heads.data import Dataset
from induction_heads.networks import clamps, training
from induction_heads.networks.model import Parameters
from induction_heads.networks.sequences import BATCH
from induction_heads.networks.training import Group, State
from induction_heads.papers.singh_2024.runs import Run

from . import processes
from .store import Store, Trained

LARGEST_GROUP = (
    4  # runs on one core: enough to spread the cost of calling a step, few enough for all cores to have a group
)
REPORT_EVERY = 0.5  # seconds


@dataclass(frozen=True)
class Job:
    """A group of runs on its way to whoever trains it, with all that it takes."""

    runs: tuple[Run, ...]
    states: tuple[State, ...]
    donors: Mapping[Run, Parameters]
    dataset: Dataset
    device: str
    store: Store | None = None  # where the trainer itself writes, if it can

    @property
    def steps(self) -> int:
        """Steps times runs that are left."""
        return len(self.runs) * (math.ceil(self.runs[0].sequences / BATCH) - self.states[0].step)


@dataclass
class Finished:
    """What comes back of a job whose trainer cannot write to the store."""

    runs: tuple[Run, ...]
    states: list[State]
    checkpoints: list[tuple[Run, int, Parameters]]
    seconds: float  # a run


def shape(run: Run, state: State, device: str) -> tuple:
    """Runs of equal shape train as one group. On a CPU equal tables spare the padding; a GPU would rather have more runs at once."""
    network = training.shape_of(run, state.parameters)
    heads = tuple(map(len, network.heads))
    lengths = (run.sequences, run.evaluate_every, run.checkpoint_every, run.learning_rate, run.scale)
    two_passes = any(clamp.reads_unablated for clamp in run.clamps)
    in_kernels = training.known(clamps.combine([run.clamps], [network], dict.fromkeys(run.donors, {})))
    return (
        *lengths,
        run.task if device == "cpu" else run.pairs,
        bool(run.donors),
        two_passes,
        in_kernels,
        heads,
        state.step,
    )


def divided(group: Sequence, largest: int) -> list[Sequence]:
    """As few parts of at most `largest` as can be; no part is larger than the first, nor smaller by more than one."""
    n = math.ceil(len(group) / largest)
    return [group[i::n] for i in range(n)]


def jobs(runs: Iterable[Run], store: Store, device: str) -> list[Job]:
    """Groups of the runs, longest first."""
    by_shape: dict[tuple, list[tuple[Run, State]]] = defaultdict(list)
    for run in runs:
        state = store.unfinished(run) or training.begin(run, store.dataset)
        by_shape[shape(run, state, device)].append((run, state))
    plain = dataclasses.replace(store.dataset, images=None)
    made = []
    for group in by_shape.values():
        for part in divided(group, LARGEST_GROUP if device == "cpu" else len(group)):
            each, states = zip(*part, strict=True)
            donors = {donor: _trained(donor, store).final for run in each for donor in run.donors}
            made.append(Job(each, states, donors, plain, device, store))
    return sorted(made, key=lambda job: -job.steps)


def _trained(run: Run, store: Store) -> Trained:
    found = store.load(run)
    if found is None:
        raise ValueError(f"its network is to be grafted and is not trained yet: {run}")
    return found


def train_group(job: Job, report: Callable[[int, float], None] = lambda steps, loss: None) -> Finished:
    """Train one group to its end. `report` hears now and then how many steps times runs were made, and the loss."""
    seen, checkpoints, last = 0, [], time.monotonic()
    begun = time.monotonic()

    def heard(step: int, loss: torch.Tensor | None) -> None:
        nonlocal seen, last
        seen += len(job.runs)
        if time.monotonic() - last > REPORT_EVERY:
            report(seen, loss.mean().item())
            seen, last = 0, time.monotonic()

    def keep(run: Run, sequences: int, parameters: Parameters) -> None:
        if job.store is None:
            checkpoints.append((run, sequences, parameters))
        else:
            job.store.keep_checkpoint(run, sequences, parameters)

    def save(states: list[State]) -> None:
        for run, state in zip(job.runs, states, strict=True):
            job.store.keep_unfinished(run, state)

    with one_thread():
        group = Group(job.runs, job.states, job.dataset, job.donors, job.device)
        done = group.train(heard, keep, save if job.store is not None else None)
    report(seen, math.nan)
    seconds = (time.monotonic() - begun) / len(job.runs)
    if job.store is not None:
        for run, state in zip(job.runs, done, strict=True):
            job.store.finish(run, state, seconds)
        return Finished(job.runs, [], [], seconds)
    return Finished(job.runs, done, checkpoints, seconds)


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
    on_report: Callable[[int, float], None] | None = None,
) -> dict[Run, Trained]:
    """Train what is not in the store yet, and give every run back trained.

    Heads must have their names (`Run.resolved`) and grafted networks be trained. `workers` is the number of
    processes (the number of cores by default), `client` a `dask.distributed.Client` to use instead of them.
    A run that another process is training is waited for.
    """
    runs = list(dict.fromkeys(runs))
    for run in runs:
        if run.roles:
            raise ValueError(f"{run}: {', '.join(run.roles)} must be resolved to heads before training")
    found = {run: store.load(run) for run in runs}
    missing = [run for run, trained in found.items() if trained is None]
    while missing:
        with ExitStack() as locks:
            mine = [run for run in missing if _take(run, store, locks, wait=False)]
            if not mine:  # others train all of them: wait for one
                mine = [run for run in missing[:1] if _take(run, store, locks, wait=True)]
            mine = [run for run in mine if not store.finished(run)]
            for run in mine:
                store.begin(run)
            _train_all(jobs(mine, store, device) if mine else [], store, workers, client, on_report)
        found |= {run: store.load(run) for run in missing}
        missing = [run for run in missing if found[run] is None]
    return found


def _take(run: Run, store: Store, locks: ExitStack, wait: bool) -> bool:
    lock = store.lock(run)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return False
    locks.callback(lock.release)
    return True


def _train_all(jobs: Sequence[Job], store: Store, workers: int | None, client: Any, on_report: Callable | None) -> None:
    if not jobs:
        return
    workers = workers or (1 if jobs[0].device != "cpu" else os.cpu_count() or 1)
    total = sum(job.steps for job in jobs)
    with tqdm(
        total=total,
        unit="step",
        unit_scale=True,
        desc=f"{sum(len(job.runs) for job in jobs)} runs",
        smoothing=0.1,
        mininterval=1,
    ) as bar:

        def heard(steps: int, loss: float) -> None:
            bar.update(steps)
            if not math.isnan(loss):
                bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            if on_report is not None:
                on_report(steps, loss)

        if client is not None:
            _on_cluster(jobs, store, client, heard)
        elif workers == 1 or len(jobs) == 1:
            for job in jobs:
                train_group(job, heard)
        else:
            _in_processes(jobs, min(workers, len(jobs)), heard)


def _in_processes(jobs: Sequence[Job], n: int, heard: Callable[[int, float], None]) -> None:
    reports = processes.CONTEXT.SimpleQueue()
    with processes.pool(n, _report_to, reports) as pool:
        left = {pool.submit(_work, job) for job in jobs}
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
    return train_group(job, lambda steps, loss: _reports.put((steps, loss)))


def _on_cluster(jobs: Sequence[Job], store: Store, client: Any, heard: Callable[[int, float], None]) -> None:
    """Groups go to the workers of a Dask cluster; the store collects them here, each as it comes."""
    from dask.distributed import as_completed

    sent = [client.submit(train_group, dataclasses.replace(job, store=None), pure=False, retries=2) for job in jobs]
    for future, finished in as_completed(sent, with_results=True):
        for run, sequences, parameters in finished.checkpoints:
            store.keep_checkpoint(run, sequences, parameters)
        for run, state in zip(finished.runs, finished.states, strict=True):
            store.finish(run, state, finished.seconds)
        heard(len(finished.runs) * finished.states[0].step, finished.states[0].history[-1][1])
        future.release()
