"""Which heads feed which (section 3, appendix C: Table 1, Figures 11 and 12).

A Layer 1 head can reach the output through the patterns of Layer 2 (what its queries and keys read), through the
values of Layer 2, or directly. Preserving the patterns leaves the path through values, preserving the values that
through patterns. Layer 2 heads write to the output alone, so every head alone is read off one pass (`direct_paths`).
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from induction_heads.networks import clamps
from induction_heads.networks.clamps import Ablate, Clamp, Network, Only, PreservePatterns, PreserveValues
from induction_heads.networks.model import Parameters, Sequences

from . import measures

PREVIOUS_TOKEN = 0.5  # a previous-token head gives the token before it more attention than all others together
GROUPS = ("previous-token heads", "other heads")  # of Layer 1, as Table 1 ablates them
PRESERVED: dict[str, Clamp] = {"patterns": PreservePatterns(), "values": PreserveValues()}


def names(layer: int, heads: Iterable[int] = range(8)) -> tuple[str, ...]:
    """Heads of a layer, counted from 1, as clamps name them."""
    return tuple(clamps.head_name(layer - 1, h) for h in heads)


def previous_token_heads(attention: Float[Tensor, " head"], threshold: float = PREVIOUS_TOKEN) -> tuple[int, ...]:
    """Layer 1 heads whose label tokens attend to the token before with more than `threshold`, strongest first."""
    return tuple(h for h in attention.argsort(descending=True).tolist() if attention[h] > threshold)


def table_1(network: Parameters, features: Tensor, which: Sequences, heads: Sequence[int]) -> pd.DataFrame:
    """Accuracy and loss (nats) of the whole network while Layer 1 `heads`, or all the others, are ablated."""
    others = [h for h in range(Network.of(network).heads[0][-1] + 1) if h not in heads]
    groups = dict(zip(GROUPS, (heads, others), strict=True))
    conditions = {
        (g, kept): (*([Ablate(names(1, h))] if h else []), preserve)
        for g, h in groups.items()
        for kept, preserve in PRESERVED.items()
    }
    found = measures.each_sequence(measures.stack([network]), features, which, list(conditions.values()))
    numbers = measures.loss_and_accuracy(found["logits"], which)
    index = pd.MultiIndex.from_tuples(conditions, names=["ablated", "preserved"])
    return pd.DataFrame(numbers.numpy(), index=index, columns=["loss", "accuracy"])


def wiring(network: Parameters, features: Tensor, which: Sequences) -> pd.DataFrame:
    """Every Layer 2 head alone while some Layer 1 heads are ablated; Figure 11.

    Rows: what is `preserved`; `active` in Layer 1 ("all but one", "only one", and "all" and "none" for comparison); the
    `layer_1` head (-1 where none is singled out) and the `layer_2` head. Columns: the loss (nats) and accuracy of the
    Layer 2 head alone, and its induction strength.
    """
    first, last = Network.of(network).heads[0], Network.of(network).heads[-1]
    conditions: dict[tuple[str, str, int], tuple[Clamp, ...]] = {}
    for kept, preserve in PRESERVED.items():
        conditions[kept, "all", -1] = ()
        conditions[kept, "none", -1] = (Ablate(names(1, first)), preserve)
        conditions |= {(kept, "all but one", h): (Ablate(names(1, [h])), preserve) for h in first}
        conditions |= {(kept, "only one", h): (Only(names(1, [h])), preserve) for h in first}
    found = measures.direct_paths(
        measures.stack([network]), features, which, heads_alone(network), list(conditions.values())
    )
    strength, rows = measures.induction_strength(found["pattern"], which), []
    for r, key in enumerate(conditions):
        numbers = measures.loss_and_accuracy(found["logits"][r], which)
        rows += [(*key, h, *numbers[i].tolist(), strength[r, i].item()) for i, h in enumerate(last)]
    index = ["preserved", "active", "layer_1", "layer_2"]
    return pd.DataFrame(rows, columns=[*index, "loss", "accuracy", "strength"]).set_index(index).sort_index()


def effect(table: pd.DataFrame, preserved: str, active: str, quantity: str = "accuracy") -> pd.DataFrame:
    """Functional wiring, Layer 1 head by Layer 2 head: what the one head is worth to the other.

    "all but one": how much is lost without it; "only one": how much it gives where Layer 1 has nothing else.
    """
    given = table.loc[(preserved, active), quantity].unstack("layer_2")
    whole, nothing = (table.loc[(preserved, a, -1), quantity] for a in ("all", "none"))
    return whole - given if active == "all but one" else given - nothing


def composition_scores(network: Parameters) -> Float[Tensor, "qkv layer_1 layer_2"]:
    """Frobenius norm of W_O W_Q (W_K, W_V) over the product of the factors' norms, each pair of heads; in [0, 1]."""
    writes = network["blocks.0.W_O"]  # head d_head d_model
    reads = torch.stack([network[f"blocks.1.W_{letter}"] for letter in "QKV"])  # qkv head d_model d_head
    both = torch.einsum("iam,xjmb->xijab", writes, reads).flatten(-2).norm(dim=-1)
    return both / (writes.flatten(1).norm(dim=1)[:, None] * reads.flatten(2).norm(dim=2)[:, None])


