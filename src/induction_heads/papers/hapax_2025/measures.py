"""What is measured on this paper's networks: kept and dropped targets, and inference of a class beside Bayes' rule."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import Hapax, Span, repeats_a_bigram
from induction_heads.networks.tokens.measures import LATE
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES

from . import runs

FIRST = slice(1, 5)  # targets 1 to 4, before the class is known
SEQUENCES = 1_000  # of the abstractive test


def kept_and_dropped(trained: Trained) -> dict[str, list[float]]:
    """Loss on the targets that Hapax keeps and on those that it drops, at every snapshot, nats. Remembered."""
    return evaluate.remembered_of("kept and dropped", _kept_and_dropped, trained)


def _kept_and_dropped(trained: Trained) -> dict[str, list[float]]:
    tokens = runs.TRAINING.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES).tokens
    masks = {"kept": Hapax().counted(tokens), "dropped": repeats_a_bigram(tokens)}
    return evaluate.through_training(trained, {name: (tokens, mask) for name, mask in masks.items()})


def share_dropped() -> float:
    """Of held-out targets, those that Hapax drops."""
    tokens = runs.TRAINING.held_out(1, EVALUATION_SEQUENCES).tokens
    return float(repeats_a_bigram(tokens)[:, 1:].float().mean())


def abstractive(trained: Trained) -> Float[ndarray, " token"]:
    """Mean loss at every place of sequences without copies, nats; that of token 0 is 0 and does not count."""
    return evaluate.losses(trained.final, runs.WITHOUT_COPIES.held_out(4, SEQUENCES).tokens).mean(0).numpy()


def bayes(data: Span = runs.WITHOUT_COPIES, n: int = SEQUENCES) -> Float[ndarray, " token"]:
    """The same for who knows the classes and infers the present one from the tokens before: no loss can be lower."""
    return bayes_losses(data.held_out(4, n).tokens.numpy(), data.probabilities).mean(0)


def bayes_losses(
    tokens: Int[ndarray, "n token"], probabilities: Float[ndarray, "class vocabulary"]
) -> Float[ndarray, "n token"]:
    """-log Σ_c P(c | tokens before) P(token | c), all classes alike before the first token."""
    log_likelihood = np.log(probabilities[:, tokens])  # class n token
    before = np.cumsum(log_likelihood, -1) - log_likelihood
    posterior = np.exp(before - before.max(0))
    posterior /= posterior.sum(0)
    return -np.log((posterior * np.exp(log_likelihood)).sum(0))


def early_and_late(losses: Float[ndarray, " token"]) -> tuple[float, float]:
    """Mean loss on targets 1 to 4 and 48 to 63."""
    return float(losses[FIRST].mean()), float(losses[LATE].mean())


def heads(trained: Trained) -> Any:
    """Every measure of every head at the end."""
    return evaluate.heads(trained.final, runs.TRAINING.held_out(1, EVALUATION_SEQUENCES).tokens)
