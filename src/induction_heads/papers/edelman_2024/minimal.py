"""The paper's minimal model: which of three states are alike, and how far to look back (section 3.2).

    l_s = Σ_(u ≤ s) softmax_u(v_(s-u)) e_u        what layer 1 puts at place s; v has a number a lag
    ŷ_t = Σ_(s ≤ t) (e_tᵀ W l_s) e_s              logits: counts of the tokens at s, weighted by layer 2's scores

With v at lag 1 and W a diagonal it counts what came after the present token; with v even and W even it counts tokens.
Plain gradient descent. The causal mask is kept, which the published code discards.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

from . import chains
from .chains import LENGTH, STATES, STRATEGIES, Chains
from .network import BATCH

FIRST = 0.01  # every entry of W; v begins at 0
RATES = {"v": 1.0, "W": 0.01}  # which of the page's two rates is whose: what learns in 300 steps, on seed 100
LAGS = 8  # of v that are kept through training
COLUMNS = (
    "steps",
    "loss",
    *(f"from_{name}" for name in STRATEGIES),
    "diagonal",
    "off_diagonal",
    *(f"v_{lag}" for lag in range(LAGS)),
)


@dataclass(frozen=True)
class Minimal(ShortRun):
    """A minimal model trained on fresh chains."""

    tests: int = 1024
    evaluate_every: int = 10  # steps

    @property
    def family(self) -> Family:
        return FAMILY


def looks_back(v: Float[Tensor, " lag"], length: int) -> Float[Tensor, "token token"]:
    """Layer 1's pattern."""
    lag = torch.arange(length)[:, None] - torch.arange(length)
    return v[lag.clamp(min=0)].masked_fill(lag < 0, -torch.inf).softmax(-1)


def logits(weights: Tensors, tokens: Int[Tensor, "chain token"]) -> Float[Tensor, "chain token state"]:
    hot = torch.nn.functional.one_hot(tokens, STATES).float()
    read = looks_back(weights["v"], tokens.shape[1]) @ hot
    return (hot @ weights["W"] @ read.mT).tril() @ hot


def evaluated(weights: Tensors, test: Chains) -> list[float]:
    """The columns after `steps`; distances in nats at the last token."""
    said = logits(weights, test.tokens)[:, -1].log_softmax(-1)
    told = chains.strategies(test.tokens)
    distances = [chains.divergence(p, said).item() for p in (chains.truth(test), *told.values())]
    diagonal = weights["W"].diagonal()
    off = (weights["W"].sum() - diagonal.sum()) / (STATES * (STATES - 1))
    return [*distances, diagonal.mean().item(), off.item(), *weights["v"][:LAGS].tolist()]


def make(run: Minimal, progress: Progress) -> Made:
    generator = torch.Generator().manual_seed(run.seed)
    test = chains.sampled(chains.dirichlet(run.tests, generator), generator)
    weights = {"W": torch.full((STATES, STATES), FIRST), "v": torch.zeros(LENGTH)}
    history = []
    for step in range(run.steps + 1):
        if step % run.evaluate_every == 0 or step == run.steps:
            history.append([step, *evaluated(weights, test)])
        if step < run.steps:
            tokens = chains.sampled(chains.dirichlet(BATCH, generator), generator).tokens
            learning = {name: weight.requires_grad_() for name, weight in weights.items()}
            said = logits(learning, tokens[:, :-1])
            loss = torch.nn.functional.cross_entropy(said.flatten(0, 1), tokens[:, 1:].flatten())
            gradients = torch.autograd.grad(loss, list(learning.values()))
            moves = zip(weights.items(), gradients, strict=True)
            weights = {name: weight.detach() - RATES[name] * gradient for (name, weight), gradient in moves}
            progress(1, loss.item())
    return Made(history, weights)


FAMILY = ShortFamily("edelman 2024 minimal", COLUMNS, make, lambda run: 0.005)
