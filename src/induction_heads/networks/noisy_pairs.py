"""Two labelled items and a query, with noise of its own in every item: for papers on what weights and context each do.

    x1 l1 x2 l2 x -> l     x = (class's vector + noise) / length; label = class mod L

The network is that of `tokens`, two layers of four heads, with what such papers have: items enter by a linear map,
positions are added to the stream, nothing has a bias. The answer stands last, as the token that follows the query: what
is learnt is to predict it.

Five sets tell what it relies on. By the better of the two labels in context: `training`; `context` (the labels are 0
and 1, in random order); `flip` (the two labels exchanged, and the answer with them: 1 is context, 0 weights);
`constrained` (the query's class is not shown, its label is: 1 is weights, constrained to the labels in context). By all
labels: `weights` (neither is shown).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

from .clamps import head_name
from .model import Parameters
from .tokens import kernels, model
from .tokens.variants import Variant, linear

WIDTH, NOISE = 64, 0.3
LAYERS, TOKENS = 2, 5
QUERY, ANSWER, LENGTH = TOKENS - 1, TOKENS, TOKENS + 1  # places, and how many there are
STD = 0.02  # of every weight at first, as in GPT-2; of four scales the one that learns as the page's network, seed 100
BATCH, LEARNING_RATE = 128, 1e-3
SETS = ("training", "context", "flip", "constrained", "weights")


@dataclass(frozen=True)
class NoisyPairs(ShortRun):
    """A network trained on so many classes with so many labels.

    `shown` is how often the query's class is in context; class k is drawn in proportion to (k + 1)^-`zipf`.
    """

    classes: int
    labels: int
    shown: float = 1.0
    zipf: float = 0.0
    tests: int = 500  # sequences of each set
    evaluate_every: int = 125  # steps

    @property
    def family(self) -> Family:
        return FAMILY


class Batch(NamedTuple):
    """Classes of the two items and the query, the labels shown, where the query's class stands, and the answer."""

    classes: Int[ndarray, "n 3"]
    shown: Int[ndarray, "n 2"]
    match: Int[ndarray, " n"]
    answer: Int[ndarray, " n"]


@dataclass(frozen=True)
class Classes:
    """How classes are drawn."""

    classes: int
    labels: int
    zipf: float = 0.0

    def drawn(self, n: int, rng: Generator) -> Int[ndarray, " n"]:
        if self.zipf == 0:
            return rng.integers(self.classes, size=n)
        limits = np.cumsum(np.arange(1.0, self.classes + 1) ** -self.zipf)
        return np.searchsorted(limits, rng.random(n) * limits[-1], side="right").clip(max=self.classes - 1)

    def without(self, labels: Int[ndarray, "n excluded"], rng: Generator) -> Int[ndarray, " n"]:
        """Classes that have none of these labels."""
        found = self.drawn(len(labels), rng)
        while (again := (found[:, None] % self.labels == labels).any(1)).any():
            found[again] = self.drawn(int(again.sum()), rng)
        return found


def drawn(n: int, known: Classes, rng: Generator, shown: float = 1.0) -> Batch:
    """Two classes with different labels, in random order; a part `shown` of them has the query's."""
    query = known.drawn(n, rng)
    answer = query % known.labels
    one = np.where(rng.random(n) < shown, query, known.without(answer[:, None], rng))
    other = known.without(np.column_stack([answer, one % known.labels]), rng)
    match = rng.integers(2, size=n)
    pair = np.where(match[:, None] == [0, 1], one[:, None], other[:, None])
    return Batch(np.column_stack([pair, query]), pair % known.labels, match, answer)


def relabelled(given: Batch, rng: Generator) -> Batch:
    """The labels are 0 and 1, in random order."""
    first = rng.integers(2, size=len(given.match))
    return beside_the_query(given._replace(shown=np.column_stack([first, 1 - first])))


def flipped(given: Batch) -> Batch:
    """The two labels are exchanged."""
    return beside_the_query(given._replace(shown=given.shown[:, ::-1].copy()))


