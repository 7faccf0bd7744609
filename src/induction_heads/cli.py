"""The door: `induction-heads COMMAND`, and `python -m induction_heads` for the Makefile; thin over the package.

What can be said to make can be said here: `make figure-3a PROFILE=smoke` is `induction-heads figure-3a PROFILE=smoke`.
A wrong use is one line on stderr and exit status 2; what failed while running is one line and status 1.
"""

import argparse
import io
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .machinery import execution, paths, processes, supervise
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
    together = [paper for paper in papers if not paper.on_a_data_set]
    failed = {}
    for paper in papers:
        if paper in together[:1]:
            with suppress(ValueError, OSError, ArithmeticError):  # which its paper then tells
                train_together(together, asked.settings)
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


def train_together(papers: Sequence, settings: Settings) -> list:
    """Trains what papers that need no data set lack, and gives their studies.

    The runs of all are trained as one list, so that no core waits for the last run of each.
    """
    studies = [paper.study(paper.settings(settings)) for paper in papers]
    lacking = [both for both in zip(papers, studies, strict=True) if _lacks(*both)]
    if len(lacking) > 1:
        lacking[0][1].train(run for paper, study in lacking for run in paper.runs(study))
        for paper, study in lacking:
            _keep_training_time(paper, study, settings)
    return studies


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

    study = _trained_and_timed(paper, asked.settings)
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


def _trained_and_timed(paper, settings: Settings):
    """The study of a paper with all its runs trained; those that are there already are read, and so checked."""
    study = paper.study(paper.settings(settings))
    lacked = _lacks(paper, study)
    paper.train(study)
    if lacked:
        _keep_training_time(paper, study, settings)
    return study


def _lacks(paper, study) -> bool:
    """Whether any of its runs is not trained."""
    return not all(map(study.finished, paper.planned(study)))


def _keep_training_time(paper, study, settings: Settings) -> None:
    """How long its runs took, on as many cores as there are, whatever was trained beside them and in how many goes."""
    runs = [run for run in map(study.known, paper.runs(study)) if run is not None]
    seconds = sum(study.store.seconds(run) for run in runs) / processes.cores()
    execution.keep_time(f"training {paper.key}", settings, seconds)


def train(asked: Asked) -> None:
    """Trains what is missing for some papers, or for all."""
    for paper in [_paper(name) for name in asked.names] or _papers().values():
        _trained_and_timed(paper, asked.settings)


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
            others = [each for each in execution.every_name() if name in {each, each.split("/")[1]}]  # of no paper
            execution.source(others[0] if others else name)  # says which there are
            tasks += [execution.Task(other, asked.settings, ()) for other in others]
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
        # A notebook of what is made here alone was executed before without its runs.
        execution.ensure(task, asked.force or not paper.results[result].in_reproduce_all)
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


def start(asked: Asked) -> None:
    """Writes notebooks, the course where there is one, and a README into a FOLDER; needs no repository."""
    from .machinery import start

    if len(asked.names) != 1:
        raise ValueError(
            f"start wants one folder, got {' '.join(asked.names) or 'none'}: `induction-heads start FOLDER`"
        )
    print(start.write(asked.names[0], _papers().values()))


def lab(asked: Asked) -> int:
    """JupyterLab on the notebooks."""
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ServerApp.root_dir=."]
    command.append("--LabApp.default_url=/lab/tree/notebooks")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return subprocess.call(command, cwd=paths.ROOT)


def bench(asked: Asked) -> None:
    """Time and memory of a step, beside plain PyTorch and the limit of this machine."""
    from .bench import pairs, tokens

    pairs.main(asked.settings)
    tokens.main(asked.settings)
    here, started = processes.peak_megabytes(), processes.peak_megabytes(ended_children=True)
    known = f"{here:.0f} MB in this process, {started:.0f} MB in the largest that it started"
    print(f"\nMost memory at once: {'not told by this system' if math.isnan(here) else known}.")


def profile(asked: Asked) -> None:
    """Where the time of a training step goes."""
    from .bench import pairs

    pairs.profile(asked.settings)


def replay(asked: Asked) -> int:
    """Checks clamps, gradients and Adam against a FILE.npz of the authors' trajectories."""
    from .networks import replay

    return replay.main(list(asked.names))


