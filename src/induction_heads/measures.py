"""What is measured on trained networks (sections 3 and 4, appendix C), many networks or clamps at once.

A batch of networks has a `run` axis; a single network is a batch of one.
"""

from collections.abc import Sequence

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from . import clamps, kernels, model, sequences
from .clamps import Clamp, Network
from .model import Parameters, Sequences
from .sequences import Task

CHUNK = 1_024  # sequences at a time, so that activations stay in the cache


def stack(networks: Sequence[Parameters]) -> Parameters:
    """Networks of one shape as a batch."""
    return model.stored({name: torch.stack([n[name] for n in networks]) for name in networks[0]})


def repeat(network: Parameters, n: int) -> Parameters:
    """One network n times, for n different clamps."""
    return model.stored({name: p.expand(n, *p.shape) for name, p in network.items()})


@torch.no_grad()
def each_sequence(
    networks: Parameters,
    features: Float[Tensor, "#run exemplar feature"],
    which: Sequences,
    clamped: Sequence[Sequence[Clamp]] | None = None,
) -> dict[str, Tensor]:
    """Of every sequence: `logits` (run batch label) and `pattern`, the last layer's at the query (run batch head key).

    `clamped` gives the clamps of each run; `which` has a run axis of 1 where all runs read the same.
    """
    kernels.load()
    runs = networks["b_U"].shape[0]
    network = Network.of({name: p[0] for name, p in networks.items()})
    combined = clamps.combine(clamped, [network] * runs) if clamped else clamps.Clamps((), ())
    pattern = f"blocks.{network.last}.attn.hook_pattern"
    found: dict[str, list[Tensor]] = {"logits": [], "pattern": []}
    for chunk in zip(*(a.expand(runs, *a.shape[1:]).split(CHUNK, 1) for a in which), strict=True):
        sites = clamps.forward(networks, features, Sequences(*chunk), combined)
        found["logits"].append(sites["logits"])
        found["pattern"].append(sites[pattern][..., -1, :])
    return {name: torch.cat(parts, 1) for name, parts in found.items()}


def induction_strength(pattern: Float[Tensor, "run batch head key"], which: Sequences) -> Float[Tensor, "run head"]:
    """Attention from the query to the correct label token minus that to the others, mean over sequences; in [-1, 1]."""
    on_labels = pattern[..., 1::2]  # run batch head pair
    is_correct = which.match[:, :, None, None] == torch.arange(on_labels.shape[-1])
    signed = torch.where(is_correct, on_labels, -on_labels)
    return signed.sum(-1).mean(1)


def loss_and_accuracy(logits: Float[Tensor, "run batch label"], which: Sequences) -> Float[Tensor, "run 2"]:
    """Mean loss (nats) and accuracy at the query."""
    target = which.target.expand(logits.shape[:2])
    return torch.stack([model.loss(logits, target).mean(-1), (logits.argmax(-1) == target).float().mean(-1)], -1)


def in_context(logits: Float[Tensor, "run batch label"], which: Sequences) -> Float[Tensor, "run batch label"]:
    """Logits limited to the labels in context."""
    shown = (which.label[..., None] == torch.arange(logits.shape[-1])).any(-2)
    return logits.masked_fill(~shown, clamps.NO_LOGIT)


@torch.no_grad()
def previous_token_attention(networks: Parameters, features: Tensor, which: Sequences) -> Float[Tensor, "run head"]:
    """Attention of each Layer 1 head from the label tokens to the token before, mean over labels and sequences."""
    runs = networks["b_U"].shape[0]
    sites = clamps.forward(networks, features, Sequences(*(a.expand(runs, *a.shape[1:]) for a in which)))
    pattern = sites["blocks.0.attn.hook_pattern"]  # run batch head query key
    return pattern.diagonal(-1, -2, -1)[..., ::2].mean((1, 3))


def roles(network: Parameters, features: Tensor, task: Task) -> dict[str, str]:
    """Role -> head: "strongest", "other i" of Layer 2; "previous token i" and "previous token last" of Layer 1."""
    batch, every = stack([network]), sequences.exhaustive(task)
    strength = induction_strength(each_sequence(batch, features, every)["pattern"], every)[0]
    strongest = int(strength.argmax())
    others = [h for h in range(len(strength)) if h != strongest]
    found = {"strongest": clamps.head_name(1, strongest)}
    found |= {f"other {i}": clamps.head_name(1, h) for i, h in enumerate(others, 1)}
    previous = previous_token_attention(batch, features, Sequences(*(a[:, :: len(a[0]) // 2_000 or 1] for a in every)))[0]
    order = previous.argsort(descending=True).tolist()
    found |= {f"previous token {i}": clamps.head_name(0, h) for i, h in enumerate(order[:3], 1)}
    return found | {"previous token last": clamps.head_name(0, order[-1])}


def time_to_learn(history: pd.DataFrame, fraction: float = 0.4) -> float:
    """Sequences seen when the train loss is first below `fraction` ln 2; NaN if it never is."""
    below = history[history["train_loss"] < fraction * torch.tensor(2.0).log().item()]
    return float(below["sequences"].iloc[0]) if len(below) else float("nan")
