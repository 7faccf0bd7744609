"""The compiled lab (networks/wasm/lab.cpp) under wasmtime: what a page does with it in JavaScript."""

from collections.abc import Sequence

import numpy as np
import torch
import wasmtime

from induction_heads.networks import clamps, kernels, model
from induction_heads.networks.clamps import Clamp, Network
from induction_heads.networks.run import D_HEAD, D_MODEL, HEADS, Run
from induction_heads.networks.sequences import EVALUATION_SETS, SAME_DRAWING

SETS = (*EVALUATION_SETS, SAME_DRAWING)
ALL_HEADS = Network((tuple(range(HEADS)),) * 2)


class Module:
    """A compiled lab in a memory of its own; each method of lab.cpp by its name."""

    def __init__(self, compiled: bytes):
        config = wasmtime.Config()
        config.wasm_relaxed_simd = True
        engine = wasmtime.Engine(config)
        self.store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
        self.store.set_wasi(wasmtime.WasiConfig())
        linker.define_wasi()
        self.exports = linker.instantiate(self.store, wasmtime.Module(engine, compiled)).exports(self.store)
        self.memory = self.exports["memory"]
        self.exports["_initialize"](self.store)

    def __call__(self, name: str, *arguments: float) -> float:
        return self.exports[f"lab_{name}"](self.store, *arguments)

    def put(self, numbers: np.ndarray) -> int:
        at = self("take", numbers.nbytes)
        self.write(at, numbers)
        return at

    def write(self, at: int, numbers: np.ndarray) -> None:
        self.memory.write(self.store, np.ascontiguousarray(numbers).tobytes(), at)

    def read(self, at: int, kind: type, *shape: int) -> np.ndarray:
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        return np.frombuffer(bytes(self.memory.read(self.store, at, at + size)), kind).reshape(shape)


class Lab:
    """One run, from its settings and the features of its data."""

    def __init__(self, module: Module, run: Run, features: np.ndarray, donors: dict | None = None):
        self.module, self.run, self.number = module, run, features.dtype
        seeds = run.init_seed, run.stream_seed, run.evaluation_seed
        at = module.put(features)
        self.lab = module("new", *seeds, run.classes, run.labels, run.pairs, run.learning_rate, at, *features.shape)
        module("give_back", at)
        if self.lab == 0:
            raise ValueError(f"no such task: {run}")
        self.heads = clamps.active(run.clamps, ALL_HEADS)
        self.room = module("take", 8 * 1024)
        for clamp in run.clamps:
            self.clamp(clamp, donors or {})
        for layer, heads in enumerate(self.heads.heads):
            for head in set(range(HEADS)) - set(heads):
                module("ablate", self.lab, layer, head)
        module("begin", self.lab)

    def clamp(self, clamp: Clamp, donors: dict) -> None:
        indices = [clamps.head(name)[1] for name in clamp.named_heads]
        if isinstance(clamp, clamps.PerfectLayer1):
            self.module("perfect_layer_1", self.lab)
        elif isinstance(clamp, clamps.Graft):
            self.module("graft", self.lab, donors[clamp.network].lab)
        elif isinstance(clamp, clamps.PerfectMatch):
            self.module("perfect_match", self.lab, *indices, clamp.strength)
        elif isinstance(clamp, clamps.PerfectCopy):
            self.module("perfect_copy", self.lab, *indices)
        elif isinstance(clamp, clamps.PreviousTokenAttention):
            for index in indices:
                self.module("previous_token", self.lab, index)

    @property
    def parameters(self) -> model.Parameters:
        """Those of the heads that are computed."""
        return {name: torch.from_numpy(self._parameter(i).copy()) for i, name in enumerate(kernels.PARAMETERS)}

    @parameters.setter
    def parameters(self, new: model.Parameters) -> None:
        for i, name in enumerate(kernels.PARAMETERS):
            here = new[name].transpose(0, 1) if name.endswith(("W_Q", "W_K", "W_V")) else new[name]
            self.module.write(self.module("parameter", self.lab, i), here.numpy().astype(self.number))

    def _parameter(self, i: int) -> np.ndarray:
        name, size = kernels.PARAMETERS[i], self.module("size", self.lab, i)
        flat = self.module.read(self.module("parameter", self.lab, i), self.number, size)
        heads = len(self.heads.heads[int(name.split(".")[1])]) if name.startswith("blocks") else 0
        if name.endswith(("W_Q", "W_K", "W_V")):
            return flat.reshape(D_MODEL, heads, D_HEAD).swapaxes(0, 1)
        if name.endswith("W_O"):
            return flat.reshape(heads, D_HEAD, D_MODEL)
        return flat.reshape(
            {"W_exemplar": (-1, D_MODEL), "W_label": (-1, D_MODEL), "W_U": (D_MODEL, -1)}.get(name, (-1,))
        )

    def train(self, steps: int) -> float:
        return self.module("train", self.lab, steps)

    def train_on(self, which: model.Sequences) -> float:
        given = [self.module.put(tensor[0].numpy().astype(np.int32)) for tensor in which]
        loss = self.module("train_on", self.lab, *given, which.match.shape[1])
        for at in given:
            self.module("give_back", at)
        return loss

    def evaluate(self, name: str, n: int) -> list[float]:
        """Loss (nats) and accuracy."""
        self.module("evaluate", self.lab, SETS.index(name), n, self.room)
        return self.module.read(self.room, np.float64, 2).tolist()

    def strengths(self, n: int) -> np.ndarray:
        """(layer head)"""
        self.module("strengths", self.lab, n, self.room)
        return self.module.read(self.room, np.float64, 2, HEADS)

    def sequence(self, name: str, number: int) -> list[list[int]]:
        """Exemplars, labels, and the query's pair."""
        pairs = self.run.pairs
        self.module("sequence", self.lab, SETS.index(name), number, self.room)
        flat = self.module.read(self.room, np.int32, 2 * pairs + 2).tolist()
        return [flat[: pairs + 1], flat[pairs + 1 : -1], flat[-1:]]

    def pattern(self, layer: int, head: int, name: str, one: Sequence[Sequence[int]]) -> np.ndarray:
        """(query key)"""
        exemplar, label, (match,) = one
        given = [self.module.put(np.array(numbers, dtype=np.int32)) for numbers in (exemplar, label)]
        self.module("pattern", self.lab, layer, head, SETS.index(name), *given, match, self.room)
        tokens = 2 * self.run.pairs + 1
        return self.module.read(self.room, np.float64, tokens if layer == 0 else 1, tokens)
