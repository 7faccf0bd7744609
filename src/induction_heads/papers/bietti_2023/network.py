"""Two layers of one head, whose learnt matrices are memories of pairs of fixed random vectors (section 3).

    h_t = E[z_t] + p_t
    h_t <- h_t + W_O W_V Σ_s A_ts h_s        A_ts = softmax over s ≤ t of h_tᵀ W_K h_s / √d, layer after layer
    logits = U h_t

No LayerNorm, W_Q = I. Learnt are W_K of both layers and W_O of the second; E, p, U and all others stay as drawn. With
`relative` positions (Wang and Sato) there is no p: layer 1's key is E[z_s] + r_(t-s).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun, parts
from induction_heads.networks.tokens.model import causal

from .data import LENGTH, TRIGGERS, VOCABULARY, Language, Sequences

LONG = 2 * LENGTH  # tokens of the longer test
LEARNING_RATE, MOMENTUM, DECAY, BATCH = 0.2, 0.9, 1e-4, 64
AT_ONCE = 32  # sequences whose activations stay in the cache
LANGUAGE, TEST, TRAINING = range(3)  # what numbers of a seed are used for
COLUMNS = ("steps", "accuracy", "W_O2", "W_K2", "W_K1")
LEARNT = ("W_K1", "W_K2", "W_O2")


@dataclass(frozen=True)
class Memory(ShortRun):
    """A network; `keys` says whether the W_K are learnt, `maps_at` at which steps attention maps are kept."""

    fixed_triggers: bool = True
    relative: bool = False
    keys: bool = True
    width: int = 128  # d
    tests: int = 128  # sequences
    evaluate_every: int = 5  # steps
    maps_at: tuple[int, ...] = ()

    @property
    def family(self) -> Family:
        return FAMILY


class Seen(NamedTuple):
    """What the network gives."""

    logits: Float[Tensor, "answer V"]
    patterns: list[Tensor]  # of both layers: n token token


def initial(width: int, generator: torch.Generator) -> Tensors:
    """Embeddings N(0, 1); matrices, which are applied from the left, uniform within ±1/√d, as PyTorch's linear maps."""

    def uniform(*shape: int) -> Tensor:
        return (2 * torch.rand(*shape, generator=generator) - 1) / width**0.5

    weights = {
        "E": torch.randn(VOCABULARY, width, generator=generator),
        "p": torch.randn(LONG, width, generator=generator),  # r, by lag, where positions are relative
        "U": uniform(VOCABULARY, width),
    }
    return weights | {name: uniform(width, width) for name in ("W_K1", "W_V1", "W_O1", "W_K2", "W_V2", "W_O2")}


def forward(weights: Tensors, shown: Sequences, relative: bool) -> Seen:
    """Logits where the context says the answer, and all patterns."""
    tokens = shown.tokens
    length, width = tokens.shape[1], weights["E"].shape[1]
    stream = weights["E"][tokens]
    if not relative:
        stream = stream + weights["p"][:length]
    asks = stream @ weights["W_K1"]
    scores = asks @ stream.mT
    if relative:
        lag = (torch.arange(length)[:, None] - torch.arange(length)).clamp(min=0)
        scores = scores + (asks @ weights["p"][:length].T).gather(2, lag.expand(len(tokens), -1, -1))
    mask = causal(length, stream)
    first = (scores / width**0.5 + mask).softmax(-1)
    stream = stream + first @ stream @ (weights["W_O1"] @ weights["W_V1"]).T
    second = (stream @ weights["W_K2"] @ stream.mT / width**0.5 + mask).softmax(-1)
    read = (second @ stream)[shown.told]
    final = stream[shown.told] + read @ weights["W_V2"].T @ weights["W_O2"].T
    return Seen(final @ weights["U"].T, [first, second])


def recalled(scores: Float[Tensor, "asked answer"]) -> Bool[Tensor, " asked"]:
    """Whether row i is largest in column i: the memory answers i with its own."""
    return scores.argmax(1) == torch.arange(len(scores))


