"""Notebooks by papermill: parameters checked, outputs whole or not there, what they were made from written beside them.

An executed notebook counts as done while everything it was made from is still the same: the notebook, the package and
the lock, the parameters, the stored runs, and its figures. This is decided by content, so that a `git checkout` which
only touches files makes nothing stale.
"""

import ast
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import paths, processes, remembered
from .paper import Paper
from .remembered import sha256
from .settings import Settings
from .study import Study

NOTEBOOKS = paths.ROOT / "notebooks"
CELL_TIMEOUT_S = {"paper": 3600, "smoke": 600}
AT_ONCE = 4  # notebooks, where there are as many cores; each takes up to a gigabyte and a half
UNKNOWN_TIME_S = {"paper": 30.0, "smoke": 12.0}  # for a notebook that does not say, or whose time is another's
STATED_TIME = re.compile(r"\*\*Expected time\.\*\*\D*(\d+) (second|min)")
# A kernel that is told to stop need not say so, nor that a socket of its own was closed first.
QUIET = [
    "--IPKernelApp.log_level=50",
    "--IPKernelApp.exec_lines=__import__('logging').getLogger('tornado').setLevel(50)",
]
OF_KERNELS = {
    "TQDM_DISABLE": "1",  # a progress bar would be stored line by line
    "OMP_NUM_THREADS": "1",  # two notebooks run at a time, and sums in one order draw the same bytes
    "JUPYTER_PREFER_ENV_PATH": "1",  # a `python3` kernel of the user's own would be another Python
}
SHOWS = "shows"  # in the metadata of an output: the name of the figure or table that a notebook has made


class NotebookError(RuntimeError):
    """A notebook that did not run to its end; the message names the cell and is short."""


@dataclass(frozen=True)
class Record:
    """What an executed notebook was made from, and how long that took. Kept beside it as JSON."""

    notebook: str  # sha256
    code: str  # a hash of what it imports
    runs: tuple[str, ...]  # the data's fingerprint, and the runs
    parameters: dict[str, Any]
    figures: dict[str, str]  # file name -> sha256
    seconds: float
    finished: float  # seconds since 1970


@dataclass(frozen=True)
class Task:
    """A notebook to execute, `PAPER/NAME`, and what determines it beside itself and the code."""

    name: str
    settings: Settings  # with the paper's seeds
    runs: tuple[str, ...]  # the data's fingerprint, and each run that it shows

    @property
    def figures(self) -> Path:
        return paths.figures_dir(self.name.split("/")[0], self.settings)


def task(paper: Paper, name: str, study: Study) -> Task:
    """A notebook of a paper with the runs of its results.

    Runs are taken as the table of runs has them, before they are resolved: that follows from the rest.
    """
    results = [result for result in paper.results if paper.notebook_of(result) == name]
    runs = paper.runs(study, results) if results else []
    fingerprint = [study.data.fingerprint] if study.data else []
    return Task(name, study.settings, tuple(sorted([*fingerprint, *map(str, runs)])))


def names(paper: str) -> list[str]:
    """Every notebook of a paper as `PAPER/NAME`, in reading order."""
    return sorted(f"{paper}/{path.stem}" for path in NOTEBOOKS.joinpath(paper).glob("*.ipynb"))


def every_name() -> list[str]:
    """Every notebook as `FOLDER/NAME`, those of no paper too."""
    return sorted(path.relative_to(NOTEBOOKS).with_suffix("").as_posix() for path in NOTEBOOKS.glob("*/*.ipynb"))


def source(name: str) -> Path:
    path = NOTEBOOKS / f"{name}.ipynb"
    if not path.is_file():
        known = ", ".join(every_name())
        none = f"none in {NOTEBOOKS}: `induction-heads start FOLDER` writes them, work in that folder"
        raise FileNotFoundError(f"no notebook is called {name!r}; there are {known or none}")
    return path


def executed(name: str, settings: Settings) -> Path:
    """Where the executed copy of a notebook lies."""
    return paths.EXECUTED / paths.build_name(settings) / f"{name}.ipynb"


def code_of(notebook: Path) -> str:
    """One hash of what the notebook's cells import of this package, however far, and of the lock."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return remembered.code(*sorted(remembered.imported(ast.parse("\n".join(code)))))


def parameters_of(notebook: Path) -> dict[str, Any]:
    """Names and defaults in the cell tagged `parameters`, if there is one; they have to be plain values."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    if len(tagged) > 1:
        raise ValueError(f"{notebook.name} should have one cell tagged 'parameters', it has {len(tagged)}")
    defaults = {}
    for line in ast.parse("".join(line for cell in tagged for line in cell["source"])).body:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            raise ValueError(
                f"{notebook.name}: the parameters cell holds plain assignments only, not {ast.unparse(line)!r}"
            )
        try:
            defaults[line.targets[0].id] = ast.literal_eval(line.value)
        except ValueError:
            raise ValueError(
                f"{notebook.name}: nothing is derived in the parameters cell, but {ast.unparse(line)!r} is"
            ) from None
    return defaults


