"""Training of token models: what a run is, its optimiser, its history, and groups of runs.

On a CPU a group takes one run after the other through a step: all of a run's numbers stay in the cache, and every
product has one size, so that a run's numbers are the same bit for bit whoever trains beside it. On a GPU all runs are
one batch.
"""

import dataclasses
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.machinery import run as machinery
from induction_heads.machinery.run import Hears, State

from .. import clamps
from ..clamps import Clamp, Network
from ..kernels import COMPILING, to_compile
from . import generators, kernels, languages, measures, model, variants
from .generators import BATCH, EVERY_TARGET, STEPS_A_BLOCK, Drawn, Duplicate, Generator, Targets
from .kernels import Flat
from .model import mean_loss
from .variants import PLAIN, Variant

BETA_1, BETA_2, EPS, WEIGHT_DECAY = 0.9, 0.999, 1e-8, 0.01  # AdamW as PyTorch has it
EVALUATION_SEQUENCES = 128
TEST = Duplicate(20, 3)  # of copying, for every run whose network can read it
COLUMNS = (
    "step",
    "loss",  # on held-out sequences of the run's own data, nats: all targets,
    "counted_loss",  # those that training counts,
    "copied_loss",  # those that the context says, NaN where there are none,
    "early_loss",  # and targets 3 to 7
    "late_loss",  # and 48 to 63; less the early loss it is the in-context-learning score
    "test_loss",  # on the repeats of TEST,
    "prefix_matching",  # there, of the head that has most,
    "previous_token",  # and of the head that has most of that
)
SAVE_EVERY = 30.0  # seconds, between states kept for resuming
MS_A_LAYER = 6.0  # of a step of one run on one busy core, with its evaluations, for telling how long it will take


@dataclass(frozen=True)
class TokenRun(machinery.Run):
    """One network's training: everything that determines it but the code."""

    init_seed: int
    data: Generator
    layers: int = 2
    steps: int = 1_000
    variant: Variant = PLAIN
    targets: Targets = EVERY_TARGET
    clamps: tuple[Clamp, ...] = ()
    learning_rate: float = 3e-3
    evaluate_every: int = 25  # steps
    checkpoint_every: int = 0  # steps; 0 keeps the last alone
    stream_seed: int = 0
    evaluation_seed: int = 1

    def __post_init__(self):
        if self.layers < 1 or self.steps < 1 or self.evaluate_every < 1 or self.checkpoint_every < 0:
            raise ValueError(f"expected at least one layer and step, and intervals of whole steps, got {self}")

    @cached_property
    def settings(self) -> dict[str, Any]:
        """This run as plain values, the same in every session, without its length."""
        return {name: value for name, value in plain(self).items() if name != "steps"}

    @property
    def length(self) -> int:
        return self.steps

    @property
    def family(self) -> machinery.Family:
        return TOKENS

    def __str__(self) -> str:
        changed = [f"{self.layers} layers" if self.layers > 1 else "1 layer", str(self.data)]
        changed += [str(v) for v in (self.variant, self.targets) if v not in (PLAIN, EVERY_TARGET)]
        return ", ".join([f"seed {self.init_seed}", *changed, *map(str, self.clamps), f"{self.steps:,} steps"])


def plain(value: Any) -> Any:
    """A frozen value as numbers, texts, lists and dicts."""
    if dataclasses.is_dataclass(value):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **fields}
    return [plain(v) for v in value] if isinstance(value, tuple) else value


def from_plain(value: Any) -> Any:
    """The frozen value that `plain` made these plain values of; `ValueError` for an unknown kind."""
    if isinstance(value, list):
        return tuple(map(from_plain, value))
    if not isinstance(value, dict):
        return value
    kinds = {name: kind for module in (generators, languages, variants, clamps) for name, kind in vars(module).items()}
    kind = (kinds | {"TokenRun": TokenRun}).get(value["kind"])
    if kind is None:
        raise ValueError(f"expected a generator, variant, clamp or run, got the kind {value['kind']!r}")
    return kind(**{name: from_plain(v) for name, v in value.items() if name != "kind"})


