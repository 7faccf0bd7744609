"""Two labelled items and a query, with noise of its own in every item: for papers on what weights and context each do.

    x1 l1 x2 l2 x -> l     x = (class's vector + noise) / length; label = class mod L

The network is `model`'s; its exemplars are drawn anew for every sequence. Four sets tell what it relies on, by the
better of the two labels in context: `training`; `context` (the labels are 0 and 1, in random order); `flip` (the two
labels exchanged, and the answer with them: 1 is context, 0 weights); `constrained` (the query's class is not shown, its
label is: 1 is weights, constrained to the labels in context).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from induction_heads.machinery.run import Family
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

from . import model, run
from .model import Parameters, Sequences

WIDTH, NOISE = 64, 0.3
BATCH, LEARNING_RATE = 128, 1e-3
SETS = ("training", "context", "flip", "constrained")


@dataclass(frozen=True)
class NoisyPairs(ShortRun):
    """A network trained on so many classes with so many labels."""

    classes: int
    labels: int
    tests: int = 500  # sequences of each set
    evaluate_every: int = 125  # steps

    @property
    def family(self) -> Family:
        return FAMILY


class Batch(NamedTuple):
    """Classes of the two items and the query, the labels shown, and where the answer stands."""

    classes: Int[ndarray, "n 3"]
    shown: Int[ndarray, "n 2"]
    match: Int[ndarray, " n"]


def drawn(n: int, classes: int, labels: int, rng: Generator) -> Batch:
    """Two classes with different labels, in random order; the query is of one of them."""
    pair = rng.integers(classes, size=(n, 2))
    while (same := pair[:, 0] % labels == pair[:, 1] % labels).any():
        pair[same, 1] = rng.integers(classes, size=same.sum())
    match = rng.integers(2, size=n)
    query = pair[np.arange(n), match]
    return Batch(np.column_stack([pair, query]), pair % labels, match)


def relabelled(given: Batch, rng: Generator) -> Batch:
    """The labels are 0 and 1, in random order."""
    first = rng.integers(2, size=len(given.match))
    return given._replace(shown=np.column_stack([first, 1 - first]))


def flipped(given: Batch) -> Batch:
    """The two labels are exchanged; the answer stays beside the query's class."""
    return given._replace(shown=given.shown[:, ::-1].copy())


def constrained(given: Batch, classes: int, labels: int, rng: Generator) -> Batch:
    """The item of the query's class is replaced by one of a third class; its label stays."""
    rows = np.arange(len(given.match))
    others = rng.integers(classes, size=len(rows))
    while (same := (others[:, None] % labels == given.shown).any(1)).any():
        others[same] = rng.integers(classes, size=same.sum())
    replaced = given.classes.copy()
    replaced[rows, given.match] = others
    return given._replace(classes=replaced)


def evaluation_sets(n: int, classes: int, labels: int, rng: Generator) -> dict[str, Batch]:
    """The four sets, in the order of SETS."""
    each = [drawn(n, classes, labels, rng) for _ in SETS]
    found = each[0], relabelled(each[1], rng), flipped(each[2]), constrained(each[3], classes, labels, rng)
    return dict(zip(SETS, found, strict=True))


def items(vectors: Float[ndarray, "class width"], classes: Int[ndarray, "n 3"], rng: Generator) -> Tensor:
    """Exemplars of these classes, each with its own noise: a row each, for one network."""
    noise = rng.standard_normal((*classes.shape, WIDTH)) / WIDTH**0.5
    found = (vectors[classes] + NOISE * noise) / (1 + NOISE**2) ** 0.5
    return torch.from_numpy(found.reshape(1, -1, WIDTH).astype(np.float32))


def logits(parameters: Parameters, features: Tensor, given: Batch) -> Float[Tensor, "n label"]:
    n = len(given.match)
    exemplar = torch.arange(3 * n).view(1, n, 3)
    which = Sequences(exemplar, torch.from_numpy(given.shown)[None], torch.from_numpy(given.match)[None])
    return model.forward(parameters, features, which)["logits"][0]


def answers(given: Batch) -> Int[Tensor, " n"]:
    return torch.from_numpy(given.shown[np.arange(len(given.match)), given.match])


def accuracy(parameters: Parameters, features: Tensor, given: Batch) -> float:
    """How often the answer's logit is the larger of the two in context."""
    both = logits(parameters, features, given).gather(1, torch.from_numpy(given.shown))
    return (both.argmax(1) == torch.from_numpy(given.match)).float().mean().item()


def make(asked: NoisyPairs, progress: Progress) -> Made:
    """Adam on fresh sequences."""
    rng = np.random.default_rng([asked.seed, asked.classes, asked.labels])
    vectors = rng.standard_normal((asked.classes, WIDTH)) / WIDTH**0.5
    tests = evaluation_sets(asked.tests, asked.classes, asked.labels, rng)
    shown = {name: items(vectors, given.classes, rng) for name, given in tests.items()}
    first = run.initial(run.Run(asked.seed, labels=asked.labels), WIDTH)
    parameters = model.stored({name: p[None] for name, p in first.items()})
    parameters = {name: p.requires_grad_() for name, p in parameters.items()}
    optimiser = torch.optim.Adam(parameters.values(), lr=LEARNING_RATE)
    history = []
    for step in range(asked.steps + 1):
        given = drawn(BATCH, asked.classes, asked.labels, rng)
        features = items(vectors, given.classes, rng)
        loss = torch.nn.functional.cross_entropy(logits(parameters, features, given), answers(given))
        if step % asked.evaluate_every == 0 or step == asked.steps:
            with torch.no_grad():
                found = [accuracy(parameters, shown[name], given) for name, given in tests.items()]
            history.append([step, loss.item(), *found])
        if step < asked.steps:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress(1, loss.item())
    return Made(history, {name: p.detach()[0] for name, p in parameters.items()})


FAMILY = ShortFamily("noisy pairs", ("steps", "loss", *SETS), make, lambda asked: 0.012)
