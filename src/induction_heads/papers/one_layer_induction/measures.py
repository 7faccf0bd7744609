"""What is measured on these networks: lag curves, and the shares that KV shifting learns."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.store import Trained
from induction_heads.networks.model import Parameters, layer_norm, parameters_of
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.measures import LAGS

NEXT, BACK = LAGS.index(1), LAGS.index(-1)
BETWEEN = (0.1, 1.0)  # nats of repeat loss: worse than KV shifting, better than plain attention
SHARES = ("alpha_1", "alpha_2", "beta_1", "beta_2")


def lag_curve(trained: Trained) -> Float[ndarray, " lag"]:
    """Of the head that attends most to lag +1, lags -6 to 6 (DUP(24, 2))."""
    curves = evaluate.lag_curves(trained.final, trained.run.variant)
    return curves[curves[:, NEXT].argmax()]


def match(trained: Trained) -> float:
    """`own_match` of the head that attends most to lag +1, in a network of one layer."""
    curves = evaluate.lag_curves(trained.final, trained.run.variant)
    return own_match(trained.final, int(curves[:, NEXT].argmax()))


def own_match(learnt: Parameters, head: int) -> float:
    """How much higher Layer 1 scores a token's query with its own key than with any token's, on average.

    From embeddings and weights, without positions, before momentum, smearing or shifting mix in the token before.
    """
    block = parameters_of(learnt, 0)
    tokens = layer_norm(learnt["W_E"][None], block["ln_w"][None], block["ln_b"][None])[0]
    q, k = tokens @ block["W_Q"][head], tokens @ block["W_K"][head]
    scores = q @ k.T * q.shape[1] ** -0.5
    return float(scores.diagonal().mean() - scores.mean())


class Shares(NamedTuple):
    """Own and previous shares of keys (α₁, α₂) and values (β₁, β₂) through training, `snapshot head`."""

    alpha_1: Float[ndarray, "snapshot head"]
    alpha_2: Float[ndarray, "snapshot head"]
    beta_1: Float[ndarray, "snapshot head"]
    beta_2: Float[ndarray, "snapshot head"]


def shares(trained: Trained) -> Shares:
    """Of a run with KV shifting, its only layer."""
    each = [[learnt[f"blocks.0.{name}"] for name in SHARES] for _, learnt in trained.networks()]
    numbers = torch.stack([torch.stack(one) for one in each]).numpy()  # snapshot share head
    return Shares(*np.moveaxis(numbers, 1, 0))


def induces(found: Shares, snapshot: int = -1) -> ndarray:
    """Whether each head has the shares of induction: more of the previous key, more of its own value."""
    keys = found.alpha_1[snapshot] < found.alpha_2[snapshot]
    return keys & (found.beta_1[snapshot] > found.beta_2[snapshot])
