"""One attention head on one sequence, by the operators that train the networks; lessons 2 and 3 compare with it.

And for lessons 8 and 12, what a clamp on a pattern gives, and what it lets through.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.networks import kernels


def normal(rng: np.random.Generator, *shape: int) -> Tensor:
    """Numbers to try a function on."""
    return torch.from_numpy(rng.standard_normal(shape)).float()


class Clamped(NamedTuple):
    pattern: Tensor
    gradient: Tensor  # that reaches the network's own pattern
    given: Tensor  # what was given, afterwards


def clamped(clamp: Callable[[Tensor], Tensor | None], pattern: Tensor, weights: Tensor) -> Clamped:
    """What a clamp makes of a pattern, and the gradient of the sum weighted so."""
    leaf = pattern.clone().requires_grad_()
    given = leaf * 1.0
    found = clamp(given)
    if found is None:
        raise ValueError("nothing is returned, and what is returned stands there")
    gradient = torch.zeros_like(leaf)
    if found.requires_grad:
        (gradient,) = torch.autograd.grad((found * weights).sum(), leaf, retain_graph=True)
    return Clamped(found, gradient, given)


def columns(x: Float[Tensor, "token d"]) -> Float[Tensor, "1 1 d token 1"]:
    """As the operators have it: one network, one head, one sequence."""
    return x.T[None, None, :, :, None]


def rotate(x: Float[Tensor, "token d"]) -> Float[Tensor, "token d"]:
    return kernels.rotate(columns(x))[0, 0, :, :, 0].T


def pattern(q: Float[Tensor, "token d"], k: Float[Tensor, "token d"]) -> Float[Tensor, "query key"]:
    """The causal pattern of queries and keys that are not turned yet."""
    return kernels.scores(columns(q), columns(k))[0, 0, :, :, 0].softmax(-1)


def head(
    x: Float[Tensor, "token d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
) -> Float[Tensor, "token d_model"]:
    """What a head adds to the stream; no LayerNorm."""
    return pattern(x @ W_Q, x @ W_K) @ x @ W_V @ W_O


def looks_back_by(weights: Float[Tensor, "token key"]) -> int:
    """How many tokens back the tokens after the first attend to most, the commonest answer."""
    back = torch.arange(1, len(weights)) - weights[1:].argmax(-1)
    return int(back.mode().values)
