"""The data of Chan and others 2024: a labelled item in context, and a query that is most often of the same class.

x1 y1 x -> y     items are their class's centre and noise; classes 0 to 4 are common, 5 to 9 rare
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

WIDTH = 64
GROUP = 5  # classes in each of the two groups
CLASSES = 2 * GROUP
COMMON = 0.9  # of the probability
RELEVANT = 0.9  # how often the context's class is the query's
GROUPS = ("common", "rare")


class Sequences(NamedTuple):
    context: Float[Tensor, "n width"]
    query: Float[Tensor, "n width"]
    shown: Int[Tensor, " n"]  # the context's label
    answer: Int[Tensor, " n"]

    def at(self, rows: Tensor) -> "Sequences":
        return Sequences(*(part[rows] for part in self))


def centres(generator: Generator) -> Float[Tensor, "class width"]:
    """Of length one, in directions drawn anew."""
    return torch.nn.functional.normalize(torch.randn(CLASSES, WIDTH, generator=generator), dim=1)


def probabilities() -> Float[Tensor, " class"]:
    return torch.tensor([COMMON / GROUP] * GROUP + [(1 - COMMON) / GROUP] * GROUP)


class Drawn(NamedTuple):
    """What a run is trained on, drawn once, and its tests by group: as in training, and with labels moved."""

    training: Sequences
    tests: dict[str, tuple[Sequences, Sequences]]


def shifted(label: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    """The next label of the same group."""
    return label // GROUP * GROUP + (label % GROUP + 1) % GROUP


def sequences(
    centre: Float[Tensor, "class width"],
    classes: Int[Tensor, " n"],
    noise: float,
    generator: Generator,
    relevant: float = RELEVANT,
) -> Sequences:
    """Queries of these classes; a context that is not relevant has another class, by the base distribution."""
    n = len(classes)
    others = probabilities().repeat(n, 1)
    others[torch.arange(n), classes] = 0
    other = torch.multinomial(others, 1, generator=generator)[:, 0]
    same = torch.rand(n, generator=generator) < relevant
    shown = torch.where(same, classes, other)
    context, query = (centre[c] + noise * torch.randn(n, WIDTH, generator=generator) for c in (shown, classes))
    return Sequences(context, query, shown, classes)


def drawn(centre: Float[Tensor, "class width"], n: int, noise: float, generator: Generator) -> Sequences:
    """By the base distribution."""
    classes = torch.multinomial(probabilities(), n, replacement=True, generator=generator)
    return sequences(centre, classes, noise, generator)


def of_group(
    centre: Float[Tensor, "class width"], group: int, n: int, noise: float, generator: Generator, moved: bool = False
) -> Sequences:
    """Queries of the common (0) or the rare classes (1); moved: a relevant context with labels shifted in the group."""
    classes = group * GROUP + torch.randint(GROUP, (n,), generator=generator)
    found = sequences(centre, classes, noise, generator, relevant=1.0 if moved else RELEVANT)
    if not moved:
        return found
    return found._replace(shown=shifted(found.shown), answer=shifted(found.answer))


def of_run(n: int, noise: float, tests: int, generator: Generator) -> Drawn:
    """A fixed set of n sequences, and tests of fresh ones: moved labels are never written over those of another set."""
    centre = centres(generator)
    training = drawn(centre, n, noise, generator)
    found = {}
    for i, group in enumerate(GROUPS):
        known, moved = (of_group(centre, i, tests, noise, generator, moved) for moved in (False, True))
        found[group] = known, moved
    return Drawn(training, found)
