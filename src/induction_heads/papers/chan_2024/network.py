"""The gated predictor: f = a g + (1 - a) h, where g knows the weights, h copies the context, and a chooses.

g is trained on its own loss; f's loss trains a alone. With one pair in context h is its label.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily

from .data import CLASSES, GROUPS, WIDTH, Sequences
from .training import OnFixedSet, Tests, train

HIDDEN = 64  # in each of two layers
SMALLEST = 1e-12  # probability
MEASURES = ("moved", "f", "g", "h", "gate")  # errors of f with labels moved, and of each as in training; mean of a
COLUMNS = ("steps", "loss", *(f"{name}_{group}" for group in GROUPS for name in MEASURES))


@dataclass(frozen=True)
class Gate(OnFixedSet):
    """A gated predictor."""

    @property
    def family(self) -> Family:
        return FAMILY


def layers(inputs: int, outputs: int, name: str, generator: torch.Generator) -> Tensors:
    """Two ReLU layers and a linear one; all uniform up to inputs^-1/2, as PyTorch's own layers begin."""
    found = {}
    sizes = (inputs, HIDDEN, HIDDEN, outputs)
    for i, (before, after) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        for part, shape in ((f"{name}{i}", (before, after)), (f"{name}{i} bias", (after,))):
            found[part] = (2 * torch.rand(*shape, generator=generator) - 1) / before**0.5
    return found


def through(weights: Tensors, name: str, x: Tensor) -> Tensor:
    for i in range(3):
        x = x @ weights[f"{name}{i}"] + weights[f"{name}{i} bias"]
        x = x.relu() if i < 2 else x
    return x


def gate(weights: Tensors, given: Sequences) -> Float[Tensor, " n"]:
    """a, the trust in weights, in [0, 1]; it sees the items and no label."""
    return torch.sigmoid(through(weights, "a", torch.cat([given.context, given.query], 1))[:, 0])


def mixed(a: Float[Tensor, " n"], g: Float[Tensor, "n label"], shown: Int[Tensor, " n"]) -> Float[Tensor, "n label"]:
    """f, from the gate, g's probabilities and the label in context."""
    copied = torch.nn.functional.one_hot(shown, CLASSES).to(g.dtype)
    return a[:, None] * g + (1 - a[:, None]) * copied


def errors(weights: Tensors, given: Sequences) -> dict[str, float]:
    """The share of wrong answers of f, g and h, and the mean of a."""
    g, a = through(weights, "g", given.query).softmax(-1), gate(weights, given)
    said = {"f": mixed(a, g, given.shown).argmax(-1), "g": g.argmax(-1), "h": given.shown}
    found = {name: (answer != given.answer).float().mean().item() for name, answer in said.items()}
    return found | {"gate": a.mean().item()}


def evaluated(weights: Tensors, tests: Tests) -> list[float]:
    """The columns after `loss`."""
    row = []
    for known, moved in tests.values():
        found = errors(weights, known)
        row += [errors(weights, moved)["f"], *(found[name] for name in MEASURES[1:])]
    return row


def initial(generator: torch.Generator) -> Tensors:
    return layers(WIDTH, CLASSES, "g", generator) | layers(2 * WIDTH, 1, "a", generator)


def losses(weights: Tensors, given: Sequences) -> tuple[Tensor, Tensor]:
    """f's loss, which trains a alone, and with it g's own; nats."""
    logits = through(weights, "g", given.query)
    f = mixed(gate(weights, given), logits.detach().softmax(-1), given.shown)
    loss = -f.gather(1, given.answer[:, None]).clamp(min=SMALLEST).log().mean()
    return loss, loss + torch.nn.functional.cross_entropy(logits, given.answer)


def make(run: Gate, progress: Progress) -> Made:
    return train(run, progress, initial, losses, evaluated)


FAMILY = ShortFamily("chan 2024", COLUMNS, make, lambda run: 0.0014, 2)
