"""The door: `python -m induction_heads COMMAND`, which the Makefile calls too, thin over the package.

A wrong use is one line on stderr and exit status 2; what failed while running is one line and status 1.
"""

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .machinery import execution, paths
from .machinery.execution import duration
from .machinery.settings import Settings, check


@dataclass(frozen=True)
class Asked:
    """What a command is given."""

    settings: Settings
    names: Sequence[str]
    force: bool


def reproduce(asked: Asked) -> int:
    """All papers, or those that are named: runs, notebooks, verdicts and galleries; one that fails stops no other."""
    from .machinery import gallery

    papers = [_paper(name) for name in asked.names] or list(_papers().values())
    for paper in papers:
        paper.start_early()
    announce(papers, asked)
    failed = {}
    for paper in papers:
        try:
            build(paper, asked)
        except (execution.NotebookError, ValueError, OSError, ArithmeticError) as error:
            failed[paper.target] = str(error)
            print(f"{paper.target}: {error}", file=sys.stderr)
    print(gallery.write_front(_papers().values(), asked.settings))
    print(execution.report(asked.settings))
    if failed and len(papers) > 1:
        print(f"failed: {', '.join(failed)}; the others are made", file=sys.stderr)
    return int(bool(failed))


def announce(papers: Iterable, asked: Asked) -> None:
    """What is done, what will be made, and how long that should take."""
    from .machinery import study

    expected = 0.0
    print(f"{asked.settings.profile} profile on {asked.settings.dataset}")
    for paper in papers:
        here = paper.study(paper.settings(asked.settings))
        plan = study.plan(here, paper.planned(here))
        tasks = [execution.task(paper, name, here) for name in execution.names(paper.key)]
        stale = [task for task in tasks if asked.force or execution.stale(task)]
        notebooks = sum(execution.expected_seconds(task.name, task.settings) for task in stale)
        seconds = plan.seconds + notebooks / 2  # two at a time
        expected += seconds
        done = f"{len(tasks) - len(stale)} of {len(tasks)} notebooks are done"
        print(f"{paper.target}: {plan} {done}. About {duration(seconds)}.")
    print(f"Expected: {duration(expected)} on two cores.", flush=True)
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    execution.keep_time("announced", asked.settings, expected)


def build(paper, asked: Asked) -> None:
    """A paper's runs, verdicts, notebooks and gallery."""
    from .machinery import gallery, ledger

    study = _timed(f"training {paper.key}", asked.settings, lambda: _trained(paper, asked.settings, ()))
    verdicts = _timed(f"claims {paper.key}", asked.settings, lambda: ledger.write(paper.claims(), study))
    tasks = [execution.task(paper, name, study) for name in execution.names(paper.key)]
    execution.ensure_all(tasks, asked.force)  # they find what was measured for the claims
    print(verdicts)
    print(gallery.write(paper, asked.settings))


def _timed(part: str, settings: Settings, step: Callable[[], Any]) -> Any:
    begun = time.time()
    made = step()
    execution.keep_time(part, settings, time.time() - begun)
    return made


def _trained(paper, settings: Settings, results: Iterable[str]):
    """The study of a paper, with the runs of these results trained, or of all."""
    study = paper.study(paper.settings(settings))
    paper.train(study, results)
    return study


def train(asked: Asked) -> None:
    """Trains what is missing for some papers, or for all."""
    for paper in [_paper(name) for name in asked.names] or _papers().values():
        _timed(f"training {paper.key}", asked.settings, partial(_trained, paper, asked.settings, ()))


def status(asked: Asked) -> None:
    """A line for each run, result and other notebook: done, stale and why, missing, expected time."""
    from .machinery import study

    for paper in [_paper(name) for name in asked.names] or _papers().values():
        here = paper.study(paper.settings(asked.settings))
        apart = {name for name, result in paper.results.items() if not result.in_reproduce_all}
        study.status(here, {name: (r.title, r.planned(here)) for name, r in paper.results.items()}, apart)
        books = {_target(paper, result): paper.notebook_of(result) for result in paper.results}
        others = [name for name in execution.names(paper.key) if name not in books.values()]
        for product, name in (books | {f"notebook-{name}": name for name in others}).items():
            task, exists = execution.task(paper, name, here), name in execution.names(paper.key)
            why = execution.stale(task) if exists else "no notebook yet"
            state = f"{why}, about {duration(execution.expected_seconds(name, task.settings))}" if why else "done"
            print(f"{product:40} {name:42} {state}")


