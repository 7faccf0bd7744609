"""Trained runs on disk, one folder a run, named by everything that determines it but its length.

    KEY/run.json                           what the run is, for people
    KEY/checkpoint-00010016.safetensors    what was learnt after so much progress
    KEY/state.safetensors                  as far as the run has gone: history, what was learnt, what going on needs
    KEY/lock                               held by the process that trains it

A longer run goes on from a shorter one. Files are written whole or not at all, and carry a checksum of their content: a
damaged one is named, put aside and made again. Nothing here is read in a way that can run code.
"""

import hashlib
import json
import math
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .paths import write_whole
from .run import Data, Run, State, Tensors

SCHEMA = 2  # of the files
LEARNT, WORKING, HISTORY = "learnt/", "working/", "history"


class Damaged(Exception):
    """A stored file that is not what was written."""


def checksum(tensors: Tensors) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def write(path: Path, tensors: Tensors, **about: str) -> None:
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    with write_whole(path) as part:
        save_file(tensors, part, {"schema": str(SCHEMA), "checksum": checksum(tensors), **about})


def read(path: Path) -> tuple[Tensors, dict[str, str]]:
    """Tensors and what was said about them; raises `Damaged`."""
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise Damaged(f"{path}: {error}") from None
    if about.get("schema") != str(SCHEMA) or about.get("checksum") != checksum(tensors):
        raise Damaged(f"{path}: its content does not fit its checksum")
    return tensors, about


@dataclass(frozen=True)
class Trained:
    """A finished run: its history, what it learnt, and its checkpoints."""

    run: Any
    folder: Path
    history: pd.DataFrame  # a row an evaluation; the family says which columns, NaN where not measured
    at_the_end: Tensors | None  # None where the run ended before its length, since enough was known
    seconds: float  # of training, as its share of the group's

    @property
    def final(self) -> Tensors:
        """What was learnt at the run's length."""
        if self.at_the_end is None:
            raise ValueError(f"{self.run} ended when enough was known of it: ask for the whole run to have its network")
        return self.at_the_end

    @cached_property
    def checkpoints(self) -> list[int]:
        """The progress at each checkpoint, the end included."""
        return [at for at in checkpoints_in(self.folder) if self.run.family.keeps(self.run, at)]

    def at(self, progress: int) -> Tensors:
        """What was learnt after so much progress; no run axis."""
        if progress not in self.checkpoints:
            raise KeyError(f"{self.run} has checkpoints at {self.checkpoints}, not at {progress}")
        return read(checkpoint_path(self.folder, progress))[0]

    def networks(self) -> Iterator[tuple[int, Tensors]]:
        for progress in self.checkpoints:
            yield progress, self.at(progress)


def checkpoint_path(folder: Path, progress: int) -> Path:
    return folder / f"checkpoint-{progress:08}.safetensors"


def checkpoints_in(folder: Path) -> list[int]:
    return sorted(int(path.stem.split("-")[1]) for path in folder.glob("checkpoint-*.safetensors"))


