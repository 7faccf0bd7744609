"""The induction circuit read off a network opened with TransformerLens (`lens`): section 2.1 and appendix C.

`match` and `copy` are subcircuits B and C by weights alone, `score_sources` says which head put into a key what the
induction head matches, `routes` what cutting one such path costs.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from transformer_lens import ActivationCache, FactoredMatrix

from induction_heads.lens.networks import LayerNorm, Lens, rotated
from induction_heads.networks import clamps, sequences
from induction_heads.networks.model import LAYER_NORM_EPS, Sequences
from induction_heads.networks.sequences import Task

EVERY = 7  # of the exhaustive set one sequence in so many; odd: in every other one the first pair matches
TOGETHER = 1_000  # sequences that are read as one batch: what fits the caches takes half the time


def centred_and_weighted(norm: LayerNorm, x: Tensor, scale: Tensor | float) -> Tensor:
    """LayerNorm with its scale given, so that it is linear in x; the bias is left out."""
    return (x - x.mean(-1, keepdim=True)) / scale * norm.w


def own_scale(x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any 1"]:
    return (x.var(-1, unbiased=False, keepdim=True) + LAYER_NORM_EPS).sqrt()


def passed_on(
    network: Lens, cache: ActivationCache, embedded: Float[Tensor, "item d_model"], tokens: Sequence[int], back: int
) -> Float[Tensor, "item d_model"]:
    """What Layer 1 puts at these tokens about an item `back` tokens before: OV circuits times mean attention."""
    block, pattern = network.blocks[0], cache["blocks.0.attn.hook_pattern"]
    weights = torch.stack([pattern[:, :, token, token - back].mean(0) for token in tokens]).mean(0)  # head
    normed = centred_and_weighted(block.ln1, embedded, own_scale(embedded))
    return torch.einsum("h,nm,hmd,hde->ne", weights, normed, block.attn.W_V, block.attn.W_O)


def match(network: Lens, cache: ActivationCache, reader: str) -> tuple[Float[Tensor, "query key"], FactoredMatrix]:
    """Scores of a Layer 2 head from a query of one class to a label token after another; steps 1, 2, 3qk and 4.

    By weights, with Layer 1's attention its mean over the cached sequences, beside the label a mean label, and the
    places of the labels averaged. Biases and what does not depend on both classes are left out. The second is the same
    as factors.
    """
    layer, head = clamps.head(reader)
    block, embedded = network.blocks[layer], network.W_E[: len(network.features)]
    last = cache["hook_embed"].shape[1] - 1
    places = range(1, last, 2)
    query = embedded + passed_on(network, cache, embedded, [last], 0)
    query = centred_and_weighted(block.ln1, query, own_scale(query)) @ block.attn.W_Q[head]
    copied = passed_on(network, cache, embedded, places, 1)
    beside = (network.W_label + passed_on(network, cache, network.W_label, places, 0)).mean(0)
    key = centred_and_weighted(block.ln1, copied, own_scale(copied + beside)) @ block.attn.W_K[head]
    asks = _at(query, last) * query.shape[-1] ** -0.5
    offers = torch.stack([_at(key, place) for place in places]).mean(0).mT
    return asks @ offers, FactoredMatrix(asks, offers)


def copy(
    network: Lens, cache: ActivationCache, head: str, layer_1: bool = True
) -> tuple[Float[Tensor, "shown logit"], FactoredMatrix]:
    """What full attention to a label token adds to each logit by way of a Layer 2 head, by weights; steps 3v and 5.

    With `layer_1`, the label as Layer 1's own heads copy it within its token (V-composition) as well as its embedding.
    """
    layer, index = clamps.head(head)
    block, places = network.blocks[layer], range(1, cache["hook_embed"].shape[1] - 1, 2)
    shown = network.W_label + (passed_on(network, cache, network.W_label, places, 0) if layer_1 else 0)
    read = centred_and_weighted(block.ln1, shown, cache[f"blocks.{layer}.ln1.hook_scale"][:, list(places)].mean())
    out = network.ln_final.w[:, None] * (network.W_U - network.W_U.mean(1, keepdim=True))
    out = (out - out.mean(0)) / cache["ln_final.hook_scale"][:, -1].mean()  # LayerNorm centres
    values, logits = read @ block.attn.W_V[index], block.attn.W_O[index] @ out
    return values @ logits, FactoredMatrix(values, logits)


def right_choices(matrix: Float[Tensor, "row column"]) -> float:
    """In how many (row, other column) the diagonal is larger than the other, in [0, 1]; guessing gives a half."""
    n = len(matrix)
    return (matrix.diagonal()[:, None] > matrix).sum().item() / (n * (n - 1))


def above_the_rest(matrix: Float[Tensor, "row column"]) -> float:
    """How much the mean diagonal is above the mean of the rest."""
    n = len(matrix)
    return (matrix.trace() / n - (matrix.sum() - matrix.trace()) / (n * (n - 1))).item()


def positive_share(circuit: FactoredMatrix) -> float:
    """Sum of the eigenvalues over the sum of their sizes, in [-1, 1]: 1 for a circuit that maps all to itself."""
    values = circuit.eigenvalues
    return (values.real.sum() / values.abs().sum()).item()


def of_all_heads(
    network: Lens, cache: ActivationCache, read: Callable[..., tuple[Tensor, FactoredMatrix]]
) -> list[tuple[Tensor, FactoredMatrix]]:
    """`match` or `copy` of every head of Layer 2."""
    return [read(network, cache, clamps.head_name(1, head)) for head in range(network.cfg.n_heads)]


def scaled_eigenvalues(circuits: Sequence[tuple[Tensor, FactoredMatrix]]) -> Complex[Tensor, "head eigenvalue"]:
    """The eigenvalues of each head's circuit that can differ from 0, over its largest in size.

    A circuit has no more of them than the head has dimensions, nor than the matrix's rows less the one that LayerNorm
    or the mean takes away.
    """
    found = []
    for matrix, factors in circuits:
        values = factors.eigenvalues
        found.append(values[: min(factors.mdim, len(matrix) - 1)] / values.abs().max())
    return torch.stack(found)


def measured_match(network: Lens, task: Task, reader: str, every: int = EVERY) -> Float[Tensor, "query key"]:
    """Mean score a Layer 2 head really gives a label token, by the class of the query and of the exemplar before it."""
    layer, head = clamps.head(reader)
    which = Sequences(*(part[:, ::every] for part in sequences.exhaustive(task)))
    site = f"blocks.{layer}.attn.hook_attn_scores"
    batches = (Sequences(*each) for each in zip(*(part.split(TOGETHER, 1) for part in which), strict=True))
    caches = (network.run_with_cache(batch, names_filter=[site])[1] for batch in batches)
    scores = torch.cat([cache[site][:, head, -1, 1::2] for cache in caches])  # batch pair
    keys = which.exemplar[0, :, :-1]
    places = which.exemplar[0, :, -1:].expand_as(scores), keys
    empty = torch.zeros(task.classes, task.classes)
    total, count = (empty.index_put(places, x, accumulate=True) for x in (scores, torch.ones_like(scores)))
    return total / count


def score_sources(
    network: Lens, cache: ActivationCache, reader: str
) -> tuple[Float[Tensor, "source batch key"], list[str]]:
    """A head's scores from the last token, divided exactly by what wrote the key.

    Sources are the embedding, the heads of earlier layers, and LayerNorm's bias.
    """
    layer, head = clamps.head(reader)
    block = network.blocks[layer]
    heads, names = cache.stack_head_results(layer, return_labels=True)
    names = [clamps.head_name(*(int(part) for part in name[1:].split("H"))) for name in names]
    written = torch.cat([cache["hook_embed"][None], heads])  # source batch token d_model
    normed = centred_and_weighted(block.ln1, written, cache[f"blocks.{layer}.ln1.hook_scale"][:, :, head])
    normed = torch.cat([normed, block.ln1.b.expand_as(normed[:1])])
    key = rotated((normed @ block.attn.W_K[head]).flatten(0, 1)[:, :, None])[:, :, 0].unflatten(0, normed.shape[:2])
    query = cache[f"blocks.{layer}.attn.hook_rot_q"][:, -1, head]
    return torch.einsum("sbkd,bd->sbk", key, query) * query.shape[-1] ** -0.5, ["embedding", *names, "bias"]


def on_correct_label(scores: Float[Tensor, "*any batch key"], which: Sequences) -> Float[Tensor, "*any"]:
    """Mean over sequences of what the correct label token has more than the others, on average of them."""
    on_labels = scores[..., 1::2]
    correct = which.match[0][:, None] == torch.arange(on_labels.shape[-1])
    others = max(on_labels.shape[-1] - 1, 1)
    return torch.where(correct, on_labels, -on_labels / others).sum(-1).mean(-1)


@torch.no_grad()
def routes(network: Lens, which: Sequences, letter: str) -> Float[Tensor, "layer_1 layer_2"]:
    """Induction strength lost when one Layer 1 head's output is kept from a Layer 2 head's q, k or v; path patching."""
    _, cache = network.run_with_cache(which)
    whole = on_correct_label(cache["blocks.1.attn.hook_pattern"][:, :, -1].transpose(0, 1), which)
    lost = []
    for out in cache.stack_head_results(1):
        without = {f"blocks.1.hook_{letter}_input": lambda here, hook, out=out: here - out[:, :, None]}
        patched: dict[str, Tensor] = {}
        keep = ("blocks.1.attn.hook_pattern", lambda here, hook, patched=patched: patched.update(pattern=here))
        network.run_with_hooks(which, fwd_hooks=[*without.items(), keep])
        lost.append(whole - on_correct_label(patched["pattern"][:, :, -1].transpose(0, 1), which))
    return torch.stack(lost)


def _at(x: Float[Tensor, "item d_head"], place: int) -> Float[Tensor, "item d_head"]:
    """Rotated as at that place of a sequence."""
    return rotated(x[:, None, None].expand(-1, place + 1, 1, -1))[:, place, 0]