def heads_alone(network: Parameters) -> Bool[Tensor, "choice layer head"]:
    """For `direct_paths`: each Layer 2 head alone, with Layer 1's own path to the output, as under `Only`."""
    heads = len(Network.of(network).heads[-1])
    alone = torch.eye(heads, dtype=torch.bool)
    return torch.stack([torch.ones_like(alone), alone], 1)


class OneHead(NamedTuple):
    """The loss (nats) with one Layer 2 head left, with one ablated, and with none."""

    alone: Float[Tensor, " head"]
    without: Float[Tensor, " head"]
    whole: float


def one_head(network: Parameters, features: Tensor, which: Sequences) -> OneHead:
    """Every Layer 2 head left alone, and every one ablated; Figure 13."""
    heads = len(Network.of(network).heads[-1])
    each = torch.eye(heads, dtype=torch.bool)
    active = torch.cat([each, ~each, torch.ones(1, heads, dtype=torch.bool)])
    keep = torch.stack([torch.ones_like(active), active], 1)
    logits = measures.direct_paths(measures.stack([network]), features, which, keep)["logits"][0]
    loss = measures.loss_and_accuracy(logits, which)[:, 0]
    return OneHead(loss[:heads], loss[heads:-1], float(loss[-1]))


class AtLabels(NamedTuple):
    """Mean norms in the residual stream at the label tokens."""

    embedding: float
    layer_1: float  # what Layer 1 adds


@torch.no_grad()
def sizes_at_labels(network: Parameters, features: Tensor, which: Sequences) -> AtLabels:
    """How large the label's embedding is in its own token, and what Layer 1 writes beside it (for Layer 2's values)."""
    sites = clamps.forward(measures.stack([network]), features, which)
    embedded, stream = (sites[site][:, :, 1:-1:2] for site in ("hook_embed", "blocks.1.hook_resid_pre"))
    return AtLabels(float(embedded.norm(dim=-1).mean()), float((stream - embedded).norm(dim=-1).mean()))


def layers_disconnected(network: Parameters) -> Bool[Tensor, "choice layer head"]:
    """For `direct_paths`: the whole network, no path from Layer 1 to the output, none from Layer 2."""
    heads = len(Network.of(network).heads[-1])
    return torch.tensor([[True, True], [False, True], [True, False]])[:, :, None].expand(3, 2, heads)


def margins(logits: Float[Tensor, "choice batch label"], which: Sequences) -> Float[Tensor, "choice 2"]:
    """Mean logit of the labels in context above that of the rest, and of the correct label above the other in context.

    The first is what guessing among the labels in context needs, the second what a right answer needs.
    """
    places = torch.arange(logits.shape[-1])
    shown, correct = (which.label[..., None] == places).any(-2), which.target[..., None] == places
    other = shown & ~correct

    def mean(chosen: Bool[Tensor, "one batch label"]) -> Float[Tensor, "choice batch"]:
        return (logits * chosen).sum(-1) / chosen.sum(-1)

    return torch.stack([mean(shown) - mean(~shown), mean(correct) - mean(other)], -1).mean(1)


def direct_effects(trained, features: Tensor, which: Sequences) -> pd.DataFrame:
    """How much the answer depends on each layer's own path to the output, through training; Figure 12.

    A row a checkpoint; columns (quantity, whole / no Layer 1 / no Layer 2), the quantities loss (nats), accuracy and
    the two `margins`, and (strength, L2H0 …), as `measures.strengths` has them on the same sequences. `trained` has
    checkpoints (`store.Trained`).
    """
    rows, choices = [], ["whole", "no Layer 1", "no Layer 2"]
    for batch in measures.checkpoints(trained):
        found = measures.direct_paths(
            batch, features, which, layers_disconnected({name: p[0] for name, p in batch.items()})
        )
        for logits, strength in zip(found["logits"], measures.induction_strength(found["pattern"], which), strict=True):
            measured = torch.cat([measures.loss_and_accuracy(logits, which), margins(logits, which)], -1)
            rows.append([*measured.T.flatten().tolist(), *strength.tolist()])
    columns = list(itertools.product(["loss", "accuracy", "context", "correct"], choices))
    columns += [("strength", head) for head in names(2, range(len(strength)))]
    index = pd.Index(trained.checkpoints, name="sequences")
    return pd.DataFrame(rows, index=index, columns=pd.MultiIndex.from_tuples(columns))
