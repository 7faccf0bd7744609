"""Small networks and data for the tests, a different prime for every size so that no two axes can be swapped."""

import numpy as np
import torch

from induction_heads.data import Dataset, fingerprint
from induction_heads.networks import model
from induction_heads.networks.model import Sequences
from induction_heads.networks.run import Run, initial

RUNS, BATCH, CLASSES, FEATURES = 3, 7, 11, 13

LONG = Run(0, classes=11, sequences=32 * 5_000, evaluate_every=640, checkpoint_every=640, learning_rate=1e-3)


def dataset(classes: int = 40, exemplars: int = 3, features: int = FEATURES) -> Dataset:
    x = np.random.default_rng(0).standard_normal((classes, exemplars, features)).astype(np.float32)
    return Dataset("random", x, None, tuple(map(str, range(classes))), fingerprint(x))


def network(seed: int, dtype: torch.dtype = torch.float64, scale: float = 3.0, labels: int = 5) -> model.Parameters:
    """Parameters at initialisation, made larger so that attention is far from uniform."""
    parameters = initial(Run(seed, labels=labels), FEATURES)
    return {
        name: scale * p.to(dtype) + 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
        for name, p in parameters.items()
    }


def networks(n: int = RUNS, dtype: torch.dtype = torch.float64) -> model.Parameters:
    each = [network(seed, dtype) for seed in range(n)]
    return model.stored({name: torch.stack([p[name] for p in each]) for name in each[0]})


def features(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(1, CLASSES, FEATURES, generator=torch.Generator().manual_seed(2)).to(dtype)


def sequences(runs: int = RUNS, batch: int = BATCH, pairs: int = 2) -> Sequences:
    rng = np.random.default_rng(3)
    exemplar = np.stack([[rng.permutation(CLASSES)[:pairs] for _ in range(batch)] for _ in range(runs)])
    label = np.stack([[rng.permutation(5)[:pairs] for _ in range(batch)] for _ in range(runs)])
    match = rng.integers(pairs, size=(runs, batch))
    query = np.take_along_axis(exemplar, match[..., None], 2)
    return Sequences(*(torch.from_numpy(a) for a in (np.concatenate([exemplar, query], 2), label, match)))
