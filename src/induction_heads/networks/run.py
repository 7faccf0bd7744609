"""One network's training on sequences of pairs (sections 2 and 3): a value, its first parameters, when it is evaluated.

What its clamps are, and which table of a paper it stands in, is the paper's.
"""

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch

from induction_heads.machinery import run as machinery

from .clamps import Clamp, Graft
from .generator import TRUNCATED_STD, Stream, key, numbers, truncated_normal
from .model import Parameters
from .sequences import BATCH, EVALUATION_SETS, Task

D_MODEL, HEADS, D_HEAD, LAYERS = 64, 8, 8, 2  # section 2.2
LABEL_SCALE = 0.02
LEARNT_EVERY = OTHER_SETS_EVERY = 5_000  # sequences, between evaluations once it has learnt, and on other sets
OTHER_SETS_UNDER_CLAMPS_EVERY = 10_000
SCALED_SAVING = 4  # scaled runs evaluate on so many times fewer sequences, and other sets so many times more seldom
SHORTEST_INTERVAL = 640  # sequences, between evaluations of a scaled run
LEARNT = 0.4  # of ln 2: the loss below which the paper calls the task learnt
HISTORY = ["sequences", *(f"{name}_{what}" for name in EVALUATION_SETS for what in ("loss", "accuracy"))]

OfItsKind = TypeVar("OfItsKind", bound="Run")
TRAIN_LOSS = HISTORY.index("train_loss")


