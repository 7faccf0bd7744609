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
        return cls(parameters, *({name: torch.zeros_like(p) for name, p in parameters.items()} for _ in range(2)))


def updating(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function that makes one update in place and returns the losses: loss, gradient and Adam in one program.

    `loss(parameters, *inputs)` gives the loss of each run. A run whose loss does not reach a parameter leaves it.
    """

    def update(parameters: Parameters, mean: Parameters, square: Parameters, rate: Tensor, root: Tensor, *inputs: Any) -> Tensor:
        leaves = {name: p.detach().requires_grad_() for name, p in parameters.items()}
        each = loss(leaves, *inputs)
        gradients = torch.autograd.grad(each.sum(), list(leaves.values()), allow_unused=True)
        for name, gradient in zip(leaves, gradients, strict=True):
            if gradient is None:
                continue
            p, m, v = parameters[name], mean[name], square[name]
            m.mul_(BETA_1).add_(gradient, alpha=1 - BETA_1)
            v.mul_(BETA_2).add_(gradient * gradient, alpha=1 - BETA_2)
            p.sub_(rate * (m / (v.sqrt() / root + EPS)))
        return each.detach()

    return update


def step(adam: Adam, update: Callable[..., Tensor], learning_rate: float, *inputs: Any) -> Tensor:
    """One update of every run; `update` is made by `updating`. Returns the loss of each run before it."""
    adam.step += 1
    p = adam.parameters["b_U"]
    rate = torch.tensor(learning_rate / (1 - BETA_1**adam.step), dtype=p.dtype, device=p.device)
    root = torch.tensor((1 - BETA_2**adam.step) ** 0.5, dtype=p.dtype, device=p.device)
    return update(adam.parameters, adam.mean, adam.square, rate, root, *inputs)
