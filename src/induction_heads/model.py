"""The transformer of section 3 and appendix A, for many networks at once.

Two or more layers of attention only, causal, pre-LayerNorm, rotary embedding; the target is read at the
last token, the query. Every parameter and activation has a leading `run` axis: row r is network r.

Activations are stored with the batch axis last, so that products over five tokens vectorise over the batch;
sites show them in the usual order (`run batch token d_model`, `run batch head query key`) as views.

Layer 1 reads nothing but the identity of a token: its queries, keys and values are computed once for every
*item* (exemplar or label) and then looked up. That is exact, and a third of the work per token.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .kernels import lookup, matmul

LAYER_NORM_EPS = 1e-5  # appendix A
ROTARY_BASE = 10_000.0  # appendix A

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
        pair = torch.arange(self.label.shape[-1], device=self.label.device)
        return (self.label * (self.match[..., None] == pair)).sum(-1)

    def tokens(self, n_exemplars: int) -> Int[Tensor, "run token batch"]:
        """Items: exemplars first, then labels, as rows of `embed`."""
        pairs = torch.stack([self.exemplar[..., :-1], self.label + n_exemplars], -1).flatten(-2)
        return torch.cat([pairs, self.exemplar[..., -1:]], -1).mT


def unclamped(site: str, here: Tensor, seen: Sites) -> Tensor:
    return here


def n_layers(parameters: Parameters) -> int:
    return sum(name.endswith("W_Q") for name in parameters)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, axis: int) -> Tensor:
    """LayerNorm of d_model, which is axis 1 or the last; weight and bias are `run d_model`."""
    for _ in range(x.dim() - 2):
        weight, bias = (p.unsqueeze(-1 if axis == 1 else 1) for p in (weight, bias))
    centred = x - x.mean(axis, keepdim=True)
    return centred * (centred.square().mean(axis, keepdim=True) + LAYER_NORM_EPS).rsqrt() * weight + bias


def head_columns(weight: Float[Tensor, "run head d_model d_head"]) -> Float[Tensor, "run d_model head*d_head"]:
    """A projection as one matrix; no copy for parameters laid out by `stored`."""
    return weight.transpose(1, 2).flatten(2)


def stored(parameters: Parameters) -> Parameters:
    """The same numbers with W_Q, W_K and W_V laid out as `head_columns` reads them."""
    qkv = ("W_Q", "W_K", "W_V")
    return {n: p.transpose(1, 2).contiguous().transpose(1, 2) if n.endswith(qkv) else p.contiguous() for n, p in parameters.items()}


def rotations(d_head: int, first: int, tokens: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """cos, and sin with the sign of either member of a pair: `pair member token batch`, as constants of the program."""
    angles = [[t * ROTARY_BASE ** (-i / d_head) for t in range(first, first + tokens)] for i in range(0, d_head, 2)]
    cos = [[[math.cos(a) for a in row]] for row in angles]
    sin = [[[sign * math.sin(a) for a in row] for sign in (-1, 1)] for row in angles]
    return tuple(torch.tensor(x, dtype=like.dtype, device=like.device)[..., None] for x in (cos, sin))


def rotate(x: Float[Tensor, "run head d_head token batch"], first: int) -> Tensor:
    """Rotary embedding, adjacent pairs; the tokens are at positions first, first + 1, …"""
    run, head, d_head, token, batch = x.shape
    cos, sin = rotations(d_head, first, token, x)
    pairs = x.reshape(run, head, d_head // 2, 2, token, batch)
    return (pairs * cos + pairs.flip(3) * sin).view_as(x)


def embed(parameters: Parameters, features: Tensor) -> Float[Tensor, "run item d_model"]:
    """Embedding of every exemplar, then of every label."""
    weight = parameters["W_exemplar"]
    exemplars = matmul(features, weight) + parameters["b_exemplar"][:, None]
    return torch.cat([exemplars, parameters["W_label"]], 1)


def attend(block: str, q: Tensor, k: Tensor, v: Tensor, visit: Callable[[str, Tensor], Tensor]) -> Tensor:
    """z `run head*d_head query batch` from q, k, v `run head d_head token batch`; q may hold the last tokens only."""
    tokens, queries, d_head = k.shape[3], q.shape[3], q.shape[2]
    q, k = rotate(q, tokens - queries), rotate(k, 0)
    scores = (q[:, :, :, :, None] * k[:, :, :, None]).sum(2) * d_head**-0.5  # run head query key batch
    future = torch.ones(queries, tokens, dtype=torch.bool, device=q.device).triu(tokens - queries + 1)
    scores = scores.masked_fill(future[..., None], -torch.inf)
    scores = visit(f"{block}.attn.hook_attn_scores", scores.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
    pattern = scores.softmax(3)
    pattern = visit(f"{block}.attn.hook_pattern", pattern.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
    v = visit(f"{block}.attn.hook_v", v.permute(0, 4, 3, 1, 2)).permute(0, 3, 4, 2, 1)
    z = (pattern[:, :, None] * v[:, :, :, None]).sum(4)  # run head d_head query batch
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
    normed = layer_norm(items, block["ln_w"], block["ln_b"], -1)
    qkv = matmul(normed, torch.cat([head_columns(block[name]) for name in ("W_Q", "W_K", "W_V")], 2))
    looked_up = lookup(torch.cat([items, qkv], 2), tokens.flatten(1)).view(run, -1, n_tokens, batch)
    stream = visit_stream("hook_embed", looked_up[:, :d_model])
    q, k, v = looked_up[:, d_model:].view(run, 3, heads, d_head, n_tokens, batch).unbind(1)

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
    final = layer_norm(stream[:, :, -1], parameters["ln_final_w"], parameters["ln_final_b"], 1)
    logits = matmul(parameters["W_U"].mT, final) + parameters["b_U"][:, :, None]
    visit("logits", logits.mT)
    return seen


def project(block: Parameters, name: str, stream: Tensor, visit_stream: Callable, queries: int) -> tuple[Tensor, ...]:
    """q at the last tokens, k and v at all, `run head d_head token batch`."""
    run, _, n_tokens, batch = stream.shape
    heads, d_model, d_head = block["W_Q"].shape[1:]

    def heads_of(names: tuple[str, ...], x: Tensor) -> tuple[Tensor, ...]:
        normed = layer_norm(x, block["ln_w"], block["ln_b"], 1).flatten(2)
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
    is_target = target[..., None] == torch.arange(logits.shape[-1], device=logits.device)
    return logits.logsumexp(-1) - (logits * is_target).sum(-1)
