"""The network of Reddy 2023: two layers of attention with one head each, three ReLU layers, and a linear readout.

Scores are not scaled and there is no LayerNorm. `clamped` gives layer 1 the pattern of a perfect previous-token head,
from the first step of training to the last: the clamp of the first paper, on this one's network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun, parts
from induction_heads.networks.tokens.model import causal

from . import task
from .task import CONTENT, ITEMS, LABELS, LENGTH, WIDTH, Batch, Classes

HIDDEN = 3  # ReLU layers
LEARNING_RATE, BATCH = 1e-3, 128
COLUMNS = ("steps", "loss", "context", "relabelled", "weights", "in_context", "item", "target_label", "label")
MATRICES = ("Q1", "K1", "V1", "Q2", "K2", "V2")


@dataclass(frozen=True)
class InContext(ShortRun):
    """A network trained on so many classes with so many labels; `burst` is B, `fresh` the part of fresh classes."""

    classes: int = 1024
    labels: int = 32
    burst: int = 1
    fresh: float = 0.8
    clamped: bool = False
    tests: int = 2000
    evaluate_every: int = 25  # steps

    @property
    def family(self) -> Family:
        return FAMILY

    @property
    def once(self) -> bool:
        """Whether no label stands twice in a context."""
        return False

    @property
    def held(self) -> Sequence[int]:
        """The tokens whose attention in layer 1 is clamped."""
        return range(LENGTH) if self.clamped else ()


@dataclass(frozen=True)
class EachLabelOnce(InContext):
    """The same on contexts without a label twice."""

    @property
    def once(self) -> bool:
        return True


@dataclass(frozen=True)
class LabelsClamped(InContext):
    """The same with the attention of labels alone clamped: items and the target look as they learn to."""

    @property
    def held(self) -> Sequence[int]:
        return LABELS


class Seen(NamedTuple):
    """What the network gives for a batch."""

    logits: Float[Tensor, "batch label"]
    layer_1: Float[Tensor, "batch token token"]  # patterns
    layer_2: Float[Tensor, "batch token"]  # the target's


def initial(labels: int, generator: torch.Generator) -> Tensors:
    """Gaussian with variance 1/D; biases zero."""
    size = CONTENT**-0.5
    weights = {name: size * torch.randn(WIDTH, WIDTH, generator=generator) for name in MATRICES}
    for i in range(HIDDEN):
        weights |= {f"M{i}": size * torch.randn(WIDTH, WIDTH, generator=generator), f"b{i}": torch.zeros(())}
    return weights | {"out": size * torch.randn(WIDTH, labels, generator=generator)}


def previous_token(length: int = LENGTH) -> Float[Tensor, "token token"]:
    """Each token attends to the one before it; the first to itself."""
    pattern = torch.zeros(length, length)
    pattern[range(1, length), range(length - 1)] = 1
    pattern[0, 0] = 1
    return pattern


def forward(weights: Tensors, tokens: Float[Tensor, "batch token width"], held: Sequence[int] = ()) -> Seen:
    """`held` are the tokens whose attention in layer 1 is given."""
    given = previous_token()
    if len(held) == LENGTH:
        pattern = given.expand(len(tokens), -1, -1)
    else:
        # The small product first: half the work of making queries and keys of all tokens.
        scores = tokens @ (weights["Q1"] @ weights["K1"].T) @ tokens.transpose(1, 2)
        pattern = (scores + causal(LENGTH, scores)).softmax(-1)
        if held:
            learns = torch.ones(LENGTH, 1)
            learns[list(held)] = 0
            pattern = learns * pattern + (1 - learns) * given
    stream = tokens + pattern @ (tokens @ weights["V1"])
    last = stream[:, -1]
    target = torch.einsum("bw,btw->bt", last @ (weights["Q2"] @ weights["K2"].T), stream).softmax(-1)
    x = last + torch.einsum("bt,btw->bw", target, stream) @ weights["V2"]
    for i in range(HIDDEN):
        x = (x @ weights[f"M{i}"] + weights[f"b{i}"]).relu()
    return Seen(x @ weights["out"], pattern, target)


def right(seen: Seen, given: Batch) -> Tensor:
    """How many are answered right."""
    return (seen.logits.argmax(-1) == given.answer).sum()


def evaluated(weights: Tensors, tests: dict[str, Batch], held: Sequence[int]) -> list[float]:
    """Accuracies on the three tests, then the measures of progress on the first; all in [0, 1]."""
    n = len(tests["context"].answer)
    correct, progress = dict.fromkeys(tests, 0.0), torch.zeros(4)
    for name, given in tests.items():
        for some in parts(given, BATCH):
            seen = forward(weights, some.tokens, held)
            correct[name] += right(seen, some).item()
            if name == "context":
                progress += summed(seen, some)
    return [*(number / n for number in correct.values()), *(progress / n).tolist()]


def summed(seen: Seen, given: Batch) -> Float[Tensor, " 4"]:
    """The four measures of progress, summed over sequences."""
    in_context = (seen.logits.argmax(-1)[:, None] == given.context).any(1).float()
    item = seen.layer_1[:, LABELS, ITEMS].mean(1)
    to_labels = seen.layer_2[:, LABELS]
    correct = (to_labels * (given.context == given.answer[:, None])).sum(1)
    return torch.stack([in_context, item, correct, to_labels.sum(1)]).sum(1)


def patterns(weights: Tensors, given: Batch, held: Sequence[int]) -> dict[str, Tensor]:
    """Means of both layers' patterns."""
    seen = [forward(weights, some.tokens, held) for some in parts(given, BATCH)]
    each = {"layer 1": [part.layer_1 for part in seen], "layer 2": [part.layer_2 for part in seen]}
    return {layer: torch.cat(found).mean(0) for layer, found in each.items()}


def make(run: InContext, progress: Progress) -> Made:
    """Adam on fresh batches. What is drawn does not depend on the clamp: clamped runs have twins."""
    drawing = torch.Generator().manual_seed(run.seed)
    known = Classes.drawn(run.classes, run.labels, drawing)
    tests = task.tests(known, run.tests, run.burst, drawing, run.once)
    weights = {name: w.requires_grad_() for name, w in initial(run.labels, drawing).items()}
    optimiser = torch.optim.Adam(weights.values(), lr=LEARNING_RATE, fused=True)
    history = []
    with torch.no_grad():
        kept = {f"before, {name}": p for name, p in patterns(weights, tests["context"], run.held).items()}
    for step in range(run.steps + 1):
        given = task.training(known, BATCH, run.burst, run.fresh, drawing, run.once)
        loss = torch.nn.functional.cross_entropy(forward(weights, given.tokens, run.held).logits, given.answer)
        if step % run.evaluate_every == 0 or step == run.steps:
            with torch.no_grad():
                history.append([step, loss.item(), *evaluated(weights, tests, run.held)])
        if step < run.steps:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress(1, loss.item())
    with torch.no_grad():
        kept |= {f"after, {name}": p for name, p in patterns(weights, tests["context"], run.held).items()}
    return Made(history, {name: w.detach() for name, w in weights.items()} | kept)


FAMILY = ShortFamily("reddy 2023", COLUMNS, make, lambda run: 0.007)