def beside_the_query(given: Batch) -> Batch:
    """The answer is the label beside the query's class, whatever it is."""
    return given._replace(answer=given.shown[np.arange(len(given.match)), given.match])


def constrained(given: Batch, known: Classes, rng: Generator) -> Batch:
    """The item of the query's class is replaced by one of a third class; its label stays."""
    replaced = given.classes.copy()
    replaced[np.arange(len(given.match)), given.match] = known.without(given.shown, rng)
    return given._replace(classes=replaced)


def evaluation_sets(n: int, known: Classes, rng: Generator) -> dict[str, Batch]:
    """The five sets, in the order of SETS."""
    training, context, flip, third = (drawn(n, known, rng) for _ in range(4))
    sets = (training, relabelled(context, rng), flipped(flip), constrained(third, known, rng))
    return dict(zip(SETS, (*sets, drawn(n, known, rng, shown=0.0)), strict=True))


def items(vectors: Float[ndarray, "class width"], classes: Int[ndarray, "n 3"], rng: Generator) -> Tensor:
    """Exemplars of these classes, each with its own noise: `n 3 width`."""
    noise = rng.standard_normal((*classes.shape, WIDTH)) / WIDTH**0.5
    found = (vectors[classes] + NOISE * noise) / (1 + NOISE**2) ** 0.5
    return torch.from_numpy(found.astype(np.float32))


def initial(seed: int, labels: int) -> Parameters:
    """With a run axis of one; the positions that the engine gives to queries and keys alone are zero, and stay so."""
    drawn = model.initial(seed, LAYERS, labels, LENGTH)
    shapes = {name: tuple(value.shape) for name, value in drawn.items() if name.rpartition(".")[2].startswith("W_")}
    shapes |= {"W_item": (WIDTH, model.D_MODEL), "W_pos": (TOKENS, model.D_MODEL)}
    for name, shape in shapes.items():
        drawn[name] = STD * torch.randn(shape, generator=model.generator(seed, name))
    for layer in range(LAYERS):
        drawn[f"blocks.{layer}.W_pos"].zero_()
    return {name: value[None] for name, value in drawn.items()}


def trained_names(parameters: Parameters) -> list[str]:
    """All but biases, and positions of queries and keys alone."""
    return [name for name in parameters if not name.endswith(("_b", ".W_pos"))]


@dataclass(frozen=True)
class Shown(Variant):
    """What the first layer reads: items in the place of their tokens, and positions."""

    features: Float[Tensor, "n 3 width"]
    stands_before: ClassVar[bool] = True

    def before(self, parameters, tokens, stream):
        features = self.features.expand(len(stream), -1, -1, -1)
        one, two, query = linear(features, parameters["W_item"]).unbind(2)
        _, label_one, _, label_two, _, answer = stream.unbind(2)
        positions = torch.nn.functional.pad(parameters["W_pos"], (0, 0, 0, LENGTH - TOKENS))
        return torch.stack([one, label_one, two, label_two, query, answer], 2) + positions[:, None]


def tokens_of(given: Batch) -> Int[Tensor, "1 n token"]:
    """Labels and answers at their places, with a run axis of one; 0 where items stand."""
    tokens = np.zeros((1, len(given.answer), LENGTH), dtype=np.int64)
    tokens[0, :, [1, 3]] = given.shown.T
    tokens[0, :, ANSWER] = given.answer
    return torch.from_numpy(tokens)


def sites(parameters: Parameters, features: Float[Tensor, "n 3 width"], given: Batch) -> model.Sites:
    """Every site of one pass."""
    return model.forward(parameters, tokens_of(given), Shown(features))


def logits(parameters: Parameters, features: Float[Tensor, "n 3 width"], given: Batch) -> Float[Tensor, "n label"]:
    return sites(parameters, features, given)["logits"][0, :, QUERY]


