"""The data of Reddy 2023: pairs of an item and its class's label, then a target item.

    x1 l1 ... xN lN x -> l     an item is its class's vector and noise; label = class mod L

Bursty sequences show each of their classes B times, the target's among them; others draw all classes freely. A part of
the sequences uses fresh classes, drawn anew, which can be answered from context alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

PAIRS = 8  # N
CONTENT, SLOTS = 39, 25  # D, and positions, one-hot; sequences begin at any that leaves room
WIDTH = CONTENT + SLOTS
NOISE = 0.1  # epsilon
FRESH_CLASSES = 128
LENGTH = 2 * PAIRS + 1
ITEMS, LABELS, TARGET = range(0, 2 * PAIRS, 2), range(1, 2 * PAIRS, 2), 2 * PAIRS


class Batch(NamedTuple):
    tokens: Float[Tensor, "batch token width"]
    context: Int[Tensor, "batch pair"]  # labels
    answer: Int[Tensor, " batch"]


@dataclass(frozen=True)
class Classes:
    """The vectors of classes and of labels."""

    items: Float[Tensor, "class content"]
    labels: Float[Tensor, "label content"]

    @classmethod
    def drawn(cls, classes: int, labels: int, generator: Generator) -> "Classes":
        return cls(vectors(classes, generator), vectors(labels, generator))

    def fresh(self, generator: Generator) -> "Classes":
        """Other classes with the same labels."""
        return Classes(vectors(FRESH_CLASSES, generator), self.labels)


def vectors(n: int, generator: Generator) -> Float[Tensor, "n content"]:
    return torch.randn(n, CONTENT, generator=generator) / CONTENT**0.5


def drawn(n: int, classes: int, burst: int, generator: Generator) -> tuple[Int[Tensor, "n pair"], Int[Tensor, " n"]]:
    """Classes in context and of the target; each in context `burst` times, or all drawn freely where that is 0."""
    if burst == 0:
        free = torch.randint(classes, (n, PAIRS + 1), generator=generator)
        return free[:, :-1], free[:, -1]
    if PAIRS % burst:
        raise ValueError(f"expected a burst that divides {PAIRS} pairs, got {burst}")
    context = torch.randint(classes, (n, PAIRS // burst), generator=generator).repeat(1, burst)
    context = context.gather(1, torch.rand(n, PAIRS, generator=generator).argsort(1))
    which = torch.randint(PAIRS, (n, 1), generator=generator)
    return context, context.gather(1, which)[:, 0]


def each_label_once(
    n: int, classes: int, labels: int, generator: Generator
) -> tuple[Int[Tensor, "n pair"], Int[Tensor, " n"]]:
    """The same, with no label twice in a context."""
    if classes % labels or labels < PAIRS:
        raise ValueError(f"expected classes in whole rounds of {PAIRS} labels or more, got {classes} and {labels}")
    shown = torch.rand(n, labels, generator=generator).argsort(1)[:, :PAIRS]
    context = shown + labels * torch.randint(classes // labels, (n, PAIRS), generator=generator)
    which = torch.randint(PAIRS, (n, 1), generator=generator)
    return context, context.gather(1, which)[:, 0]


def batch(
    known: Classes, context: Int[Tensor, "n pair"], target: Int[Tensor, " n"], shift: int, generator: Generator
) -> Batch:
    """Sequences of these classes; labels are moved on by `shift`."""
    n, labels = len(target), len(known.labels)
    shown, answer = (context + shift) % labels, (target + shift) % labels
    classes = torch.cat([context, target[:, None]], 1)
    noise = torch.randn(n, PAIRS + 1, CONTENT, generator=generator) / CONTENT**0.5
    items = (known.items[classes] + NOISE * noise) / (1 + NOISE**2) ** 0.5
    tokens = torch.zeros(n, LENGTH, WIDTH)
    tokens[:, 0::2, SLOTS:] = items
    tokens[:, 1::2, SLOTS:] = known.labels[shown]
    begins = torch.randint(SLOTS - LENGTH + 1, (n, 1), generator=generator)
    places = begins + torch.arange(LENGTH)
    tokens.scatter_(2, places[..., None], 1.0)
    return Batch(tokens, shown, answer)


def joined(batches: list[Batch]) -> Batch:
    return Batch(*(torch.cat(parts) for parts in zip(*batches, strict=True)))


Drawn = Callable[[int, int, Generator], tuple[Tensor, Tensor]]  # of a number of sequences and of classes


def drawing(burst: int, labels: int, once: bool) -> Drawn:
    """How classes are drawn; with no label twice in a context where `once`."""
    if once:
        return lambda n, classes, generator: each_label_once(n, classes, labels, generator)
    return lambda n, classes, generator: drawn(n, classes, burst, generator)


def training(known: Classes, n: int, burst: int, fresh: float, generator: Generator, once: bool = False) -> Batch:
    """A batch with this part of sequences of fresh classes, which are always bursty."""
    others, labels = round(fresh * n), len(known.labels)
    parts = []
    if n > others:
        draw = drawing(burst, labels, once)
        parts.append(batch(known, *draw(n - others, len(known.items), generator), 0, generator))
    if others:
        draw = drawing(burst or 1, labels, once)
        parts.append(batch(known.fresh(generator), *draw(others, FRESH_CLASSES, generator), 0, generator))
    return joined(parts)


def tests(known: Classes, n: int, burst: int, generator: Generator, once: bool = False) -> dict[str, Batch]:
    """`weights`: known classes, not in context; `context`: fresh classes; `relabelled`: known, labels moved by one."""
    classes = len(known.items)
    draw = drawing(burst or 1, len(known.labels), once)
    return {
        "context": batch(known.fresh(generator), *draw(n, FRESH_CLASSES, generator), 0, generator),
        "relabelled": batch(known, *draw(n, classes, generator), 1, generator),
        "weights": batch(known, *drawn(n, classes, 0, generator), 0, generator),
    }
