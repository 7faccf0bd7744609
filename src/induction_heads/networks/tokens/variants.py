"""Attention variants of section D of the token papers: keys (and values) that have seen their predecessor.

Each is a small frozen value, as clamps are. It acts between projection and scores, so that `hook_q`, `hook_k` and
`hook_v` show what the scores and the mixing read. Its trained numbers, if any, are one a head and layer, and live
among the parameters of the block.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..model import Parameters

Heads = Float[Tensor, "run batch token head d_head"]


def shifted(x: Heads, keeps_first: bool = False) -> Heads:
    """Every token reads the one before it; token 0 itself if it is kept, else 0."""
    first = x[:, :, :1]
    return torch.cat([first if keeps_first else torch.zeros_like(first), x[:, :, :-1]], 2)


def per_head(number: Float[Tensor, "run head"]) -> Float[Tensor, "run 1 1 head 1"]:
    return number[:, None, None, :, None]


@dataclass(frozen=True)
class Variant:
    """Attention as it is; the others change what `read` gives."""

    def initial(self, heads: int, rng: torch.Generator) -> Parameters:
        """The trained numbers of one block before training, without run axis."""
        return {}

    def read(self, block: Parameters, q: Heads, k: Heads, v: Heads) -> tuple[Heads, Heads, Heads]:
        """The queries, keys and values that attention reads, from those that were projected."""
        return q, k, v


@dataclass(frozen=True)
class SmearedKeys(Variant):
    """k_j <- σ(α_h) k_j + (1 - σ(α_h)) k_{j-1}; the first key unchanged (Olsson et al. 2022, 2209.11895, argument 2).

    Each α starts at 0, a key half its own and half its predecessor's.
    """

    def initial(self, heads, rng):
        return {"alpha": torch.zeros(heads)}

    def read(self, block, q, k, v):
        own = per_head(block["alpha"].sigmoid())
        return q, own * k + (1 - own) * shifted(k, keeps_first=True), v


@dataclass(frozen=True)
class ShiftedKeysAndValues(Variant):
    """k_j <- α₁ k_j + α₂ k_{j-1} and v_j <- β₁ v_j + β₂ v_{j-1}, with 0 before the first (KV shifting, 2411.19574).

    α₁, β₁ ~ U(0, 1), α₂ = 1 - α₁ and β₂ = 1 - β₁ at the start; then all four are free. (α₁, β₁) = (0, 1) is induction:
    a key that is its predecessor's, a value that is its own.
    """

    def initial(self, heads, rng):
        alpha, beta = torch.rand(2, heads, generator=rng)
        return {"alpha_1": alpha, "alpha_2": 1 - alpha, "beta_1": beta, "beta_2": 1 - beta}

    def read(self, block, q, k, v):
        k = per_head(block["alpha_1"]) * k + per_head(block["alpha_2"]) * shifted(k)
        v = per_head(block["beta_1"]) * v + per_head(block["beta_2"]) * shifted(v)
        return q, k, v


@dataclass(frozen=True)
class Momentum(Variant):
    """q̂_t = q_t + γ (q_t - q_{t-1}) and k̂ alike, or keys alone; values untouched (2602.04902).

    Positions are in q and k already. The first token has no momentum. In q̂_i k̂_j the match of x_i with x_{j-1} gets
    -γ(1 + γ), and so does that of x_{i-1} with x_j, unless `keys_only`.
    """

    gamma: float
    keys_only: bool = False

    def read(self, block, q, k, v):
        k = k + self.gamma * (k - shifted(k, keeps_first=True))
        if not self.keys_only:
            q = q + self.gamma * (q - shifted(q, keeps_first=True))
        return q, k, v


PLAIN = Variant()
