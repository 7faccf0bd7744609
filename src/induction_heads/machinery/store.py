"""Trained networks on disk, one folder a run, named by everything that determines it.

    KEY/run.json                    what the run is, for people
    KEY/checkpoint-00010016.safetensors   parameters after so many sequences
    KEY/trained.safetensors         the history and the parameters at the end: its presence means finished
    KEY/unfinished.safetensors      what resuming needs, while it trains
    KEY/lock                        held by the process that trains it

Files are written whole or not at all, and carry a checksum of their content: a damaged one is named, put aside
and made again. Nothing here is read in a way that can run code.
"""

import hashlib
import json
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from induction_heads.data import Dataset
from induction_heads.networks.model import Parameters
from induction_heads.networks.training import HISTORY, VERSION, State
from induction_heads.papers.singh_2024.runs import Run

from .paths import write_whole

SCHEMA = 1  # of the files
PARAMETERS, MEAN, SQUARE, SEEN_HISTORY = "parameters/", "mean/", "square/", "history"


class Damaged(Exception):
    """A stored file that is not what was written."""


def checksum(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def write(path: Path, tensors: dict[str, Tensor], **about: str) -> None:
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    with write_whole(path) as part:
        save_file(tensors, part, {"schema": str(SCHEMA), "checksum": checksum(tensors), **about})


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
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


def _under(prefix: str, tensors: dict[str, Tensor]) -> Parameters:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


@dataclass(frozen=True)
class Trained:
    """A finished run: its history and its networks."""

    run: Run
    folder: Path
    history: (
        pd.DataFrame
    )  # a row an evaluation: sequences seen, loss (nats) and accuracy on each set, NaN where not measured
    final: Parameters
    seconds: float  # of training, as its share of the group's

    @cached_property
    def checkpoints(self) -> list[int]:
        """Sequences seen at each checkpoint, the last included."""
        return sorted(int(path.stem.split("-")[1]) for path in self.folder.glob("checkpoint-*.safetensors"))

    def at(self, sequences: int) -> Parameters:
        """The network after so many sequences; no run axis."""
        if sequences not in self.checkpoints:
            raise KeyError(f"{self.run} has checkpoints at {self.checkpoints}, not at {sequences}")
        return read(self.folder / f"checkpoint-{sequences:08}.safetensors")[0]

    def networks(self) -> Iterator[tuple[int, Parameters]]:
        for sequences in self.checkpoints:
            yield sequences, self.at(sequences)


class Store:
    """The runs trained on one data set."""

    def __init__(self, root: Path, dataset: Dataset):
        self.root, self.dataset = root, dataset

    def folder(self, run: Run) -> Path:
        return self.root / run.key(self.dataset.fingerprint, VERSION)

    def lock(self, run: Run) -> FileLock:
        self.folder(run).mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder(run) / "lock")

    def begin(self, run: Run) -> None:
        """Say in the folder what the run is."""
        about = {
            "run": str(run),
            "dataset": self.dataset.name,
            "fingerprint": self.dataset.fingerprint,
            "version": VERSION,
        }
        with write_whole(self.folder(run) / "run.json") as part:
            part.write_text(json.dumps(about | {"settings": run.settings}, indent=1))

    def finished(self, run: Run) -> bool:
        return (self.folder(run) / "trained.safetensors").exists()

    def keep_checkpoint(self, run: Run, sequences: int, parameters: Parameters) -> None:
        write(self.folder(run) / f"checkpoint-{sequences:08}.safetensors", parameters)

    def keep_unfinished(self, run: Run, state: State) -> None:
        tensors = (
            _prefixed(PARAMETERS, state.parameters) | _prefixed(MEAN, state.mean) | _prefixed(SQUARE, state.square)
        )
        history = torch.tensor(state.history, dtype=torch.float64)
        write(self.folder(run) / "unfinished.safetensors", tensors | {SEEN_HISTORY: history}, step=str(state.step))

    def finish(self, run: Run, state: State, seconds: float) -> None:
        history = torch.tensor(state.history, dtype=torch.float64)
        tensors = _prefixed(PARAMETERS, state.parameters) | {SEEN_HISTORY: history}
        write(self.folder(run) / "trained.safetensors", tensors, seconds=f"{seconds:.3f}")
        (self.folder(run) / "unfinished.safetensors").unlink(missing_ok=True)

    def load(self, run: Run) -> Trained | None:
        """The finished run, every file of it checked; None where it is not finished or damaged."""
        folder = self.folder(run)
        if not self.finished(run):
            return None
        try:
            tensors, about = read(folder / "trained.safetensors")
            for path in folder.glob("checkpoint-*.safetensors"):
                read(path)
        except Damaged as damage:
            self._put_aside(folder, damage)
            return None
        history = pd.DataFrame(tensors[SEEN_HISTORY].numpy(), columns=HISTORY).astype({"sequences": int})
        return Trained(run, folder, history, _under(PARAMETERS, tensors), float(about["seconds"]))

    def unfinished(self, run: Run) -> State | None:
        """Where training of the run stopped."""
        folder = self.folder(run)
        try:
            tensors, about = read(folder / "unfinished.safetensors")
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._put_aside(folder, damage)
            return None
        parts = (_under(prefix, tensors) for prefix in (PARAMETERS, MEAN, SQUARE))
        return State(int(about["step"]), *parts, tensors[SEEN_HISTORY].tolist())

    def _put_aside(self, folder: Path, damage: Damaged) -> None:
        warnings.warn(f"damaged, put aside and trained again: {damage}", stacklevel=3)
        aside = folder.with_name(f"damaged-{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        for path in folder.glob("*.safetensors"):
            path.rename(aside / path.name)


def _prefixed(prefix: str, parameters: Parameters) -> dict[str, Tensor]:
    return {prefix + name: p for name, p in parameters.items()}
