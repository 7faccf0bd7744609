"""What is measured on this paper's networks: heads ablated, heads scored, and the path of losses through training."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained
from induction_heads.networks.clamps import Ablate, Clamp, PreservePatterns
from induction_heads.networks.tokens import evaluate, measures
from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES

CHANCE = math.log(REP.vocabulary)  # nats: 4.16
HALF_OF_CHANCE = CHANCE / 2  # the repeat loss that counts as half way, in every network
PREVIOUS_TOKEN = 0.2  # attention from which a Layer 1 head counts as one that attends to the previous token
SMALL = 0.1  # nats of repeat loss: what zeroed heads may change where patterns are kept
PREVIOUS_SET, LAYER_1, LAYER_2 = "previous-token heads", "Layer 1", "Layer 2"
EXAMPLES = 1_000  # whose loss at one target each makes the vector of a snapshot (the paper: 10,000)


def heads(trained: Trained) -> Any:
    """Every measure of every head at the end; previous-token attention on held-out sequences of training."""
    text = REP.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES).tokens
    return evaluate.heads(trained.final, text, trained.run.variant)


def near_the_match(trained: Trained) -> dict[int, float]:
    """Lag -> attention of the head that matches prefixes most, at the token before the match, there, and after it.

    The words of the paper can be read as each of the three; the last, lag +1, is what prefix matching means.
    """
    best = heads(trained).prefix_matching.argmax()
    curve = evaluate.lag_curves(trained.final, trained.run.variant)[best]
    return {lag: float(curve[measures.LAGS.index(lag)]) for lag in (-1, 0, 1)}


def ablations(trained: Trained) -> dict[str, dict[str, float]]:
    """Of each head and set of heads zeroed: repeat loss, early and late loss, fully and with patterns preserved.

    `intact` stands beside them. Remembered, since it takes its time.
    """
    return evaluate.remembered_of("ablations", _ablations, trained)


def _ablations(trained: Trained) -> dict[str, dict[str, float]]:
    names = evaluate.head_names(trained.final)
    previous = heads(trained).previous_token
    sets: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    sets[PREVIOUS_SET] = tuple(n for n in names if n.startswith("L1") and previous[n] >= PREVIOUS_TOKEN)
    sets |= {layer: tuple(n for n in names if n[1] == layer[-1]) for layer in (LAYER_1, LAYER_2)}
    found = {"intact": _losses(trained, ())}
    for name, off in sets.items():
        if off:
            full, kept = _losses(trained, (Ablate(off),)), _losses(trained, (Ablate(off), PreservePatterns()))
            found[name] = (
                {"heads": float(len(off))} | full | {f"{part}, preserved": loss for part, loss in kept.items()}
            )
    return found


def _losses(trained: Trained, given: Sequence[Clamp]) -> dict[str, float]:
    drawn = REP.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES)
    losses = evaluate.losses(trained.final, drawn.tokens, trained.run.variant, given)
    early, late = (float(losses[:, part].mean()) for part in (measures.EARLY, measures.LATE))
    return {"repeat": evaluate.mean(losses, drawn.copied), "early": early, "late": late}


def loss_paths(networks: Mapping[str, Trained], examples: int = EXAMPLES) -> dict[str, list[list[float]]]:
    """The snapshots of each network as points in the two principal components of their losses, all taken together.

    A snapshot is a vector: its loss at one fixed random target of each of `examples` sequences (argument 1).
    """
    folders = [f"{one.folder.name} {one.run.length}" for one in networks.values()]
    return remembered(["loss paths", examples, *folders], _loss_paths, networks, examples)


def _loss_paths(networks: Mapping[str, Trained], examples: int) -> dict[str, list[list[float]]]:
    tokens = REP.held_out(2, examples).tokens
    target = torch.randint(1, tokens.shape[1], (examples, 1), generator=torch.Generator().manual_seed(0))
    vectors = {
        name: np.stack(
            [evaluate.losses(p, tokens, one.run.variant).gather(1, target)[:, 0].numpy() for _, p in one.networks()]
        )
        for name, one in networks.items()
    }
    return {name: path.tolist() for name, path in principal(vectors).items()}


def principal(vectors: Mapping[str, Float[ndarray, "_ example"]]) -> dict[str, Float[ndarray, "_ 2"]]:
    """Each row in the plane of the two directions in which the rows of all differ most, from their common mean."""
    every = np.concatenate(list(vectors.values())).astype(float)
    mean = every.mean(0)
    *_, directions = np.linalg.svd(every - mean, full_matrices=False)
    return {name: (rows - mean) @ directions[:2].T for name, rows in vectors.items()}


def in_context(history: Any) -> Any:
    """The in-context-learning score through training, nats: late loss less early loss; negative is better."""
    return history.late_loss - history.early_loss


def half_step(trained: Trained) -> float:
    """The step at which the repeat loss is half of chance; infinite if it never is."""
    return evaluate.crossing(trained.history.step, trained.history.copied_loss, HALF_OF_CHANCE)