def gradient(flat: kernels.Flat, features: Float[Tensor, "n 3 width"], given: Batch) -> tuple[Tensor, Tensor]:
    """The mean loss of the answers, nats, and its gradient: 0 for what is not trained."""
    tokens = tokens_of(given)
    counted = torch.zeros(tokens.shape, dtype=torch.bool)
    counted[..., ANSWER] = True
    loss, found = kernels.gradient(flat, tokens, counted, Shown(features))
    by_name = flat.views(found)
    for name in by_name.keys() - trained_names(by_name):
        by_name[name].zero_()
    return loss, found


def accuracy(parameters: Parameters, features: Tensor, given: Batch, of_all: bool) -> float:
    """How often the answer has the largest logit, of all labels or of the two in context."""
    found = logits(parameters, features, given)
    answer = torch.from_numpy(given.answer)
    if of_all:
        return (found.argmax(1) == answer).float().mean().item()
    shown = torch.from_numpy(given.shown)
    said = shown.gather(1, found.gather(1, shown).argmax(1, keepdim=True))[:, 0]
    return (said == answer).float().mean().item()


class Sets(NamedTuple):
    """The vectors of a run's classes, and its five sets with the items seen in them."""

    vectors: Float[ndarray, "class width"]
    tests: dict[str, Batch]
    seen: dict[str, Tensor]


def sets_of(asked: NoisyPairs) -> tuple[Sets, Generator]:
    """What a run draws first, and the generator that goes on from there."""
    rng = np.random.default_rng([asked.seed, asked.classes, asked.labels])
    vectors = rng.standard_normal((asked.classes, WIDTH)) / WIDTH**0.5
    tests = evaluation_sets(asked.tests, Classes(asked.classes, asked.labels), rng)
    seen = {name: items(vectors, given.classes, rng) for name, given in tests.items()}
    return Sets(vectors, tests, seen), rng


def attention_to_labels(asked: NoisyPairs, learnt: Tensors, which: str) -> dict[str, tuple[float, float]]:
    """Of each head, the query's mean attention on a set to the right label and to the other."""
    (_, tests, seen), _ = sets_of(asked)
    found = sites({name: weight[None] for name, weight in learnt.items()}, seen[which], tests[which])
    right = (2 * torch.from_numpy(tests[which].match) + 1)[:, None, None]  # the label's place
    heads = {}
    for layer in range(LAYERS):
        pattern = found[f"blocks.{layer}.attn.hook_pattern"][0, :, :, QUERY]  # sequence head key
        both = (pattern.gather(2, place.expand(-1, pattern.shape[1], 1)).mean(0)[:, 0] for place in (right, 4 - right))
        for head, (to_right, to_other) in enumerate(zip(*(each.tolist() for each in both), strict=True)):
            heads[head_name(layer, head)] = to_right, to_other
    return heads


def make(asked: NoisyPairs, progress: Progress) -> Made:
    """Adam on fresh sequences."""
    (vectors, tests, seen), rng = sets_of(asked)
    known = Classes(asked.classes, asked.labels, asked.zipf)
    flat = kernels.Flat([{name: p[0] for name, p in initial(asked.seed, asked.labels).items()}])
    optimiser = torch.optim.Adam([flat.numbers], lr=LEARNING_RATE, fused=True)
    history = []
    for step in range(asked.steps + 1):
        given = drawn(BATCH, known, rng, asked.shown)
        features = items(vectors, given.classes, rng)
        loss, flat.numbers.grad = gradient(flat, features, given)
        if step % asked.evaluate_every == 0 or step == asked.steps:
            with torch.no_grad():
                found = [accuracy(flat.views(), seen[name], tests[name], name == "weights") for name in SETS]
            history.append([step, loss.item(), *found])
        if step < asked.steps:
            optimiser.step()
            progress(1, loss.item())
    return Made(history, flat.of(0))


FAMILY = ShortFamily("noisy pairs", ("steps", "loss", *SETS), make, lambda asked: 0.008 + asked.labels * 1e-5, 3)