class Store:
    """The runs trained on one data set, or on none."""

    def __init__(self, root: Path, data: Data | None):
        self.root, self.data = root, data

    def folder(self, run: Run) -> Path:
        return self.root / run.key(self.data.fingerprint if self.data else "")

    def lock(self, run: Run) -> FileLock:
        self.folder(run).mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder(run) / "lock")

    def begin(self, run: Run) -> None:
        """Say in the folder what the run is."""
        about = {"run": str(run), "family": run.family.name, "version": run.family.version}
        if self.data:
            about |= {"data": self.data.name, "fingerprint": self.data.fingerprint}
        with write_whole(self.folder(run) / "run.json") as part:
            part.write_text(json.dumps(about | {"settings": run.settings}, indent=1))

    def progress(self, run: Run) -> int:
        """How far the run has gone, whoever asked for it; -1 where it has not begun."""
        try:
            with safe_open(self.folder(run) / "state.safetensors", "pt") as file:
                return int((file.metadata() or {}).get("progress", -1))
        except (FileNotFoundError, SafetensorError):
            return -1

    def finished(self, run: Run) -> bool:
        """Whether the run has gone to its length, and what it had learnt there is kept; or enough is known of it."""
        far = self.progress(run)
        reached = far == run.length or (far > run.length and checkpoint_path(self.folder(run), run.length).exists())
        return reached or (far >= 0 and run.enough(self._history(run)))

    def _history(self, run: Run) -> list[list[float]]:
        """As far as it has gone; nothing where it cannot be read, which `load` will say."""
        try:
            with safe_open(self.folder(run) / "state.safetensors", "pt") as file:
                return file.get_tensor(HISTORY).tolist()
        except SafetensorError:
            return []

    def keep_checkpoint(self, run: Run, progress: int, learnt: Tensors) -> None:
        write(checkpoint_path(self.folder(run), progress), learnt)

    def keep(self, run: Run, state: State, seconds: float) -> None:
        """As far as the run has gone. Of one that has gone further already, only rows of the history are added."""
        if self.progress(run) > state.progress:
            further, about = read(self.folder(run) / "state.safetensors")
            history = _merged(further[HISTORY].tolist(), state.history)
            state = State(int(about["progress"]), _under(LEARNT, further), _under(WORKING, further), history)
        tensors = {LEARNT + name: tensor for name, tensor in state.learnt.items()}
        tensors |= {WORKING + name: tensor for name, tensor in state.working.items()}
        tensors[HISTORY] = torch.tensor(state.history, dtype=torch.float64)
        about = {"progress": str(state.progress), "seconds": f"{seconds:.3f}"}
        write(self.folder(run) / "state.safetensors", tensors, **about)

    def load(self, run: Run) -> Trained | None:
        """The finished run, every file of it checked; None where it is not finished or damaged."""
        folder = self.folder(run)
        if not self.finished(run):
            return None
        try:
            tensors, about = read(folder / "state.safetensors")
            final = _under(LEARNT, tensors) if int(about["progress"]) == run.length else None
            for at in checkpoints_in(folder):
                checkpoint = read(checkpoint_path(folder, at))[0]
                final = checkpoint if at == run.length else final
        except Damaged as damage:
            self._put_aside(folder, damage)
            return None
        rows = run.family.rows(run, tensors[HISTORY].tolist())
        first, *_ = run.family.columns
        history = pd.DataFrame(rows, columns=list(run.family.columns)).astype({first: int})
        return Trained(run, folder, history, final, float(about["seconds"]))

    def state(self, run: Run) -> State | None:
        """Where the run stopped, to go on from; None where it starts anew, also where it has gone too far already."""
        folder = self.folder(run)
        try:
            tensors, about = read(folder / "state.safetensors")
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._put_aside(folder, damage)
            return None
        if int(about["progress"]) > run.length:
            return None
        return State(
            int(about["progress"]), _under(LEARNT, tensors), _under(WORKING, tensors), tensors[HISTORY].tolist()
        )

    def seconds(self, run: Run) -> float:
        """How long training has taken so far."""
        try:
            with safe_open(self.folder(run) / "state.safetensors", "pt") as file:
                return float((file.metadata() or {}).get("seconds", 0))
        except (FileNotFoundError, SafetensorError):
            return 0.0

    def _put_aside(self, folder: Path, damage: Damaged) -> None:
        warnings.warn(f"damaged, put aside and trained again: {damage}", stacklevel=3)
        aside = folder.with_name(f"damaged-{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for path in folder.glob("*.safetensors"):
            path.rename(aside / path.name)


def _merged(one: list[list[float]], other: list[list[float]]) -> list[list[float]]:
    """Rows of both, by progress; of two for the same the one where more was measured."""
    rows: dict[float, list[float]] = {}
    for row in [*one, *other]:
        if row[0] not in rows or sum(map(math.isnan, row)) < sum(map(math.isnan, rows[row[0]])):
            rows[row[0]] = row
    return [rows[progress] for progress in sorted(rows)]


def _under(prefix: str, tensors: dict[str, Tensor]) -> Tensors:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
