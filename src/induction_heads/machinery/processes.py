"""Processes that work through a list side by side, and end with the one that asked for them, however that ends."""

import math
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

T = TypeVar("T")
CONTEXT = multiprocessing.get_context("spawn")


def cores() -> int:
    """How many cores this process may use: fewer than there are under `taskset` and on many hosts of notebooks."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def peak_megabytes(ended_children: bool = False) -> float:
    """The most memory that this process has had at once, or the largest of its children that have ended; megabytes.

    NaN where the system does not say: on Windows.
    """
    try:
        import resource
    except ImportError:
        return math.nan
    who = resource.RUSAGE_CHILDREN if ended_children else resource.RUSAGE_SELF
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, else kilobytes
    return resource.getrusage(who).ru_maxrss / unit


@contextmanager
def pool(workers: int, begin: Callable[..., None] | None = None, *given: Any) -> Iterator[ProcessPoolExecutor]:
    """Worker processes, each of which first calls `begin(*given)`. An error or an interrupt ends them at once."""
    executor = ProcessPoolExecutor(workers, CONTEXT, initializer=_begin, initargs=(begin, *given))
    try:
        yield executor
        executor.shutdown()
    except BaseException:
        for process in executor._processes.values():
            process.terminate()
        executor.shutdown(wait=False, cancel_futures=True)
        raise


def packed(value: T) -> T:
    """What stands for a value on its way to a worker, which gets the value itself, sent as bytes.

    PyTorch would share the memory of every tensor in it, and hold a file open for each: thousands, where most systems
    allow a process 1,024.
    """
    return cast(T, _Packed(value))


class _Packed:
    def __init__(self, value: Any):
        self.value = value

    def __reduce__(self) -> tuple:
        return pickle.loads, (pickle.dumps(self.value),)


def _begin(begin: Callable[..., None] | None, *given: Any) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if begin is not None:
        begin(*given)
