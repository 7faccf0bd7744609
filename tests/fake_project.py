"""A tiny copy of the project, for tests of the build: our Makefile and command line, one toy notebook, runs that take no time."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = ("__init__", "__main__", "cli", "execution", "paths", "processes", "remembered", "settings", "supervise")

RUNS = """
from types import SimpleNamespace
RESULTS = {"3a": SimpleNamespace(title="A picture", notebook="tiny"), "table-1": SimpleNamespace(title="Another", notebook="other")}
"""
STUDY = """
from . import paths
STORED = paths.BUILD / "stored"
class Plan:
    seconds = 60.0
    def __str__(self):
        return "1 of 2 runs are done."
def plan(settings, results=None):
    return Plan()
def train_missing(settings, results=None):
    print("training", *results or ["everything"], flush=True)
def wanted(settings, results=()):
    return STORED.read_text().split() if STORED.exists() else ["run-a"]
def status(settings):
    print("run-a done")
"""
DATA = """
from types import SimpleNamespace
def load(name):
    return SimpleNamespace(fingerprint="the same")
"""
KERNELS = "def load_in_background():\n    pass\n"
WRITES = """
from . import paths
def write(settings):
    return "written"
"""
DRAW = """
from . import paths
def draw(name, profile, dataset):
    folder = paths.figures_dir(profile, dataset)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_text("a picture")
"""
PARAMETERS = 'profile = "paper"\nseed = 5\ndataset = "glyphs"\ndevice = "cpu"\n'
PICTURE = 'from induction_heads.draw import draw\ndraw("figure_3a", profile, dataset)\nprint("seed", seed)\n'
ENDLESS = (
    'import os, pathlib, time\npathlib.Path(os.environ["PID_FILE"]).write_text(str(os.getpid()))\ntime.sleep(600)\n'
)


@dataclass
class Project:
    """The copy, and how to run its make and to write its notebooks."""

    root: Path

    @property
    def package(self) -> Path:
        return self.root / "src" / "induction_heads"

    @property
    def executed(self) -> Path:
        return self.root / "build" / "executed" / "glyphs-paper"

    @property
    def environment(self) -> dict[str, str]:
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("INDUCTION_HEADS", "MAKE", "MFLAGS"))
        }
        return plain | {"PYTHONPATH": str(self.root / "src"), "PID_FILE": str(self.root / "pid")}

    @property
    def command(self) -> list[str]:
        return ["make", "VENV=", f"PYTHON={sys.executable}"]

    def make(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self.command, *arguments], cwd=self.root, env=self.environment, capture_output=True, text=True
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        """A make in a session of its own, like one that was started in a terminal."""
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(
            [*self.command, *arguments], cwd=self.root, env=self.environment, start_new_session=True, **quiet
        )

    def write_notebook(self, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
        def cell(text: str, i: int, **metadata) -> dict:
            return {
                "cell_type": "code",
                "id": f"cell-{i}",
                "metadata": metadata,
                "execution_count": None,
                "outputs": [],
                "source": text,
            }

        plain = {
            "cells": [cell(parameters, 0, tags=["parameters"]), *(cell(text, i) for i, text in enumerate(cells, 1))],
            "metadata": {
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                "language_info": {"name": "python"},
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.root / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(plain))
        return path

    def kernel(self, timeout: float = 180) -> int:
        """The process id of the endless notebook's kernel, once it is there."""
        path = self.root / "pid"
        wait_for(lambda: path.exists() and path.read_text(), timeout)
        return int(path.read_text())


def make_project(folder: Path) -> Project:
    project = Project(folder)
    project.package.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for name in REAL:
        shutil.copy(ROOT / "src" / "induction_heads" / f"{name}.py", project.package)
    for name, text in {
        "runs": RUNS,
        "study": STUDY,
        "claims": WRITES,
        "gallery": WRITES,
        "data": DATA,
        "draw": DRAW,
        "kernels": KERNELS,
    }.items():
        (project.package / f"{name}.py").write_text(text)
    project.write_notebook("tiny", PICTURE)
    return project


def wait_for(condition, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "this did not come to pass"
        time.sleep(0.05)


def processes_of(project: Project) -> list[str]:
    """Command lines of the living processes that were started in the copy, found by their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"PID_FILE={project.root}/pid".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
