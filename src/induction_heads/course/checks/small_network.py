"""A small network with random parameters, and a batch for it: lessons 4 and 8 try functions on it."""

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from induction_heads.networks.model import Parameters

from .one_head import normal

D_MODEL, HEADS, D_HEAD = 12, 3, 4
CLASSES, LABELS, FEATURES = 7, 5, 6
BATCH = 5


def parameters(rng: Generator) -> Parameters:
    """Parameters by name, without a run axis; none is zero or one."""
    shapes: dict[str, tuple[int, ...]] = {
        "W_exemplar": (FEATURES, D_MODEL),
        "b_exemplar": (D_MODEL,),
        "W_label": (LABELS, D_MODEL),
        "ln_final_w": (D_MODEL,),
        "ln_final_b": (D_MODEL,),
        "W_U": (D_MODEL, LABELS),
        "b_U": (LABELS,),
    }
    for block in ("blocks.0.", "blocks.1."):
        shapes |= {block + name: (HEADS, D_MODEL, D_HEAD) for name in ("W_Q", "W_K", "W_V")}
        shapes |= {block + "W_O": (HEADS, D_HEAD, D_MODEL), block + "ln_w": (D_MODEL,), block + "ln_b": (D_MODEL,)}
    return {name: 0.6 * normal(rng, *shape) for name, shape in shapes.items()}


def features(rng: Generator) -> Tensor:
    return normal(rng, CLASSES, FEATURES)


def batch(rng: Generator) -> tuple[Tensor, Tensor]:
    """Classes `batch 3` and labels `batch 2`, different within a sequence."""
    exemplar = np.array([rng.permutation(CLASSES)[:3] for _ in range(BATCH)])
    label = np.array([rng.permutation(LABELS)[:2] for _ in range(BATCH)])
    return torch.from_numpy(exemplar), torch.from_numpy(label)
