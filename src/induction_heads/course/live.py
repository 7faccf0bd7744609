"""Training that can be watched in a student's notebook: curves that draw themselves, and runs trained side by side."""

import time
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, NamedTuple, SupportsFloat

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from IPython.display import display
from matplotlib.figure import Figure

from induction_heads.data import Dataset
from induction_heads.machinery.colours import QUIET, head_colour
from induction_heads.networks import model, optimiser, sequences, training
from induction_heads.networks.model import Edit, Parameters, Sequences
from induction_heads.networks.run import HISTORY, Run, initial

from .answering import length

MOMENT = 1.0  # seconds between two drawings
EVERY = 50  # steps, between evaluations of a network that trains under hooks
DASHES, MARKS = ("-", "--", "-.", ":"), ("", "o", "s", "^")  # so that curves are told apart without colour


class Watch:
    """Curves in one pair of axes: `add` a point, and now and then they are drawn anew; `done` draws them at last.

    `levels` are named heights, such as the loss of a guess. A program that executes the lesson draws only at last.
    """

    def __init__(self, quantity: str, levels: Mapping[str, float] | None = None, along: str = "sequences seen"):
        self.quantity, self.levels, self.along = quantity, dict(levels or {}), along
        self.curves: dict[str, tuple[list[float], list[float]]] = {}
        self._shown: Any = None
        self._drawn = time.monotonic()

    def add(self, name: str, x: SupportsFloat, y: SupportsFloat) -> None:
        xs, ys = self.curves.setdefault(name, ([], []))
        xs.append(float(x))
        ys.append(float(y))
        if time.monotonic() - self._drawn > length(1, quick=1_000) * MOMENT:
            self._show()

    def done(self) -> None:
        self._show()

    def figure(self) -> Figure:
        fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
        for name, height in self.levels.items():
            ax.axhline(height, color=QUIET, lw=0.8, ls=":")
            ax.annotate(name, (1.01, height), xycoords=("axes fraction", "data"), va="center", size=8, color=QUIET)
        for i, (name, (xs, ys)) in enumerate(self.curves.items()):
            dashes, mark = DASHES[i % len(DASHES)], MARKS[i // len(DASHES) % len(MARKS)]
            ax.plot(xs, ys, dashes, color=head_colour(i), lw=1.6, marker=mark, ms=3.5, markevery=0.1, label=name)
        ax.set(xlabel=self.along, ylabel=self.quantity)
        if self.curves:
            ax.legend(fontsize=7, ncols=2)
        return fig

    @property
    def alt(self) -> str:
        """What the picture shows, in words."""
        return f"{self.quantity} by {self.along}: {'; '.join(map(self._told, self.curves))}."

    def _told(self, name: str) -> str:
        """Where a curve begins and ends, and when it is half way."""
        xs, ys = self.curves[name]
        middle, falls = (ys[0] + ys[-1]) / 2, ys[-1] < ys[0]
        half = next((x for x, y in zip(xs, ys, strict=True) if (y <= middle) == falls), xs[-1])
        return f"{name} from {ys[0]:.3g} to {ys[-1]:.3g} after {xs[-1]:,.0f}, half way at {half:,.0f}"

    def _show(self) -> None:
        fig = self.figure()
        about = {"image/png": {"alt": self.alt}}
        if self._shown is None:
            self._shown = display(fig, metadata=about, display_id=True)
        else:
            self._shown.update(fig, metadata=about)
        plt.close(fig)
        self._drawn = time.monotonic()


class Finished(NamedTuple):
    """A trained network, with its evaluations along the way and the networks that it was."""

    run: Run
    history: pd.DataFrame  # columns as HISTORY
    parameters: Parameters
    checkpoints: dict[int, Parameters]  # by sequences seen; empty unless the run keeps any


def train(runs: Mapping[str, Run], data: Dataset, watch: Watch | None = None) -> dict[str, Finished]:
    """Trains named runs, those of one shape side by side; every evaluation of the train loss goes to `watch`."""
    begun = {name: training.begin(run, data) for name, run in runs.items()}
    shapes = {name: training.PAIRS.shape(run, begun[name], "cpu") for name, run in runs.items()}
    order = list(dict.fromkeys(shapes.values()))
    found: dict[str, Finished] = {}
    for _, together in groupby(sorted(runs, key=lambda name: order.index(shapes[name])), key=shapes.__getitem__):
        found |= _train_group({name: runs[name] for name in together}, begun, data, watch)
    if watch is not None:
        watch.done()
    return {name: found[name] for name in runs}


def _train_group(
    runs: Mapping[str, Run], begun: Mapping[str, training.State], data: Dataset, watch: Watch | None
) -> dict[str, Finished]:
    names = list(runs)
    kept: dict[Run, dict[int, Parameters]] = {run: {} for run in runs.values()}
    group = training.Group(list(runs.values()), [begun[name] for name in names], data, {})
    told, states = dict.fromkeys(names, 0), group.states

    def tell() -> None:
        for name, state in zip(names, states, strict=True):
            new, told[name] = state.history[told[name] :], len(state.history)
            if watch is not None:
                for sequences_seen, loss, *_ in new:
                    watch.add(name, sequences_seen, loss)

    def keep(run: Run, sequences_seen: int, parameters: Parameters) -> None:
        kept[run][sequences_seen] = {name: p.clone() for name, p in parameters.items()}

    group.train(lambda step, loss: tell(), keep)
    tell()
    return {
        name: Finished(runs[name], pd.DataFrame(state.history, columns=HISTORY), state.learnt, kept[runs[name]])
        for name, state in zip(names, states, strict=True)
    }


Hooks = Callable[[Sequences], Edit]  # a batch -> what stands at its sites


def train_under(
    hooks: Mapping[str, Hooks], data: Dataset, steps: int, rate: float, watch: Watch, until: float = 0.0, seed: int = 1
) -> dict:
    """Trains the same network under hooks of one's own, one after another: name -> (sequences seen, loss) arrays.

    The package's network and Adam in plain PyTorch, which takes hooks of any kind and is slower than `train`. The loss
    is that of sequences of the training classes, under the hook; nats. A training ends after so many steps, or where
    an evaluation of the loss is below `until`.
    """
    task, run = sequences.Task(), Run(seed)
    exemplars = sequences.Exemplars.of(data, task)
    held, features = sequences.evaluation_set("train", task, exemplars, run.evaluation_seed, 300), exemplars.train[None]
    found = {}

    def losses(parameters: Parameters, batch: Sequences, hook: Hooks) -> torch.Tensor:
        logits = model.forward(parameters, features, batch, hook(batch))["logits"]
        return model.loss(logits, batch.target).mean(-1)

    for name, hook in hooks.items():
        start = initial(run, features.shape[-1])
        adam = optimiser.Adam.at_start(model.stored({n: p[None].clone() for n, p in start.items()}))
        seen: list[int] = []
        for step, batch in zip(range(steps + 1), sequences.stream(task, run.stream_seed), strict=False):
            if step % EVERY == 0:
                with torch.no_grad():
                    now = float(losses(adam.parameters, held, hook))
                watch.add(name, step * sequences.BATCH, now)
                seen.append(step * sequences.BATCH)
                if now < until:
                    break
            optimiser.step(adam, losses, rate, Sequences(*(each[None] for each in batch)), hook)
        found[name] = (np.array(seen, dtype=float), np.array(watch.curves[name][1]))
    watch.done()
    return found
