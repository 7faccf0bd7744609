"""A small attention-only transformer on Markov chains: pre-LN layers of one head, relative positions in the scores.

score(t, s) = (q_t·k_s + q_t·r_(t-s)) / √d. Trained on fresh chains, on the next token at every place. `clamped` gives
layer 1 the pattern of a perfect previous-token head from the first step of training to the last.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun
from induction_heads.networks.tokens.model import causal

from . import chains
from .chains import LENGTH, STATES, STRATEGIES, Chains

WIDTH = 32
INITIAL, INITIAL_OUT = 0.02, 0.01
LEARNING_RATE, BETAS, DECAY = 1e-3, (0.9, 0.95), 0.1
BATCH = 64
COLUMNS = (
    "steps",
    "loss",
    *(f"from_{name}" for name in STRATEGIES),
    "previous",
    "induction",
    *(f"loss_{name}" for name in STRATEGIES),
)
KINDS = {"dirichlet": chains.dirichlet, "doubly stochastic": chains.doubly_stochastic}


@dataclass(frozen=True)
class Statistical(ShortRun):
    """A network; `kind` says on which chains it is trained and tested, `forgetful` how many of equal rows are added."""

    layers: int = 2
    kind: str = "dirichlet"
    forgetful: int = 0  # chains of equal rows in a batch, beside the others
    clamped: bool = False
    tests: int = 1024
    evaluate_every: int = 25  # steps

    @property
    def family(self) -> Family:
        return FAMILY

    @property
    def settings(self) -> dict[str, Any]:
        """With what else tells a subclass apart: `kind` says which chains, where it would say which class."""
        beside = {} if type(self) is Statistical else {"network": type(self).__name__}
        return super().settings | beside

    @property
    def rate(self) -> float:
        return LEARNING_RATE

    @property
    def scalar(self) -> bool:
        """Whether a lag has a number instead of a vector that queries meet."""
        return False


@dataclass(frozen=True)
class Scalar(Statistical):
    """The same with a number a lag."""

    @property
    def scalar(self) -> bool:
        return True


@dataclass(frozen=True)
class Faster(Statistical):
    """The same at three times the rate."""

    @property
    def rate(self) -> float:
        return 3 * LEARNING_RATE


class Seen(NamedTuple):
    """What the network gives."""

    logits: Float[Tensor, "chain token state"]
    patterns: list[Tensor]  # of each layer: chain token token


def initial(layers: int, generator: torch.Generator, scalar: bool = False) -> Tensors:
    def drawn(size: float, *shape: int) -> Tensor:
        return size * torch.randn(*shape, generator=generator)

    weights = {"E": drawn(INITIAL, STATES, WIDTH), "U": drawn(INITIAL, WIDTH, STATES)}
    for layer in range(1, layers + 1):
        for name in ("Q", "K", "V"):
            weights[f"{name}{layer}"] = drawn(INITIAL, WIDTH, WIDTH)
        weights[f"O{layer}"] = drawn(INITIAL_OUT, WIDTH, WIDTH)
        weights[f"R{layer}"] = drawn(INITIAL, LENGTH, *(() if scalar else (WIDTH,)))
    for norm in (*range(1, layers + 1), "final"):
        weights |= {f"norm{norm} weight": torch.ones(WIDTH), f"norm{norm} bias": torch.zeros(WIDTH)}
    return weights


def normed(weights: Tensors, which: int | str, stream: Tensor) -> Tensor:
    weight, bias = weights[f"norm{which} weight"], weights[f"norm{which} bias"]
    return torch.nn.functional.layer_norm(stream, (WIDTH,), weight, bias)


def previous_token(length: int) -> Float[Tensor, "token token"]:
    """Each token attends to the one before it; the first to itself."""
    pattern = torch.zeros(length, length)
    pattern[range(1, length), range(length - 1)] = 1
    pattern[0, 0] = 1
    return pattern


def pattern(weights: Tensors, layer: int, stream: Float[Tensor, "chain token width"]) -> Tensor:
    """Attention of every token to those up to itself."""
    length = stream.shape[1]
    query, key = stream @ weights[f"Q{layer}"] / WIDTH**0.5, stream @ weights[f"K{layer}"]
    back = torch.arange(length)[:, None] - torch.arange(length)
    vectors, lags = weights[f"R{layer}"][:length], back.clamp(min=0)
    if vectors.ndim == 1:
        by_place = vectors[lags]
    else:
        by_place = (query @ vectors.T).gather(2, lags.expand(len(stream), -1, -1))
    scores = query @ key.transpose(1, 2) + by_place
    return (scores + causal(length, scores)).softmax(-1)


def forward(weights: Tensors, tokens: Int[Tensor, "chain token"], layers: int, clamped: bool) -> Seen:
    stream, patterns = weights["E"][tokens], []
    for layer in range(1, layers + 1):
        inputs = normed(weights, layer, stream)
        if clamped and layer == 1:
            patterns.append(previous_token(tokens.shape[1]).expand(len(tokens), -1, -1))
        else:
            patterns.append(pattern(weights, layer, inputs))
        stream = stream + patterns[-1] @ (inputs @ weights[f"V{layer}"]) @ weights[f"O{layer}"]
    return Seen(normed(weights, "final", stream) @ weights["U"], patterns)


def seen_of(weights: Tensors, tokens: Int[Tensor, "chain token"], run: Statistical) -> Seen:
    """`forward` of many chains, a batch at a time: activations stay in the cache."""
    parts = [forward(weights, some, run.layers, run.clamped) for some in tokens.split(BATCH)]
    patterns = [torch.cat(layer) for layer in zip(*(part.patterns for part in parts), strict=True)]
    return Seen(torch.cat([part.logits for part in parts]), patterns)


def evaluated(weights: Tensors, test: Chains, run: Statistical) -> list[float]:
    """The columns after `steps`: distances in nats at the last token, attention in [0, 1]."""
    seen = seen_of(weights, test.tokens, run)
    said, right = seen.logits[:, -1].log_softmax(-1), chains.truth(test)
    told = chains.strategies(test.tokens)
    previous = seen.patterns[0].diagonal(-1, 1, 2).mean()
    follows = (
        test.tokens[:, :-1] == test.tokens[:, -1:]
    ).float()  # places whose next token is what an induction head reads
    induction = (seen.patterns[-1][:, -1, 1:] * follows).sum(1).mean() if run.layers > 1 else torch.tensor(torch.nan)
    numbers = (
        chains.divergence(right, said),
        *(chains.divergence(told[name], said) for name in STRATEGIES),
        previous,
        induction,
        *(chains.divergence(right, told[name].log()) for name in STRATEGIES),
    )
    return [x.item() for x in numbers]


def batch(run: Statistical, generator: torch.Generator) -> Int[Tensor, "chain token"]:
    """Fresh chains, and those of equal rows."""
    matrix = KINDS[run.kind](BATCH, generator)
    if run.forgetful:
        matrix = torch.cat([matrix, chains.equal_rows(run.forgetful, generator)])
    return chains.sampled(matrix, generator).tokens


def make(run: Statistical, progress: Progress) -> Made:
    """AdamW. Initialisation and batches do not depend on the clamp: clamped runs have twins."""
    generator = torch.Generator().manual_seed(run.seed)
    test = chains.sampled(KINDS[run.kind](run.tests, generator), generator)
    weights = {name: w.requires_grad_() for name, w in initial(run.layers, generator, run.scalar).items()}
    optimiser = torch.optim.AdamW(weights.values(), lr=run.rate, betas=BETAS, weight_decay=DECAY, fused=True)
    history, lags = [], {}
    for step in range(run.steps + 1):
        if step % run.evaluate_every == 0 or step == run.steps:
            with torch.no_grad():
                history.append([step, *evaluated(weights, test, run)])
                layer_1 = forward(weights, test.tokens[:64], run.layers, run.clamped).patterns[0]
                lags[f"lags at {step:05}"] = torch.stack([layer_1.diagonal(-lag, 1, 2).mean() for lag in range(8)])
        if step < run.steps:
            tokens = batch(run, generator)
            logits = forward(weights, tokens[:, :-1], run.layers, run.clamped).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress(1, loss.item())
    return Made(history, {name: w.detach() for name, w in weights.items()} | lags)


FAMILY = ShortFamily("edelman 2024", COLUMNS, make, lambda run: 0.022 * run.layers / 2 * (1 + run.forgetful / BATCH))
