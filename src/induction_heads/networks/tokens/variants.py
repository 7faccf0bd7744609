"""Attention variants of section D of the token papers: keys (and values) that have seen their predecessor; and n-gram
heads before the first layer.

Each is a small frozen value, as clamps are. The former act between projection and scores, so that `hook_q`, `hook_k`
and `hook_v` show what the scores and the mixing read. Their trained numbers, if any, are one a head and layer, and live
among the parameters of the block.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..model import Parameters, layer_norm, n_layers, parameters_of

Heads = Float[Tensor, "run batch token head d_head"]
Share = Float[Tensor, "run head"]
LETTERS = ("q", "k", "v")


@dataclass(frozen=True)
class Variant:
    """Attention as it is. The others read, of queries, keys or values, x_t <- own x_t + previous x_{t-1}."""

    first_is_its_own: ClassVar[bool] = True  # x_{-1} is x_0; else it is 0
    stands_before: ClassVar[bool] = False  # whether it puts anything before the first layer

    def initial_before(self, d_model: int, rng: torch.Generator) -> Parameters:
        """The trained parameters of what stands before the first layer, without run axis."""
        return {}

    def before(
        self, parameters: Parameters, tokens: Int[Tensor, "#run batch token"], stream: Tensor
    ) -> Float[Tensor, "run batch token d_model"]:
        """The stream that the first layer reads, from the embedded tokens."""
        return stream

    def initial(self, heads: int, rng: torch.Generator) -> Parameters:
        """The trained numbers of one block before training, without run axis."""
        return {}

    def mixes(self, block: Parameters) -> dict[str, tuple[Share, Share]]:
        """ "q", "k" or "v", where they change -> own and previous, a number for each head."""
        return {}

    def read(self, block: Parameters, q: Heads, k: Heads, v: Heads) -> tuple[Heads, Heads, Heads]:
        """The queries, keys and values that attention reads, from those that were projected."""
        mixes = self.mixes(block)
        given = zip(LETTERS, (q, k, v), strict=True)
        q, k, v = (self._mixed(x, *mixes[letter]) if letter in mixes else x for letter, x in given)
        return q, k, v

    def _mixed(self, x: Heads, own: Share, previous: Share) -> Heads:
        first = x[:, :, :1] if self.first_is_its_own else torch.zeros_like(x[:, :, :1])
        before = torch.cat([first, x[:, :, :-1]], 2)
        return _per_head(own) * x + _per_head(previous) * before


def _per_head(share: Share) -> Float[Tensor, "run 1 1 head 1"]:
    return share[:, None, None, :, None]


@dataclass(frozen=True)
class SmearedKeys(Variant):
    """k_j <- σ(α_h) k_j + (1 - σ(α_h)) k_{j-1}; the first key unchanged (Olsson et al. 2022, 2209.11895, argument 2).

    Each α starts at 0, a key half its own and half its predecessor's.
    """

    def initial(self, heads, rng):
        return {"alpha": torch.zeros(heads)}

    def mixes(self, block):
        own = block["alpha"].sigmoid()
        return {"k": (own, 1 - own)}


@dataclass(frozen=True)
class ShiftedKeysAndValues(Variant):
    """k_j <- α₁ k_j + α₂ k_{j-1} and v_j <- β₁ v_j + β₂ v_{j-1}, with 0 before the first (KV shifting, 2411.19574).

    α₁, β₁ ~ U(0, 1), α₂ = 1 - α₁ and β₂ = 1 - β₁ at the start; then all four are free. (α₁, β₁) = (0, 1) is induction:
    a key that is its predecessor's, a value that is its own.
    """

    first_is_its_own: ClassVar[bool] = False

    def initial(self, heads, rng):
        alpha, beta = torch.rand(2, heads, generator=rng)
        return {"alpha_1": alpha, "alpha_2": 1 - alpha, "beta_1": beta, "beta_2": 1 - beta}

    def mixes(self, block):
        return {"k": (block["alpha_1"], block["alpha_2"]), "v": (block["beta_1"], block["beta_2"])}


@dataclass(frozen=True)
class Momentum(Variant):
    """q̂_t = q_t + γ (q_t - q_{t-1}) and k̂ alike, or keys alone; values untouched (2602.04902).

    Positions are in q and k already. The first token has no momentum. In q̂_i k̂_j the match of x_i with x_{j-1} gets
    -γ(1 + γ), and so does that of x_{i-1} with x_j, unless `keys_only`.
    """

    gamma: float
    keys_only: bool = False

    def mixes(self, block):
        ones = torch.ones_like(block["W_Q"][:, :, 0, 0])
        shares = ((1 + self.gamma) * ones, -self.gamma * ones)
        return {"k": shares} if self.keys_only else {"q": shares, "k": shares}


@dataclass(frozen=True)
class NGramHeads(Variant):
    """Heads whose pattern is given, before the first layer: they read what came after the last n tokens before.

    x <- x + Σ_s a_ts LN(x)_s W_a + LN(x)_t W_b for each n of `orders`, one after the other, with a = `came_after(n)`
    (NGH_n of Akyürek et al. 2024, 2401.12973, here each in a pre-LN residual step of its own).
    """

    orders: tuple[int, ...]
    stands_before: ClassVar[bool] = True

    def __post_init__(self):
        if not self.orders or min(self.orders) < 1:
            raise ValueError(f"expected n-gram heads of one token or more, got {self.orders}")

    def initial_before(self, d_model, rng):
        found: Parameters = {}
        for n in self.orders:
            found |= {f"n_gram_{n}_ln_w": torch.ones(d_model), f"n_gram_{n}_ln_b": torch.zeros(d_model)}
            for name in ("W_a", "W_b"):
                found[f"n_gram_{n}_{name}"] = d_model**-0.5 * torch.randn(d_model, d_model, generator=rng)
        return found

    def before(self, parameters, tokens, stream):
        for n in self.orders:
            ln_w, ln_b, W_a, W_b = (parameters[f"n_gram_{n}_{name}"] for name in ("ln_w", "ln_b", "W_a", "W_b"))
            normed = layer_norm(stream, ln_w, ln_b)
            read = came_after(tokens, n).to(stream.dtype) @ normed
            stream = stream + linear(read, W_a) + linear(normed, W_b)
        return stream


def linear(
    x: Float[Tensor, "run batch token d_in"], weight: Float[Tensor, "run d_in d_out"]
) -> Float[Tensor, "run batch token d_out"]:
    """`x @ weight` as one product a run."""
    return torch.bmm(x.flatten(1, 2), weight).view(*x.shape[:3], -1)


def came_after(tokens: Int[Tensor, "*batch token"], n: int) -> Float[Tensor, "*batch query key"]:
    """Equal attention to the tokens that came after earlier occurrences of the last n; none where there are none.

    1 2 3 1 2 3 1, n = 2: the last token attends to the fifth, which came after 3 1. A token attends to earlier ones
    alone, not to itself.
    """
    same = tokens[..., :, None] == tokens[..., None, :]
    matched = same
    for i in range(1, n):
        matched = matched & torch.nn.functional.pad(same[..., :-i, :-i], (i, 0, i, 0))
    after = torch.nn.functional.pad(matched[..., :-1], (1, 0)).tril(-1).float()
    return after / after.sum(-1, keepdim=True).clamp(min=1)


PLAIN = Variant()


def every_mix(variant: Variant, parameters: Parameters) -> Float[Tensor, "run layer 3 2 head"] | None:
    """`mixes` of all layers, for q, k and v: own, then previous; None where attention is as it is."""
    layers = []
    for layer in range(n_layers(parameters)):
        block = parameters_of(parameters, layer)
        mixed = variant.mixes(block)
        if not mixed:
            return None
        ones = torch.ones_like(block["W_Q"][:, :, 0, 0])
        found = dict.fromkeys(LETTERS, (ones, 0 * ones)) | mixed
        layers.append(torch.stack([torch.stack(found[letter], 1) for letter in LETTERS], 1))
    return torch.stack(layers, 1)