def check_parameters(notebook: Path, given: Mapping[str, Any]) -> None:
    """Raises `ValueError` for a parameter the notebook does not have, which papermill would only warn of."""
    known = parameters_of(notebook)
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"{notebook.name} has no parameter {', '.join(unknown)}; it has {', '.join(known)}")
    for name, value in given.items():
        if type(value) is not type(known[name]):
            raise ValueError(f"{notebook.name}: {name} is like {known[name]!r}, got {value!r}")


def parameters_for(notebook: Path, settings: Settings) -> dict[str, Any]:
    """What the settings mean to this notebook: `seed` is the first of the seeds; one without a `seed` ignores them."""
    offered: dict[str, Any] = {"profile": settings.profile, "dataset": settings.dataset, "device": settings.device}
    if settings.seeds:  # else its own
        offered |= {"seed": settings.seeds[0], "seeds": list(settings.seeds)}
    known = parameters_of(notebook)
    return {name: value for name, value in offered.items() if name in known}


def stale(task: Task) -> str:
    """`missing`, or `stale: ` and why the notebook has to be executed again; empty where it is done."""
    record = recorded(task)
    if record is None:
        return "missing"
    if record.notebook != sha256(source(task.name)):
        return "stale: the notebook changed"
    if record.code != code_of(source(task.name)):
        return "stale: the code changed"
    if record.parameters != parameters_for(source(task.name), task.settings):
        return "stale: other parameters"
    if set(record.runs) != set(task.runs):
        return "stale: other runs"
    for figure, drawn in record.figures.items():
        path = task.figures / figure
        if not path.is_file() or sha256(path) != drawn:
            return f"stale: {figure} is {'changed' if path.is_file() else 'missing'}"
    return ""


def ensure(task: Task, force: bool = False) -> None:
    """Executes a notebook unless it is done, and says which. Of two processes that want it, one finds it done."""
    from filelock import FileLock

    target = executed(task.name, task.settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_suffix(".lock")):
        if not (why := "asked for" if force else stale(task)):
            print(f"{task.name}: done before, FORCE=1 runs it again", flush=True)
            return
        print(f"{task.name}: {why}, about {duration(expected_seconds(task.name, task.settings))}", flush=True)
        record = execute(task)
        made = dict.fromkeys(Path(figure).stem for figure in record.figures)
        print(f"{task.name}: {duration(record.seconds)}, {', '.join(made) or 'no figures'}", flush=True)


def ensure_all(tasks: Sequence[Task], force: bool = False) -> None:
    """`ensure`, several at a time, those that take longest first; the first one that fails ends the rest."""
    if len(tasks) == 1:
        return ensure(tasks[0], force)
    order = sorted(tasks, key=lambda task: (-expected_seconds(task.name, task.settings), task.name))
    with processes.pool(min(AT_ONCE, processes.cores(), len(order) or 1)) as pool:
        for finished in as_completed([pool.submit(ensure, task, force) for task in order]):
            finished.result()


def execute(task: Task) -> Record:
    """Executes a notebook in a fresh kernel and puts the copy in its place when it has run to the end.

    A cell that fails raises `NotebookError`; the copy up to there is kept under another name, to be looked at.
    """
    import papermill
    from traitlets.config import Config

    name, settings = task.name, task.settings
    notebook, target = source(name), executed(name, settings)
    parameters = parameters_for(notebook, settings)
    check_parameters(notebook, parameters)
    failed = target.with_suffix(".failed.ipynb")
    failed.unlink(missing_ok=True)
    record_path(target).unlink(missing_ok=True)
    for left_over in target.parent.glob(f".{target.stem}-*.part.ipynb"):
        left_over.unlink(missing_ok=True)
    made_from = {"notebook": sha256(notebook), "code": code_of(notebook)}  # as they are now, not when it has ended
    begun = time.time()
    with paths.write_whole(target) as copy, tempfile.TemporaryDirectory() as sockets, _environment(OF_KERNELS):
        try:
            papermill.execute_notebook(
                notebook,
                copy,
                parameters=parameters,
                kernel_name="python3",
                cwd=notebook.parent,
                progress_bar=False,
                execution_timeout=CELL_TIMEOUT_S[settings.profile],
                config=Config({"KernelManager": _connection(sockets)}),
                extra_arguments=QUIET,
                shutdown_kernel="immediate",  # it has nothing left to do, and an orderly end takes more than a second
            )
        except papermill.PapermillExecutionError as error:
            copy.replace(failed)
            cell = f"cell {error.cell_index + 1}" if error.cell_index is not None else "a cell"
            raise NotebookError(
                f"{name}.ipynb, {cell}: {_first_line(error.ename, error.evalue)}; see {_shown(failed)}"
            ) from error
        except Exception as error:  # the kernel died, or a cell took too long: nbclient raises classes of its own
            if copy.exists():
                copy.replace(failed)
            raise NotebookError(
                f"{name}.ipynb: {_first_line(type(error).__name__, str(error))}; see {_shown(failed)}"
            ) from error
    record = Record(
        **made_from,
        runs=task.runs,
        parameters=parameters,
        figures={path.name: sha256(path) for path in figures_of(target, task.figures)},
        seconds=round(time.time() - begun, 1),
        finished=time.time(),
    )
    with paths.write_whole(record_path(target)) as part:
        part.write_text(json.dumps(asdict(record), indent=1) + "\n")
    keep_time(f"notebook {name}", settings, record.seconds)
    return record


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables that a kernel inherits, and that what comes after it does not."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _connection(folder: str) -> dict[str, str]:
    """How a kernel is reached: by files in a folder, not by network ports, where the system has such files.

    Nobody else can listen then, and two notebooks never want the same port.
    """
    return {"transport": "ipc", "ip": f"{folder}/kernel"} if os.name == "posix" else {}


