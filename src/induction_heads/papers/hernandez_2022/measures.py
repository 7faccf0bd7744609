"""What is measured on this paper's networks: the loss on the pool through training, and the share of what was lost."""

import math
from collections.abc import Mapping

import numpy as np

from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import EVERY_TARGET, Pooled
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES

from .runs import NONE

TEST_FLOOR, COPY_FLOOR = 3.81, 4.16  # nats: the entropy of a free token, and a guess among 64
MEMORISED = 0.1  # nats: where the loss on the pool nears 0, the paper's diagnostic


def ends(rows: Mapping[str, Trained]) -> dict[str, dict[str, float]]:
    """Test loss, loss on the repeats of DUP(20, 3) and the largest prefix matching at the end, by run."""
    last = {name: one.history.iloc[-1] for name, one in rows.items()}
    return {
        name: {"test": float(row.loss), "copy": float(row.test_loss), "prefix": float(row.prefix_matching)}
        for name, row in last.items()
    }


def share_lost(loss: float, intact: float, floor: float) -> float:
    """How much of what unrepeated training learns is lost: 0 for its loss, 1 for the floor, where nothing is learnt."""
    return (loss - intact) / (floor - intact)


def shares_lost(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Of every run but the unrepeated one, on test data and in copying."""
    intact = found[NONE]
    return {
        name: {
            "test": share_lost(each["test"], intact["test"], TEST_FLOOR),
            "copy": share_lost(each["copy"], intact["copy"], COPY_FLOOR),
        }
        for name, each in found.items()
        if name != NONE
    }


def highest_prefix_matching(trained: Trained) -> float:
    """Of any head at any evaluation: whether induction heads were there, and lost, or never formed."""
    return float(trained.history.prefix_matching.max())


def worst(found: Mapping[str, Mapping[str, float]]) -> str:
    """The repeated run of the highest test loss."""
    return max((name for name in found if name != NONE), key=lambda name: found[name]["test"])


def pool_losses(trained: Trained) -> dict[str, list[float]]:
    """The loss on what the pool holds (at most 128 sequences of it) at every snapshot, nats; nothing without a pool."""
    if not isinstance(trained.run.data, Pooled):
        return {"step": [], "loss": []}
    return evaluate.remembered_of("pool losses", _pool_losses, trained)


def _pool_losses(trained: Trained) -> dict[str, list[float]]:
    tokens = trained.run.data.repeated(trained.run.stream_seed).tokens[:EVALUATION_SEQUENCES]
    return evaluate.through_training(trained, {"loss": (tokens, EVERY_TARGET.counted(tokens))})


def memorised_at(pool: Mapping[str, list[float]]) -> float:
    """The first snapshot at which the pool is known by heart; infinite if it never is."""
    known = np.flatnonzero(np.array(pool["loss"]) < MEMORISED)
    return pool["step"][known[0]] if len(known) else math.inf
