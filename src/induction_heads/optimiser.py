"""Adam as in section 2.2, over a batch of runs whose losses do not depend on one another."""

import torch
from torch import Tensor

from .model import Parameters

BETAS, EPS = (0.9, 0.999), 1e-8


def adam(parameters: Parameters, learning_rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(parameters.values(), lr=learning_rate, betas=BETAS, eps=EPS, fused=True)


def step(adam: torch.optim.Adam, loss: Tensor) -> None:
    """One update from the loss of each run; a parameter that no loss reaches stays as it is."""
    adam.zero_grad(set_to_none=True)
    loss.sum().backward()
    adam.step()
