"""Adam as in section 2.2, over a batch of runs whose losses do not depend on one another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .model import Parameters

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8


@dataclass
class Adam:
    """Parameters with Adam's running averages of their gradient and of its square, after `step` updates."""

    parameters: Parameters
    mean: Parameters
    square: Parameters
    step: int = 0

    @classmethod
    def at_start(cls, parameters: Parameters) -> "Adam":
        mean, square = ({name: torch.zeros_like(p) for name, p in parameters.items()} for _ in range(2))
        return cls(parameters, mean, square)

    def corrected(self, learning_rate: float) -> tuple[float, float, float, float, float]:
        """Counts a step; the rate and root that carry the two averages' corrections, then BETA_1, BETA_2 and EPS."""
        self.step += 1
        return learning_rate / (1 - BETA_1**self.step), (1 - BETA_2**self.step) ** 0.5, BETA_1, BETA_2, EPS


def step(adam: Adam, loss: Callable[..., Tensor], learning_rate: float, *inputs: Any) -> Tensor:
    """One update of every run in place; `loss(parameters, *inputs)` gives the loss of each run, which is returned.

    A parameter that no run's loss reaches stays as it is.
    """
    rate, root, *_ = adam.corrected(learning_rate)
    leaves = {name: p.detach().requires_grad_() for name, p in adam.parameters.items()}
    each = loss(leaves, *inputs)
    gradients = torch.autograd.grad(each.sum(), list(leaves.values()), allow_unused=True)
    for name, gradient in zip(leaves, gradients, strict=True):
        if gradient is not None:
            p, m, v = adam.parameters[name], adam.mean[name], adam.square[name]
            m.mul_(BETA_1).add_(gradient, alpha=1 - BETA_1)
            v.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
            p.sub_(rate * m / (v.sqrt() / root + EPS))
    return each.detach()