@dataclass(frozen=True)
class Run(machinery.Run):
    """One network's training: everything that determines it but the data and the code."""

    init_seed: int = 5
    classes: int = 50
    labels: int = 5
    pairs: int = 2
    clamps: tuple[Clamp, ...] = ()
    sequences: int = 1_000_000  # seen in training
    evaluate_every: int = 5_000  # sequences, until it has learnt
    checkpoint_every: int = 0  # sequences; 0 keeps the last alone
    learning_rate: float = 1e-5
    stream_seed: int = 0
    evaluation_seed: int = 1
    scale: int = 1  # lengths are divided by this and the learning rate multiplied by it
    until_learnt: bool = False  # ends as soon as its learning time and its plateau are known

    @property
    def family(self) -> machinery.Family:
        from .training import PAIRS  # which trains runs, and so imports this

        return PAIRS

    @property
    def task(self) -> Task:
        return Task(self.classes, self.labels, self.pairs)

    @property
    def steps(self) -> int:
        return math.ceil(self.sequences / BATCH)

    @property
    def length(self) -> int:
        """Sequences seen in whole batches."""
        return self.steps * BATCH

    def scaled(self: OfItsKind, scale: int) -> OfItsKind:
        """The same run made shorter for a quick look, with a learning rate larger by as much."""
        if scale == self.scale:
            return self
        if self.scale != 1:
            raise ValueError(f"only a run of scale 1 can be scaled, this one has scale {self.scale}")
        intervals = {n: getattr(self, n) for n in ("evaluate_every", "checkpoint_every")}
        every = {n: max(interval // scale, SHORTEST_INTERVAL) for n, interval in intervals.items() if interval}
        return dataclasses.replace(
            self,
            scale=scale,
            sequences=self.sequences // scale,
            learning_rate=self.learning_rate * scale,
            clamps=tuple(Graft(c.network.scaled(scale)) if isinstance(c, Graft) else c for c in self.clamps),
            **every,
        )

    @property
    def whole(self) -> "Run":
        return dataclasses.replace(self, until_learnt=False)

    def has_learnt(self, history: Sequence[Sequence[float]]) -> bool:
        """Whether the train loss has been below 0.4 ln 2."""
        return any(row[TRAIN_LOSS] < LEARNT * math.log(2) for row in history)

    def enough(self, history: Sequence[Sequence[float]]) -> bool:
        return self.until_learnt and self.has_learnt(history)

    @property
    def donors(self) -> tuple["Run", ...]:
        """The runs whose trained networks this one grafts."""
        return tuple(clamp.network for clamp in self.clamps if isinstance(clamp, Graft))

    @property
    def needs(self) -> tuple[machinery.Run, ...]:
        return self.donors

    @cached_property
    def settings(self) -> dict[str, Any]:
        """This run as plain values, the same in every session; not how long it is."""
        fields = [f.name for f in dataclasses.fields(self) if f.name not in ("clamps", "sequences", "until_learnt")]
        return {name: getattr(self, name) for name in fields} | {"clamps": [_described(c) for c in self.clamps]}

    def __str__(self) -> str:
        parts = [f"seed {self.init_seed}"]
        if (self.classes, self.labels, self.pairs) != (50, 5, 2):
            more = f", {self.pairs} pairs" if self.pairs != 2 else ""
            parts.append(f"{self.classes} classes, {self.labels} labels{more}")
        parts += [str(clamp) for clamp in self.clamps]
        return ", ".join([*parts, f"{self.sequences:,} sequences"])


def _described(clamp: Clamp) -> dict[str, Any]:
    plain = {f.name: getattr(clamp, f.name) for f in dataclasses.fields(clamp)}
    if isinstance(clamp, Graft):
        # A grafted network is one at the end of its run, so that its length counts.
        plain["network"] = clamp.network.settings | {"sequences": clamp.network.sequences}
    return {"clamp": type(clamp).__name__, **plain}


def _multiples(every: int, steps: int) -> set[int]:
    """The steps at which so many sequences have been seen once more, and the last one."""
    return {math.ceil(seen / BATCH) for seen in range(0, steps * BATCH, every)} | {steps} if every else {steps}


@dataclass(frozen=True)
class Schedule:
    """The steps before which a run is evaluated on the train set and on the others, and keeps a checkpoint."""

    train: set[int]  # until it has learnt
    once_learnt: set[int]  # from then on, among the same
    others: set[int]  # among those
    checkpoints: set[int]

    def evaluations(self, has_learnt: bool) -> set[int]:
        return self.once_learnt if has_learnt else self.train

    @cached_property
    def _stops(self) -> list[list[int]]:
        return [sorted(self.evaluations(has_learnt) | self.checkpoints) for has_learnt in (False, True)]

    def stop(self, step: int, has_learnt: bool) -> int:
        """How far training goes on from this step."""
        stops = self._stops[has_learnt]
        return stops[bisect_right(stops, step)]

    @classmethod
    def of(cls, run: Run) -> "Schedule":
        every = run.evaluate_every
        seldom = [LEARNT_EVERY, OTHER_SETS_UNDER_CLAMPS_EVERY if run.clamps else OTHER_SETS_EVERY]
        times = [max(n // every, 1) for n in seldom] if run.scale == 1 else [1, SCALED_SAVING]
        intervals = (every, *(n * every for n in times), run.checkpoint_every)
        return cls(*(_multiples(interval, run.steps) for interval in intervals))


def initial(run: Run, n_features: int) -> Parameters:
    """Parameters before training: LeCun normal cut at two sigma; no run axis."""
    shapes: dict[str, tuple[int, ...]]
    shapes = {"W_exemplar": (n_features, D_MODEL), "W_label": (run.labels, D_MODEL), "W_U": (D_MODEL, run.labels)}
    zeros = {"b_exemplar": (D_MODEL,), "ln_final_b": (D_MODEL,), "b_U": (run.labels,)}
    ones = {"ln_final_w": (D_MODEL,)}
    for block in range(LAYERS):
        shapes |= {f"blocks.{block}.{name}": (HEADS, D_MODEL, D_HEAD) for name in ("W_Q", "W_K", "W_V")}
        shapes[f"blocks.{block}.W_O"] = (HEADS, D_HEAD, D_MODEL)
        zeros[f"blocks.{block}.ln_b"], ones[f"blocks.{block}.ln_w"] = (D_MODEL,), (D_MODEL,)
    drawn = {}
    for i, (name, shape) in enumerate(shapes.items()):
        weight = truncated_normal(numbers(key(Stream.INITIAL, run.init_seed, i), math.prod(shape)))
        fan_in = n_features if name == "W_exemplar" else D_MODEL
        scale = LABEL_SCALE if name == "W_label" else 1 / (math.sqrt(fan_in) * TRUNCATED_STD)
        drawn[name] = torch.from_numpy((weight * scale).astype(np.float32)).view(shape)
    return drawn | {n: torch.zeros(s) for n, s in zeros.items()} | {n: torch.ones(s) for n, s in ones.items()}