def heads(asked: Asked) -> None:
    """Every measure of every head of a MODEL, by name or a folder, as a table and a figure; a TEXT file may follow."""
    from .lens import pictures

    if not 1 <= len(asked.names) <= 2:
        raise ValueError(
            f"heads wants a model and perhaps a text file, got {' '.join(asked.names) or 'none'}: "
            "`induction-heads heads gpt2`, or a folder with config.json and model.safetensors"
        )
    print(pictures.report(*asked.names))


def course(asked: Asked) -> None:
    """Writes the students' version of the course as a zip."""
    from .course import release

    print(release.release())
    print(release.inventory())


def site(asked: Asked) -> None:
    """Writes the site from the last build; notebooks that were never executed are, in small."""
    from .site import build as pages

    def execute(paper, settings: Settings) -> None:
        study = _trained(paper, settings, ())
        execution.ensure_all([execution.task(paper, name, study) for name in execution.names(paper.key)])

    print(pages.make(list(_papers().values()), asked.settings, execute))


def course_grade(asked: Asked) -> None:
    """Autogrades what students have handed in, in FOLDER/STUDENT/LESSON.ipynb, and writes a table of points."""
    from .course import release

    if not all(asked.names) or len(asked.names) != 1:
        raise ValueError("one folder with a folder a student was expected: make course-grade FOLDER=handed-in")
    print(release.table(release.grade(Path(asked.names[0]))))
    print(release.FOLDER / "grades.csv")


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


_FIRST = (start, reproduce, train, status, notebook, result, claims, gallery, readme, names, lab)
_MORE = (heads, bench, profile, replay, course, course_grade, site)
COMMANDS = {command.__name__.replace("_", "-"): command for command in (*_FIRST, *_MORE)}
SETTINGS = ("profile", "dataset", "seeds", "device")


def understood(words: Sequence[str]) -> tuple[str, list[str]]:
    """The command and its names, of words as make takes them: a result, a paper or `notebook-NAME` may stand alone."""
    first, *more = words
    if first in COMMANDS:
        return first, more
    if first == "reproduce-all":
        return "reproduce", more
    if first.startswith("notebook-"):
        return "notebook", [word.removeprefix("notebook-") for word in words]
    if first.replace("-", "_") in _papers():
        return "reproduce", [*words]
    results = {_target(paper, result) for paper in _papers().values() for result in paper.results}
    if first in results or "/" in first or first.startswith(("figure-", "table-")):
        return "result", [*words]
    known = f"there are {', '.join(COMMANDS)}, and results such as {min(results)}"
    raise ValueError(f"no command is called {first!r}; {known} (`induction-heads names` lists them)")


def as_options(words: Iterable[str]) -> list[str]:
    """`PROFILE=smoke`, as make takes it, becomes `--profile=smoke`; other words stay; `ValueError` for no setting."""
    options = []
    for word in words:
        name, is_setting, value = word.partition("=")
        if not is_setting or word.startswith("-"):
            options.append(word)
        elif name == "FORCE":
            options += ["--force"] if value else []
        elif name.lower() in SETTINGS and name.isupper():
            options.append(f"--{name.lower()}={value}")
        else:
            raise ValueError(f"no setting is called {name}; there are {', '.join(SETTINGS).upper()} and FORCE")
    return options


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:10} {(command.__doc__ or '').splitlines()[0]}" for name, command in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="induction-heads",
        description="Experiments on induction heads: `start FOLDER` first, then `figure-3a`, `reproduce`, `lab` there.",
        epilog="\n".join(["commands:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "words", nargs="+", metavar="COMMAND", help="a command and names, or a result such as figure-3a"
    )
    for name in SETTINGS:
        parser.add_argument(f"--{name}", default=getattr(Settings, name) or "", help=f"or {name.upper()}=…")
    parser.add_argument("--force", action="store_true", help="run notebooks again though nothing has changed")
    return parser


def guarded() -> int:
    """The command `induction-heads`: `main` in a process that ends with all it started, however this one ends."""
    return supervise.main([sys.executable, "-P", "-m", "induction_heads", *sys.argv[1:]])


def main(arguments: list[str] | None = None) -> int:
    # A SIGTERM unwinds like Ctrl-C, so that what is half written is taken away.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    for stream in (sys.stdout, sys.stderr):  # a pipe on Windows may know no ✔
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        given = _parser().parse_intermixed_args(as_options(sys.argv[1:] if arguments is None else arguments))
        command, names = understood(given.words)
        settings = check(given.profile, given.dataset, given.seeds, given.device)
        _check_device(settings)
        return COMMANDS[command](Asked(settings, names, given.force)) or 0
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
        print(supervise.INTERRUPTED, file=sys.stderr)
        return 130
