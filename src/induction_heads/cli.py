"""`python -m induction_heads COMMAND`: what the Makefile calls, thin over the package.

A wrong use is one line on stderr and exit status 2; what failed while running is one line and status 1.
"""

import argparse
import os
import re
import signal
import sys
import time

from induction_heads.machinery.execution import duration
from induction_heads.machinery.settings import Settings, check

from .machinery import execution, paths


def announce(settings: Settings, names: list[str], force: bool) -> None:
    """What is done, what will be made, and how long that should take."""
    from .machinery import study

    plan = study.plan(settings)
    stale = [name for name in execution.names() if force or execution.stale(name, settings)]
    seconds = plan.seconds + sum(execution.expected_seconds(name, settings) for name in stale) / 2  # two at a time
    print(f"{settings.profile} profile on {settings.dataset}: {plan}")
    print(f"{len(execution.names()) - len(stale)} of {len(execution.names())} notebooks are done.")
    print(f"Expected: {duration(seconds)} on two cores.", flush=True)
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    execution.keep_time("announced", settings, seconds)


def train(settings: Settings, names: list[str], force: bool) -> None:
    """Trains what is missing for some results, or for all."""
    from .machinery import study

    begun = time.time()
    study.train_missing(settings, names)
    execution.keep_time("training", settings, time.time() - begun)


def status(settings: Settings, names: list[str], force: bool) -> None:
    """A line for each run, result and other notebook: done, stale and why, missing, expected time."""
    from induction_heads.papers.singh_2024 import runs

    from .machinery import study

    study.status(settings)
    books = {target(result): found.notebook for result, found in runs.RESULTS.items()}
    books |= {f"notebook-{name}": name for name in execution.names() if name not in books.values()}
    for product, name in books.items():
        why = execution.stale(name, settings) if name in execution.names() else "no notebook yet"
        state = f"{why}, about {duration(execution.expected_seconds(name, settings))}" if why else "done"
        print(f"{product:40} {name:32} {state}")


def notebook(settings: Settings, names: list[str], force: bool) -> None:
    """Executes notebooks, those that are not done."""
    execution.ensure_all(names or execution.names(), settings, force)


def result(settings: Settings, names: list[str], force: bool) -> None:
    """Trains and executes what results such as `figure-3a` or `table-1` need."""
    from induction_heads.papers.singh_2024 import runs

    from .machinery import study
    from .networks import kernels

    wanted = [result_of(name) for name in names]
    for name, given in zip(wanted, names):
        if name not in runs.RESULTS:
            raise ValueError(f"no result is called {given!r}; there are {', '.join(map(target, runs.RESULTS))}")
    books = list(dict.fromkeys(runs.RESULTS[name].notebook for name in wanted))
    for name in books:
        execution.source(name)  # names a missing one before anything is trained
    kernels.load_in_background()
    study.train_missing(settings, [name for name, found in runs.RESULTS.items() if found.notebook in books])
    notebook(settings, books, force)
    figures = paths.figures_dir(settings.profile, settings.dataset)
    for name in names:
        panels = re.compile(rf"{name.replace('-', '_')}[a-z]?(_.*)?")  # figure_16a and figure_16b are figure 16
        made = sorted(path for path in figures.glob("*") if panels.fullmatch(path.stem))
        print("\n".join(str(path) for path in made) or f"{name}: in {execution.executed(books[0], settings)}")


def claims(settings: Settings, names: list[str], force: bool) -> None:
    """The verdict on each claim, as a table and as claims.json."""
    from induction_heads.papers.singh_2024 import claims

    begun = time.time()
    print(claims.write(settings))
    execution.keep_time("claims", settings, time.time() - begun)


def gallery(settings: Settings, names: list[str], force: bool) -> None:
    """Writes the README of the folder of figures."""
    from .machinery import gallery

    begun = time.time()
    print(gallery.write(settings))
    execution.keep_time("gallery", settings, time.time() - begun)


def report(settings: Settings, names: list[str], force: bool) -> None:
    """What `make reproduce-all` made and how long each part took."""
    print(execution.report(settings))


def reproduce(settings: Settings, names: list[str], force: bool) -> None:
    """All runs, all notebooks, the verdicts and the gallery."""
    from .networks import kernels

    kernels.load_in_background()  # while the data are made
    announce(settings, names, force)
    for step in (train, notebook, claims, gallery, report):
        step(settings, [], force)


def bench(settings: Settings, names: list[str], force: bool) -> None:
    """Time and memory of a step, beside plain PyTorch and the limit of this machine."""
    from .networks import bench

    bench.main(settings)


def profile(settings: Settings, names: list[str], force: bool) -> None:
    """Where the time of a training step goes."""
    from .networks import bench

    bench.profile(settings)


def _check_device(settings: Settings) -> None:
    if settings.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError("DEVICE is cuda, but PyTorch finds no CUDA device here: use DEVICE=cpu")


def target(result: str) -> str:
    """A result's name as a target of the Makefile: `figure-3a`, `table-1`."""
    return result if result.startswith("table") else f"figure-{result}"


def result_of(target: str) -> str:
    return target.removeprefix("figure-")


COMMANDS = {
    command.__name__: command
    for command in (announce, train, status, notebook, result, claims, gallery, report, reproduce, bench, profile)
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m induction_heads", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="results or notebooks; all where none is named")
    for name in ("profile", "dataset", "seeds", "device"):
        parser.add_argument(f"--{name}", default=getattr(Settings, name) or "")
    parser.add_argument("--force", action="store_true", help="run notebooks again though nothing has changed")
    given = parser.parse_args(arguments)
    # A SIGTERM unwinds like Ctrl-C, so that what is half written is taken away.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        settings = check(given.profile, given.dataset, given.seeds, given.device)
        _check_device(settings)
        COMMANDS[given.command](settings, given.names, given.force)
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    except (execution.NotebookError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