@dataclass
class Adam:
    """AdamW over flat parameters: its averages, `run number`, after `step` updates."""

    mean: Tensor
    square: Tensor
    step: int

    def update(self, numbers: Tensor, gradient: Tensor, learning_rate: float) -> None:
        self.step += 1
        rate, root = learning_rate / (1 - BETA_1**self.step), (1 - BETA_2**self.step) ** 0.5
        self.mean.lerp_(gradient, 1 - BETA_1)
        self.square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        numbers.mul_(1 - learning_rate * WEIGHT_DECAY)
        numbers.addcdiv_(self.mean, (self.square.sqrt() / root).add_(EPS), value=-rate)


class Part:
    """The runs of a group that take a step as one batch: one on a CPU, all on a GPU."""

    def __init__(self, runs: Sequence[TokenRun], states: Sequence[State], device: str):
        self.runs, self.states, self.device = list(runs), list(states), device
        self.variant, self.learning_rate = runs[0].variant, runs[0].learning_rate
        self.flat = Flat([state.learnt for state in states], device)
        mean, square = (
            torch.stack([state.working[name] for state in states]).to(device) for name in ("mean", "square")
        )
        self.adam = Adam(mean, square, states[0].progress)
        networks = [Network.of({name: p[None] for name, p in state.learnt.items()}) for state in states]
        combined = clamps.combine([run.clamps for run in runs], networks)
        self.clamps = combined._replace(
            settings=tuple({n: t.to(device) for n, t in s.items()} for s in combined.settings)
        )
        self.held_out = self._stack([run.data.held_out(run.evaluation_seed, EVALUATION_SEQUENCES) for run in runs])
        self.counted = self._counted(self.held_out.tokens)
        self.test = TEST.held_out(0, BATCH) if fits(TEST, runs[0].data) else None

    def _stack(self, each: Sequence[Drawn]) -> Drawn:
        return Drawn(*(torch.stack(tensors).to(self.device) for tensors in zip(*each, strict=True)))

    def _counted(self, tokens: Tensor) -> Tensor:
        return torch.stack([run.targets.counted(t) for run, t in zip(self.runs, tokens, strict=True)])

    def read_block(self, number: int) -> None:
        """Training steps of one block; runs with the same stream read the same."""
        wanted = {(run.data, run.stream_seed) for run in self.runs}
        drawn = {(data, seed): data.block(seed, number) for data, seed in wanted}
        self.block = torch.stack([drawn[run.data, run.stream_seed].tokens for run in self.runs], 1).to(self.device)

    def step(self, place: int) -> Float[Tensor, " run"]:
        """One step of every run on a batch of the block; its loss before the step."""
        tokens = self.block[place]
        counted = self._counted(tokens)
        loss, gradient = kernels.gradient(self.flat, tokens, counted, self.variant, self.clamps)
        self.adam.update(self.flat.numbers, gradient, self.learning_rate)
        return loss

    def record(self, step: int) -> None:
        """A row of history for every run."""
        losses, _ = kernels.losses(self.flat, self.held_out.tokens, self.variant, self.clamps)
        every = EVERY_TARGET.counted(self.held_out.tokens)
        columns = [mean_loss(losses, mask) for mask in (every, self.counted, self.held_out.copied)]
        columns += [losses[..., part].mean((1, 2)) for part in (measures.EARLY, measures.LATE)]
        columns += self._on_test()
        for i, row in enumerate(torch.stack(columns, 1).tolist()):
            if not math.isfinite(row[0]):
                raise FloatingPointError(f"{self.runs[i]}: the loss is {row[0]} after {step:,} steps")
            self.states[i].history.append([float(step), *row])

    def _on_test(self) -> list[Tensor]:
        if self.test is None:
            return [torch.full((len(self.runs),), math.nan, device=self.device)] * 3
        tokens, copied = (tensor[None].expand(len(self.runs), -1, -1).to(self.device) for tensor in self.test)
        losses, pattern = kernels.losses(self.flat, tokens, self.variant, self.clamps, patterns=True)
        assert pattern is not None  # they were asked for
        return [
            mean_loss(losses, copied),
            measures.prefix_matching(pattern, tokens, TEST.distinct).amax(1),
            measures.previous_token(pattern).amax(1),
        ]

    def capture(self, step: int) -> list[State]:
        """The states of all runs after `step` steps."""
        for i, state in enumerate(self.states):
            state.progress, state.learnt = step, self.flat.of(i)
            state.working = {name: getattr(self.adam, name)[i].cpu().clone() for name in ("mean", "square")}
        return self.states


