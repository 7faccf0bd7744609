"""The transformer of section 3 and appendix A, for many networks at once.

Two or more layers of attention only, causal, pre-LayerNorm, rotary embedding; the target is read at the
last token, the query. Every parameter and activation has a leading `run` axis: row r is network r.

Activations are stored with the batch axis last, so that products over five tokens vectorise over the batch;
sites show them in the usual order (`run batch token d_model`, `run batch head query key`) as views.

Layer 1 reads nothing but the identity of a token: its queries, keys and values are computed once for every
*item* (exemplar or label) and then looked up. That is exact, and a third of the work per token.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from . import kernels
from .kernels import LAYER_NORM_EPS, lookup, matmul

Parameters = dict[str, Tensor]
Sites = dict[str, Tensor]
Edit = Callable[[str, Tensor, Sites], Tensor]  # site, what the network computed, earlier sites -> what stands there


class Sequences(NamedTuple):
    """Sequences `x0 l0 x1 l1 … xq`; the target is the label paired with the query's class.

    `exemplar` counts rows of the features given to the network, the query's last.
    """

    exemplar: Int[Tensor, "run batch pairs+1"]
    label: Int[Tensor, "run batch pairs"]
    match: Int[Tensor, "run batch"]  # the pair whose class the query has

    @property
    def target(self) -> Int[Tensor, "run batch"]:
        return self.label.gather(-1, self.match[..., None]).squeeze(-1)

    def tokens(self, n_exemplars: int) -> Int[Tensor, "run token batch"]:
        """Items: exemplars first, then labels, as rows of `embed`."""
        pairs = torch.stack([self.exemplar[..., :-1], self.label + n_exemplars], -1).flatten(-2)
        return torch.cat([pairs, self.exemplar[..., -1:]], -1).mT


def unclamped(site: str, here: Tensor, seen: Sites) -> Tensor:
    return here


def n_layers(parameters: Parameters) -> int:
    return sum(name.endswith("W_Q") for name in parameters)


def layer_norm(
    x: Float[Tensor, "run ... d_model"], weight: Float[Tensor, "run d_model"], bias: Float[Tensor, "run d_model"]
) -> Tensor:
    """LayerNorm of each run, with its own weight and bias, of what has d_model last."""
    weight, bias = (p.view(len(p), *[1] * (x.dim() - 2), -1) for p in (weight, bias))
    return torch.nn.functional.layer_norm(x, x.shape[-1:], eps=LAYER_NORM_EPS) * weight + bias


def layer_norm_of_columns(
    x: Float[Tensor, "run d_model n"], weight: Float[Tensor, "run d_model"], bias: Float[Tensor, "run d_model"]
) -> Tensor:
    """The same of what has d_model before the last, without moving it."""
    centred = x - x.mean(1, keepdim=True)
    return (
        centred * (centred.square().mean(1, keepdim=True) + LAYER_NORM_EPS).rsqrt() * weight[..., None]
        + bias[..., None]
    )


def head_columns(weight: Float[Tensor, "run head d_model d_head"]) -> Float[Tensor, "run d_model head*d_head"]:
    """A projection as one matrix; no copy for parameters laid out by `stored`."""
    return weight.transpose(1, 2).flatten(2)


def stored(parameters: Parameters) -> Parameters:
    """The same numbers with W_Q, W_K and W_V laid out as `head_columns` reads them."""
    qkv = ("W_Q", "W_K", "W_V")
    return {
        n: p.transpose(1, 2).contiguous().transpose(1, 2) if n.endswith(qkv) else p.contiguous()
        for n, p in parameters.items()
    }


def embed(parameters: Parameters, features: Tensor) -> Float[Tensor, "run item d_model"]:
    """Embedding of every exemplar, then of every label."""
    weight = parameters["W_exemplar"]
    exemplars = matmul(features, weight) + parameters["b_exemplar"][:, None]
    return torch.cat([exemplars, parameters["W_label"]], 1)


def attend(block: str, q: Tensor, k: Tensor, v: Tensor, visit: Callable[[str, Tensor], Tensor]) -> Tensor:
    """z `run head*d_head query batch` from q, k, v `run head d_head token batch`; q may hold the last tokens only."""
    scores = kernels.scores(q, k)
    scores = visit(f"{block}.attn.hook_attn_scores", scores.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
    pattern = scores.softmax(3)
    pattern = visit(f"{block}.attn.hook_pattern", pattern.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
    v = visit(f"{block}.attn.hook_v", v.permute(0, 4, 3, 1, 2)).permute(0, 3, 4, 2, 1)
    z = kernels.mix(pattern, v)
    return visit(f"{block}.attn.hook_z", z.permute(0, 4, 3, 1, 2)).permute(0, 3, 4, 2, 1).flatten(1, 2)


def forward(
    parameters: Parameters,
    features: Float[Tensor, "#run exemplar feature"],
    sequences: Sequences,
    edit: Edit = unclamped,
    all_queries: bool = False,
    until: str | None = None,
) -> Sites:
    """Every site of one pass, as the rest of the pass saw it; `logits` is `run batch label`, at the query.

    The last layer is computed at the query alone unless `all_queries`. `until` stops at that site.
    """
    seen: Sites = {}

    def visit(site: str, here: Tensor) -> Tensor:
        seen[site] = edit(site, here, seen)
        return seen[site]

    def visit_stream(site: str, here: Tensor) -> Tensor:  # run d_model token batch inside, run batch token d_model out
        shown = here.permute(0, 3, 2, 1)
        stands = visit(site, shown)
        return here if stands is shown else stands.permute(0, 3, 2, 1)

    depth = n_layers(parameters)
    items = embed(parameters, features)
    run, n_items, d_model = items.shape
    tokens = sequences.tokens(n_items - parameters["W_label"].shape[1])
    _, n_tokens, batch = tokens.shape

    block = parameters_of(parameters, 0)
    heads, _, d_head = block["W_Q"].shape[1:]
    normed = layer_norm(items, block["ln_w"], block["ln_b"])
    qkv = matmul(normed, torch.cat([head_columns(block[name]) for name in ("W_Q", "W_K", "W_V")], 2))
    columns = tokens.flatten(1)
    read = [lookup(table, columns) for table in (items, *qkv.chunk(3, 2))]
    stream = visit_stream("hook_embed", read[0].view(run, d_model, n_tokens, batch))
    q, k, v = (x.view(run, heads, d_head, n_tokens, batch) for x in read[1:])

    for layer in range(depth):
        name = f"blocks.{layer}"
        last = layer == depth - 1 and not all_queries
        if layer:
            stream = visit_stream(f"{name}.hook_resid_pre", stream)
            if until == f"{name}.hook_resid_pre":
                return seen
            block = parameters_of(parameters, layer)
            q, k, v = project(block, name, stream, visit_stream, 1 if last else n_tokens)
        if last:
            stream, q = stream[:, :, -1:], q[:, :, :, -1:]
        z = attend(name, q, k, v, visit)
        out = matmul(block["W_O"].flatten(1, 2).mT, z.flatten(2))
        out = visit_stream(f"{name}.hook_attn_out", out.view(run, d_model, -1, batch))
        stream = stream + out

    stream = visit_stream(f"{name}.hook_resid_post", stream)
    final = layer_norm_of_columns(stream[:, :, -1], parameters["ln_final_w"], parameters["ln_final_b"])
    logits = matmul(parameters["W_U"].mT, final) + parameters["b_U"][:, :, None]
    visit("logits", logits.mT)
    return seen


def project(block: Parameters, name: str, stream: Tensor, visit_stream: Callable, queries: int) -> tuple[Tensor, ...]:
    """q at the last tokens, k and v at all, `run head d_head token batch`."""
    run, _, n_tokens, batch = stream.shape
    heads, d_model, d_head = block["W_Q"].shape[1:]

    def heads_of(names: tuple[str, ...], x: Tensor) -> tuple[Tensor, ...]:
        normed = layer_norm_of_columns(x.flatten(2), block["ln_w"], block["ln_b"])
        weight = torch.cat([head_columns(block[n]) for n in names], 2)
        return matmul(weight.mT, normed).view(run, len(names), heads, d_head, x.shape[2], batch).unbind(1)

    inputs = {letter: visit_stream(f"{name}.hook_{letter}_input", stream) for letter in "qkv"}
    (q,) = heads_of(("W_Q",), inputs["q"][:, :, -queries:])
    if inputs["k"] is inputs["v"]:
        return q, *heads_of(("W_K", "W_V"), inputs["k"])
    return q, *heads_of(("W_K",), inputs["k"]), *heads_of(("W_V",), inputs["v"])


def parameters_of(parameters: Parameters, layer: int) -> Parameters:
    prefix = f"blocks.{layer}."
    return {name.removeprefix(prefix): p for name, p in parameters.items() if name.startswith(prefix)}


def loss(logits: Float[Tensor, "run batch label"], target: Int[Tensor, "run batch"]) -> Float[Tensor, "run batch"]:
    """Cross-entropy at the query, nats."""
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none").view(
        target.shape
    )


def loss_and_accuracy(logits: Float[Tensor, "run batch label"], which: Sequences) -> Float[Tensor, "run 2"]:
    """Mean loss (nats) and accuracy at the query."""
    target = which.target.expand(logits.shape[:2])
    return torch.stack([loss(logits, target).mean(-1), (logits.argmax(-1) == target).float().mean(-1)], -1)
