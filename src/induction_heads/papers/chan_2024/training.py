"""What the gate and the transformer share: a fixed set of sequences, and Adam on batches of it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from induction_heads.machinery.run import Tensors
from induction_heads.machinery.short import Made, Progress, ShortRun

from . import data
from .data import Sequences

LEARNING_RATE, BATCH = 1e-3, 64
Tests = dict[str, tuple[Sequences, Sequences]]  # of each group, as in training and with labels moved


@dataclass(frozen=True)
class OnFixedSet(ShortRun):
    """A network trained on a fixed set of `sequences`, with `noise` in each coordinate of an item."""

    sequences: int
    noise: float
    tests: int = 500  # of each group
    evaluate_every: int = 100  # steps


def train(
    run: OnFixedSet,
    progress: Progress,
    initial: Callable[[torch.Generator], Tensors],
    losses: Callable[[Tensors, Sequences], tuple[Tensor, Tensor]],
    evaluated: Callable[[Tensors, Tests], list[float]],
) -> Made:
    """`losses` are the one that is told and the one that is descended; `evaluated` gives the columns after `loss`."""
    generator = torch.Generator().manual_seed(run.seed)
    training, tests = data.of_run(run.sequences, run.noise, run.tests, generator)
    weights = {name: w.requires_grad_() for name, w in initial(generator).items()}
    optimiser = torch.optim.Adam(weights.values(), lr=LEARNING_RATE, fused=True)
    history = []
    for step in range(run.steps + 1):
        told, descended = losses(weights, training.at(torch.randint(run.sequences, (BATCH,), generator=generator)))
        if step % run.evaluate_every == 0 or step == run.steps:
            with torch.no_grad():
                history.append([step, told.item(), *evaluated(weights, tests)])
        if step < run.steps:
            optimiser.zero_grad()
            descended.backward()
            optimiser.step()
            progress(1, told.item())
    return Made(history, {name: w.detach() for name, w in weights.items()})
