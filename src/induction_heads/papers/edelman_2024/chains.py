"""Markov chains with a transition matrix of their own, and what can be said of the next token by counting (section 2).

0 2 0 2 1 0 2 -> ?     three states; after 0 always came 2
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

STATES, LENGTH = 3, 64  # k and T
STRATEGIES = ("uniform", "unigram", "bigram")


class Chains(NamedTuple):
    """Matrices, whose rows are the next token's distributions, and a sequence of each."""

    matrix: Float[Tensor, "chain state state"]
    tokens: Int[Tensor, "chain token"]


def exponential(shape: tuple[int, ...], generator: Generator) -> Tensor:
    return -torch.log1p(-torch.rand(shape, generator=generator))


def dirichlet(n: int, generator: Generator) -> Float[Tensor, "n state state"]:
    """Rows uniform over all distributions."""
    drawn = exponential((n, STATES, STATES), generator)
    return drawn / drawn.sum(-1, keepdim=True)


def equal_rows(n: int, generator: Generator) -> Float[Tensor, "n state state"]:
    """Chains that forget: every row is the same, and counting tokens is all there is to do."""
    return dirichlet(n, generator)[:, :1].expand(-1, STATES, -1)


def doubly_stochastic(n: int, generator: Generator) -> Float[Tensor, "n state state"]:
    """Rows and columns sum to one, so that counting tokens tells nothing: a uniform block, where the rest fits."""
    found: list[Tensor] = []
    while sum(len(part) for part in found) < n:
        block = torch.rand(4 * n, STATES - 1, STATES - 1, generator=generator)
        wide = torch.cat([block, 1 - block.sum(2, keepdim=True)], 2)
        whole = torch.cat([wide, 1 - wide.sum(1, keepdim=True)], 1)
        found.append(whole[(whole >= 0).all(2).all(1)])
    return torch.cat(found)[:n]


def stationary(matrix: Float[Tensor, "n state state"]) -> Float[Tensor, "n state"]:
    """The distribution that a step leaves as it is."""
    return torch.linalg.matrix_power(matrix, 256)[:, 0]


def sampled(matrix: Float[Tensor, "n state state"], generator: Generator, length: int = LENGTH) -> Chains:
    """A sequence of each chain, the first token from its stationary distribution."""
    limits = matrix.cumsum(-1)[..., :-1].contiguous()
    chance = torch.rand(length, len(matrix), 1, generator=generator)
    rows = torch.arange(len(matrix))
    token = (chance[0] > stationary(matrix).cumsum(-1)[:, :-1]).sum(-1)
    tokens = [token]
    for t in range(1, length):
        token = (chance[t] > limits[rows, token]).sum(-1)
        tokens.append(token)
    return Chains(matrix, torch.stack(tokens, 1))


def truth(chains: Chains) -> Float[Tensor, "chain state"]:
    """The distribution of what comes after the last token."""
    return chains.matrix[torch.arange(len(chains.matrix)), chains.tokens[:, -1]]


def strategies(tokens: Int[Tensor, "chain token"]) -> dict[str, Float[Tensor, "chain state"]]:
    """What one says of the next token who knows nothing, counts tokens, or counts what came after the last token."""
    n, length = tokens.shape
    hot = torch.nn.functional.one_hot(tokens, STATES).float()
    after = torch.einsum("cti,ctj->cij", hot[:, :-1], hot[:, 1:])[torch.arange(n), tokens[:, -1]]
    return {
        "uniform": torch.full((n, STATES), 1 / STATES),
        "unigram": (hot.sum(1) + 1) / (length + STATES),
        "bigram": (after + 1) / (after.sum(-1, keepdim=True) + STATES),
    }


def divergence(p: Float[Tensor, "chain state"], log_q: Float[Tensor, "chain state"]) -> Tensor:
    """The mean of KL(p || q) over chains, in nats; 0 log 0 is 0."""
    return (torch.xlogy(p, p) - p * log_q).sum(-1).mean()