def notebook(asked: Asked) -> None:
    """Executes notebooks, `PAPER/NAME` or `NAME`, those that are not done."""
    tasks = []
    for paper in _papers().values():
        known = execution.names(paper.key)
        names = [name for name in known if not asked.names or {name, name.split("/")[1]} & set(asked.names)]
        if names:
            study = paper.study(paper.settings(asked.settings))
            tasks += [execution.task(paper, name, study) for name in names]
    found = {part for task in tasks for part in (task.name, task.name.split("/")[1])}
    for name in asked.names:
        if name not in found:
            execution.source(name)  # says which there are
    execution.ensure_all(tasks, asked.force)


def result(asked: Asked) -> None:
    """Trains and executes what results such as `figure-3a` or `singh-2024/table-1` need."""
    for name in asked.names:
        paper, result = _result(name)
        book = paper.notebook_of(result)
        execution.source(book)  # names a missing one before anything is trained
        paper.start_early()
        needed = [other for other in paper.results if paper.notebook_of(other) == book]
        study = _trained(paper, asked.settings, needed)
        task = execution.task(paper, book, study)
        execution.ensure(task, asked.force)
        panels = re.compile(rf"{result.replace('-', '_')}[a-z]?(_.*)?")  # figure_16a and figure_16b are figure 16
        made = sorted(path for path in study.folder.glob("*") if panels.fullmatch(path.stem))
        print("\n".join(str(path) for path in made) or f"{name}: in {execution.executed(book, task.settings)}")


def claims(asked: Asked) -> None:
    """The verdict on each claim of some papers, or of all, as a table and as claims.json."""
    from .machinery import ledger

    for paper in [_paper(name) for name in asked.names] or _papers().values():
        print(ledger.write(paper.claims(), paper.study(paper.settings(asked.settings))))


def gallery(asked: Asked) -> None:
    """Writes the READMEs of the folders of figures."""
    from .machinery import gallery

    for paper in _papers().values():
        print(gallery.write(paper, asked.settings))
    print(gallery.write_front(_papers().values(), asked.settings))


def readme(asked: Asked) -> None:
    """Writes the numbers of README.md from committed results, and the times of the last build here."""
    from .machinery import readme

    print(readme.write(_papers().values()))


def names(asked: Asked) -> None:
    """Every result by its name, a line each."""
    for paper in _papers().values():
        print("\n".join(f"{_target(paper, result):24} {found.title}" for result, found in paper.results.items()))


def bench(asked: Asked) -> None:
    """Time and memory of a step, beside plain PyTorch and the limit of this machine."""
    from .bench import pairs, tokens

    pairs.main(asked.settings)
    tokens.main(asked.settings)


def profile(asked: Asked) -> None:
    """Where the time of a training step goes."""
    from .bench import pairs

    pairs.profile(asked.settings)


def replay(asked: Asked) -> int:
    """Checks clamps, gradients and Adam against a FILE.npz of the authors' trajectories."""
    from .networks import replay

    return replay.main(list(asked.names))


def _papers() -> dict:
    from . import papers
    from .machinery.paper import find

    return find(papers)


def _paper(name: str):
    """The paper called `singh-2024` or `singh_2024`; `ValueError` names those there are."""
    papers = _papers()
    if (key := name.replace("-", "_")) not in papers:
        raise ValueError(f"no paper is called {name!r}; there are {', '.join(p.target for p in papers.values())}")
    return papers[key]


def _target(paper, result: str) -> str:
    """A result's name as a target: `figure-3a` of the first paper, `PAPER/figure-1` of the others."""
    return result if paper.key == next(iter(_papers())) else f"{paper.target}/{result}"


def _result(name: str) -> tuple:
    """The paper and the result of a target; `ValueError` names the results that there are."""
    *of, result = name.split("/")
    paper = _paper(of[0]) if of else next(iter(_papers().values()))
    if result not in paper.results:
        known = ", ".join(_target(paper, each) for each in paper.results)
        raise ValueError(f"no result is called {name!r}; there are {known}")
    return paper, result


def _check_device(settings: Settings) -> None:
    if settings.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError("DEVICE is cuda, but PyTorch finds no CUDA device here: use DEVICE=cpu")


_ALL = (reproduce, train, status, notebook, result, claims, gallery, readme, names, bench, profile, replay)
COMMANDS = {command.__name__: command for command in _ALL}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m induction_heads", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="papers, results or notebooks; all where none is named"
    )
    for name in ("profile", "dataset", "seeds", "device"):
        parser.add_argument(f"--{name}", default=getattr(Settings, name) or "")
    parser.add_argument("--force", action="store_true", help="run notebooks again though nothing has changed")
    given = parser.parse_args(arguments)
    # A SIGTERM unwinds like Ctrl-C, so that what is half written is taken away.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        settings = check(given.profile, given.dataset, given.seeds, given.device)
        _check_device(settings)
        return COMMANDS[given.command](Asked(settings, given.names, given.force)) or 0
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