def fits(test: Generator, data: Generator) -> bool:
    return test.length <= data.length and test.vocabulary <= data.vocabulary


def due(every: int, step: int, steps: int) -> bool:
    """Whether something is done after so many steps that is done every so many of them, and at the end."""
    return step == steps or (every > 0 and step % every == 0)


class Tokens(machinery.Family):
    """Token models. A state's working tensors are AdamW's averages, `mean` and `square` of all parameters in a row."""

    name, columns = "tokens", COLUMNS

    def begin(self, run: TokenRun, data: Any = None) -> State:
        sizes = {"vocabulary": run.data.vocabulary, "length": run.data.length}
        learnt = model.initial(run.init_seed, run.layers, **sizes, variant=run.variant)
        size = sum(p.numel() for p in learnt.values())
        return State(0, learnt, {"mean": torch.zeros(size), "square": torch.zeros(size)})

    def shape(self, run: TokenRun, state: State, device: str) -> tuple:
        """Seeds, data, targets and clamps may differ in a group."""
        sizes = (run.data.vocabulary, run.data.length, run.layers, run.variant, run.learning_rate)
        return (*sizes, run.steps, run.evaluate_every, run.checkpoint_every, state.progress)

    def largest_group(self, device: str) -> int | None:
        return 1 if device == "cpu" else None

    def train(
        self,
        runs: Sequence[TokenRun],
        states: Sequence[State],
        data: Any,
        needed: Any,
        device: str,
        hears: Hears,
    ) -> list[State]:
        each = [slice(i, i + 1) for i in range(len(runs))] if device == "cpu" else [slice(None)]
        parts = [Part(runs[some], states[some], device) for some in each]
        run, (start,) = runs[0], {state.progress for state in states}
        saved = time.monotonic()
        for step in range(start, run.steps + 1):
            new = step > start or step == 0  # what was done before the interruption is in the state
            for part in parts if new else ():
                if due(run.evaluate_every, step, run.steps):
                    part.record(step)
                if due(run.checkpoint_every, step, run.steps):
                    for i, one in enumerate(part.runs):
                        hears.checkpoint(one, step, part.flat.of(i))
            if step == run.steps:
                break
            if hears.states and step > start and time.monotonic() - saved > SAVE_EVERY and self._evaluates(run, step):
                hears.states([state for part in parts for state in part.capture(step)])
                saved = time.monotonic()
            number, place = divmod(step, STEPS_A_BLOCK)
            if place == 0 or step == start:
                for part in parts:
                    part.read_block(number)
            losses = torch.cat([part.step(place) for part in parts])
            hears.progress(len(runs), losses.mean())
        return [state for part in parts for state in part.capture(run.steps)]

    @staticmethod
    def _evaluates(run: TokenRun, step: int) -> bool:
        return due(run.evaluate_every, step, run.steps)

    def rows(self, run: TokenRun, history: list[list[float]]) -> list[list[float]]:
        """Those of its own evaluations: a run of another length has one at its end."""
        return [row for row in history if row[0] <= run.steps and self._evaluates(run, round(row[0]))]

    def keeps(self, run: TokenRun, progress: int) -> bool:
        return progress <= run.steps and due(run.checkpoint_every, progress, run.steps)

    def seconds(self, run: TokenRun) -> float:
        return run.steps * run.layers * MS_A_LAYER / 1e3

    def starting_seconds(self) -> float:
        return COMPILING if to_compile() else 0.0


TOKENS = Tokens()