def recorded(task: Task) -> Record | None:
    """The record of an executed notebook; None where there is none, or no executed notebook, or it is unreadable."""
    target = executed(task.name, task.settings)
    try:
        if not target.is_file():
            return None
        plain = json.loads(record_path(target).read_text(encoding="utf-8"))
        return Record(**plain | {"runs": tuple(plain["runs"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def record_path(target: Path) -> Path:
    return target.with_suffix(".json")


def keep_time(part: str, settings: Settings | None, seconds: float) -> None:
    """Remembers how long a part of the build took, for the next announcement and for the report."""
    with paths.write_whole(_times(settings) / f"{part.replace('/', ' ')}.json") as path:
        path.write_text(json.dumps({"seconds": seconds, "finished": time.time()}))


def kept_times(settings: Settings | None) -> dict[str, tuple[float, float]]:
    """Part of the build -> seconds it took and when it was finished, in the order in which they were."""
    found = {}
    for path in _times(settings).glob("*.json"):
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem] = (float(plain["seconds"]), float(plain["finished"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return dict(sorted(found.items(), key=lambda item: item[1][1]))


def expected_seconds(name: str, settings: Settings) -> float:
    """How long the notebook took here the last time; else what it says itself, of the paper profile; else a guess."""
    kept = kept_times(settings).get(f"notebook {name.replace('/', ' ')}")
    if kept is not None:
        return kept[0]
    stated = stated_seconds(source(name)) if settings.profile == "paper" else None
    return UNKNOWN_TIME_S[settings.profile] if stated is None else stated


def stated_seconds(notebook: Path) -> float | None:
    """How long it takes by its own words, `**Expected time.** About N seconds`, or minutes."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    found = STATED_TIME.search("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"))
    return found and float(found[1]) * (60 if found[2] == "min" else 1)


def seconds_of(paper: str, settings: Settings) -> float:
    """How long the last making of a paper took, training and notebooks in sum, on as many cores as there are."""
    times = kept_times(settings)
    notebooks = sum(seconds for part, (seconds, _) in times.items() if part.startswith(f"notebook {paper} "))
    training, _ = times.get(f"training {paper}", (0.0, 0.0))
    return training + notebooks / min(AT_ONCE, processes.cores())


def report(settings: Settings) -> str:
    """What was made since the last announcement, how long each part took, and where the figures are."""
    times = kept_times(settings)
    _, begun = times.pop("announced", (0.0, 0.0))
    lines = ["", "Made now:"]
    for part, (seconds, finished) in (kept_times(None) | times).items():
        if finished >= begun or part == "environment":
            lines.append(f"  {part:45} {duration(seconds):>12}{'' if finished >= begun else '  (before)'}")
    lines.append(f"  {'from announcement to end':45} {duration(time.time() - begun):>12}")
    folder = paths.figures_of_all(settings)
    pictures = len(list(folder.rglob("*.png")))
    return "\n".join([*lines, f"{pictures} figures in {_shown(folder)}; start with {_shown(folder / 'README.md')}"])


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _times(settings: Settings | None) -> Path:
    """The environment is the same for all settings, and is kept above them."""
    folder = paths.BUILD / "times"
    return folder / paths.build_name(settings) if settings else folder


def figures_of(executed: Path, folder: Path) -> list[Path]:
    """The files in a folder of figures that an executed notebook has shown."""
    cells = json.loads(executed.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    shown = {output.get("metadata", {}).get(SHOWS) for output in outputs}
    return sorted(path for path in folder.glob("*.*") if path.stem in shown)


def _first_line(kind: str, message: str) -> str:
    return f"{kind}: {(message.strip().splitlines() or [''])[0]}"[:300]


def _shown(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
