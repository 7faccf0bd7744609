"""A small copy of the project, for tests of the build: our Makefile, command line and machinery, and a tiny paper."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = ("__init__.py", "__main__.py", "cli.py", "machinery", "papers/__init__.py")
PARAMETERS = 'profile = "paper"\ndataset = "characters"\n'
PICTURE = """
from induction_heads.machinery.drawing import page_for
from induction_heads.machinery.settings import Settings
from induction_heads.papers.tiny.drawings import figure_1
from induction_heads.papers.tiny.paper import PAPER, RUNS

study = PAPER.study(Settings(profile, dataset))
found = study.train(RUNS.values())
page_for(study, "both runs").show(figure_1({name: found[run].history for name, run in RUNS.items()}))
"""
ENDLESS = """
import os, pathlib, time
pathlib.Path(os.environ["PID_FILE"]).write_text(str(os.getpid()))
time.sleep(600)
"""


@dataclass
class Project:
    """The copy, and how to run its make and to write its notebooks."""

    root: Path

    @property
    def package(self) -> Path:
        return self.root / "src" / "induction_heads"

    @property
    def executed(self) -> Path:
        return self.root / "build" / "executed" / "characters-paper" / "tiny"

    @property
    def figures(self) -> Path:
        return self.root / "figures" / "tiny"

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

    def write_notebook(self, name: str, *cells: str, parameters: str = PARAMETERS, paper: str = "tiny") -> Path:
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
        path = self.root / "notebooks" / paper / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
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
        source, target = ROOT / "src" / "induction_heads" / name, project.package / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    shutil.copytree(ROOT / "tests" / "tiny_paper", project.package / "papers" / "tiny")
    project.write_notebook("falling", PICTURE)
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