def memories(weights: Tensors, fixed_triggers: bool) -> dict[str, Bool[Tensor, " asked"]]:
    """What each learnt matrix recalls (section 4), by what it is asked.

    W_O2: a token read by layer 2, for the same token as output. W_K2: a trigger as query, for the key that layer 1
    makes of the trigger. W_K1: a place as query, for the place before it; of places seen in training.
    """
    tokens = torch.arange(TRIGGERS if fixed_triggers else VOCABULARY)
    E, p = weights["E"], weights["p"][:LENGTH]
    keys = E[tokens] @ (weights["W_O1"] @ weights["W_V1"]).T
    return {
        "W_O2": recalled(E @ (weights["W_O2"] @ weights["W_V2"]).T @ weights["U"].T),
        "W_K2": recalled(E[tokens] @ weights["W_K2"] @ keys.T),
        "W_K1": recalled(p[1:] @ weights["W_K1"] @ p[:-1].T),
    }


def right(logits: Float[Tensor, "answer V"], test: Sequences) -> Bool[Tensor, "n token"]:
    """Where the context says the answer, and the network too."""
    found = torch.zeros_like(test.told)
    found[test.told] = logits.argmax(-1) == test.targets[test.told]
    return found


def evaluated(weights: Tensors, test: Sequences, run: Memory) -> list[float]:
    """The columns after `steps`, each in [0, 1]; W_K1's is NaN where positions are relative."""
    found = {name: hits.double().mean().item() for name, hits in memories(weights, run.fixed_triggers).items()}
    if run.relative:
        found["W_K1"] = float("nan")
    correct = sum(right(forward(weights, some, run.relative).logits, some).sum() for some in parts(test, AT_ONCE))
    accuracy = correct / test.told.sum()
    return [accuracy.item(), *(found[name] for name in COLUMNS[2:])]


def by_position(weights: Tensors, test: Sequences, relative: bool) -> Tensors:
    """On sequences of any length: attention to the token before, and how many answers are asked for and right."""
    previous, correct = [], []
    for some in parts(test, AT_ONCE):
        seen = forward(weights, some, relative)
        previous.append(torch.nn.functional.pad(seen.patterns[0].diagonal(-1, 1, 2), (1, 0)))
        correct.append(right(seen.logits, some))
    return {
        "previous by position": torch.cat(previous).mean(0),
        "right by position": torch.cat(correct).sum(0),
        "told by position": test.told.sum(0),
    }


def learn(weights: Tensors, batch: Sequences, relative: bool) -> Tensor:
    """The mean loss of the answers of a batch, nats; its gradient is added to the weights'."""
    total, answers = torch.zeros(()), batch.told.sum()
    for some in parts(batch, AT_ONCE):
        logits = forward(weights, some, relative).logits
        loss = torch.nn.functional.cross_entropy(logits, some.targets[some.told], reduction="sum") / answers
        loss.backward()
        total += loss.detach()
    return total


def rng(run: Memory, *use: int) -> np.random.Generator:
    return np.random.default_rng([run.seed, *use])


def make(run: Memory, progress: Progress) -> Made:
    """SGD with momentum on the answers that the context says."""
    language = Language(run.seed, run.fixed_triggers)
    test = language.drawn(rng(run, TEST), run.tests)
    long_test = language.drawn(rng(run, TEST, LONG), 4 * run.tests, LONG)
    weights = initial(run.width, torch.Generator().manual_seed(run.seed))
    trained = [weights[name].requires_grad_() for name in (LEARNT if run.keys else LEARNT[2:])]
    optimiser = torch.optim.SGD(trained, lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=DECAY)
    training, history, maps = rng(run, TRAINING), [], {}
    for step in range(run.steps + 1):
        with torch.no_grad():
            if step % run.evaluate_every == 0 or step == run.steps:
                history.append([step, *evaluated(weights, test, run)])
            if step in run.maps_at:
                patterns = forward(weights, Sequences(*(x[:1] for x in test)), run.relative).patterns
                maps[f"maps at {step:05}"] = torch.cat(patterns)
        if step < run.steps:
            batch = language.drawn(training, BATCH)
            optimiser.zero_grad()
            progress(1, learn(weights, batch, run.relative))
            optimiser.step()
    with torch.no_grad():
        found = by_position(weights, long_test, run.relative) | memories(weights, run.fixed_triggers)
    return Made(history, {name: weights[name].detach() for name in LEARNT} | maps | _named(found) | _shown(test))


def _named(found: Tensors) -> Tensors:
    """Hits of a memory beside the matrix of its name."""
    return {f"{name} recalls" if name in LEARNT else name: tensor for name, tensor in found.items()}


def _shown(test: Sequences) -> Tensors:
    """The sequence of the attention maps."""
    return {"shown tokens": test.tokens[0], "shown told": test.told[0]}


FAMILY = ShortFamily("bietti 2023", COLUMNS, make, lambda run: 0.09)
