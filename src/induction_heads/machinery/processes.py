"""Processes that work through a list side by side, and end with the one that asked for them, however that ends."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")


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


def _begin(begin: Callable[..., None] | None, *given: Any) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    if begin is not None:
        begin(*given)
