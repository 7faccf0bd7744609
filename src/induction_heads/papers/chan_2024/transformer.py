"""A transformer on the data of the gate: two pre-LN blocks of one head and an MLP, as in GPT-2 (appendix).

    item, label, query -> label of the query     item and label of the pair share a position

No claim is made of it: the figure stands beside the gate's.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.machinery.run import Family, Tensors
from induction_heads.machinery.short import Made, Progress, ShortFamily
from induction_heads.networks.tokens.model import causal

from .data import CLASSES, GROUPS, WIDTH, Sequences
from .training import OnFixedSet, Tests, train

BLOCKS, HIDDEN = 2, 4 * WIDTH
STD = 0.02  # of every weight at first, as in GPT-2
POSITIONS = [0, 0, 1]  # of item, label and query
MEASURES = ("moved", "f")  # errors with labels moved, and as in training
COLUMNS = ("steps", "loss", *(f"{name}_{group}" for group in GROUPS for name in MEASURES))


@dataclass(frozen=True)
class Transformer(OnFixedSet):
    """A transformer."""

    @property
    def family(self) -> Family:
        return FAMILY


def initial(generator: torch.Generator) -> Tensors:
    shapes = {"item": (WIDTH, WIDTH), "label": (CLASSES, WIDTH), "position": (2, WIDTH), "out": (WIDTH, CLASSES)}
    for i in range(BLOCKS):
        shapes |= {f"{name}{i}": (WIDTH, WIDTH) for name in ("Q", "K", "V", "O")}
        shapes |= {f"in{i}": (WIDTH, HIDDEN), f"back{i}": (HIDDEN, WIDTH)}
    found = {name: STD * torch.randn(*shape, generator=generator) for name, shape in shapes.items()}
    found |= {f"in{i} bias": torch.zeros(HIDDEN) for i in range(BLOCKS)}
    for norm in (*(f"{part}{i}" for part in ("attention", "mlp") for i in range(BLOCKS)), "final"):
        found |= {f"{norm} weight": torch.ones(WIDTH), f"{norm} bias": torch.zeros(WIDTH)}
    return found


def normed(weights: Tensors, name: str, stream: Tensor) -> Tensor:
    return torch.nn.functional.layer_norm(stream, (WIDTH,), weights[f"{name} weight"], weights[f"{name} bias"])


def logits(weights: Tensors, given: Sequences) -> Float[Tensor, "n label"]:
    context, query = (items @ weights["item"] for items in (given.context, given.query))
    stream = torch.stack([context, weights["label"][given.shown], query], 1) + weights["position"][POSITIONS]
    mask = causal(len(POSITIONS), stream)
    for i in range(BLOCKS):
        x = normed(weights, f"attention{i}", stream)
        q, k, v = (x @ weights[f"{name}{i}"] for name in ("Q", "K", "V"))
        stream = stream + (q @ k.mT / WIDTH**0.5 + mask).softmax(-1) @ v @ weights[f"O{i}"]
        x = normed(weights, f"mlp{i}", stream)
        stream = stream + torch.nn.functional.gelu(x @ weights[f"in{i}"] + weights[f"in{i} bias"]) @ weights[f"back{i}"]
    return normed(weights, "final", stream)[:, -1] @ weights["out"]


def error(weights: Tensors, given: Sequences) -> float:
    """The share of wrong answers, of all labels."""
    return (logits(weights, given).argmax(-1) != given.answer).float().mean().item()


def evaluated(weights: Tensors, tests: Tests) -> list[float]:
    """The columns after `loss`."""
    return [error(weights, each) for known, moved in tests.values() for each in (moved, known)]


def losses(weights: Tensors, given: Sequences) -> tuple[Tensor, Tensor]:
    """The loss, nats, which is told and descended."""
    loss = torch.nn.functional.cross_entropy(logits(weights, given), given.answer)
    return loss, loss


def make(run: Transformer, progress: Progress) -> Made:
    """On the same sets as the gate's of the same seed."""
    return train(run, progress, initial, losses, evaluated)


FAMILY = ShortFamily("chan 2024 transformer", COLUMNS, make, lambda run: 0.004)
