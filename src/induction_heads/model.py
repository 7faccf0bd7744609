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
        return self.label.gather(-1, self.match[..., None])[..., 0]

    def tokens(self, n_exemplars: int) -> Int[Tensor, "run token batch"]:
        """Items: exemplars first, then labels, as rows of `embed`."""
        pairs = torch.stack([self.exemplar[..., :-1], self.label + n_exemplars], -1).flatten(-2)
        return torch.cat([pairs, self.exemplar[..., -1:]], -1).mT


def unclamped(site: str, here: Tensor, seen: Sites) -> Tensor:
    return here


def n_layers(parameters: Parameters) -> int:
    return sum(name.endswith("W_Q") for name in parameters)


@torch.library.custom_op("induction_heads::rows", mutates_args=())
def rows(table: Tensor, index: Tensor) -> Tensor:
    """table[index]. An operator of its own because the compiler adds the gradient one number at a time."""
    return table.index_select(0, index)


@torch.library.custom_op("induction_heads::add_rows", mutates_args=())
def add_rows(gradient: Tensor, index: Tensor, n_rows: int) -> Tensor:
    return gradient.new_zeros(n_rows, gradient.shape[1]).index_add_(0, index, gradient)


rows.register_fake(lambda table, index: table.new_empty(index.shape[0], table.shape[1]))
add_rows.register_fake(lambda gradient, index, n_rows: gradient.new_empty(n_rows, gradient.shape[1]))
rows.register_autograd(
    lambda ctx, gradient: (add_rows(gradient.contiguous(), ctx.index, ctx.n_rows), None),
    setup_context=lambda ctx, inputs, output: ctx.__dict__.update(index=inputs[1], n_rows=inputs[0].shape[0]),
)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, axis: int) -> Tensor:
    """LayerNorm of d_model, which is axis 1 or the last; weight and bias are `run d_model`."""
    shape = [1] * x.dim()
    shape[0], shape[axis] = weight.shape
    centred = x - x.mean(axis, keepdim=True)
    scale = (centred.square().mean(axis, keepdim=True) + LAYER_NORM_EPS).rsqrt()
    return centred * scale * weight.view(shape) + bias.view(shape)


def head_rows(weight: Float[Tensor, "run head d_model d_head"]) -> Float[Tensor, "run head*d_head d_model"]:
    """A projection as one matrix; no copy for parameters stored by `stored`."""
    return weight.mT.flatten(1, 2)


def stored(parameters: Parameters) -> Parameters:
    """The same numbers with W_Q, W_K and W_V laid out as `head_rows` reads them."""
    qkv = ("W_Q", "W_K", "W_V")
    return {n: p.mT.contiguous().mT if n.endswith(qkv) else p.contiguous() for n, p in parameters.items()}


def rotate(x: Float[Tensor, "run head d_head token batch"], first: int) -> Tensor:
    """Rotary embedding, adjacent pairs; the tokens are at positions first, first + 1, …"""
    run, head, d_head, token, batch = x.shape
    frequency = ROTARY_BASE ** (-torch.arange(0, d_head, 2, dtype=x.dtype, device=x.device) / d_head)
    angle = frequency[:, None] * torch.arange(first, first + token, dtype=x.dtype, device=x.device)
    cos = angle.cos()[:, None, :, None]
    sin = torch.stack([-angle.sin(), angle.sin()], 1)[..., None]
    pairs = x.reshape(run, head, d_head // 2, 2, token, batch)
    return (pairs * cos + pairs.flip(3) * sin).view_as(x)


def embed(parameters: Parameters, features: Tensor) -> Float[Tensor, "run item d_model"]:
    """Embedding of every exemplar, then of every label."""
    weight = parameters["W_exemplar"]
    exemplars = torch.bmm(features.expand(weight.shape[0], -1, -1), weight) + parameters["b_exemplar"][:, None]
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
        return visit(site, here.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)

    depth = n_layers(parameters)
    items = embed(parameters, features)
    run, n_items, d_model = items.shape
    tokens = sequences.tokens(n_items - parameters["W_label"].shape[1])
    _, n_tokens, batch = tokens.shape
    index = (tokens + n_items * torch.arange(run, device=tokens.device)[:, None, None]).flatten()

    block = parameters_of(parameters, 0)
    heads, _, d_head = block["W_Q"].shape[1:]
    qkv = torch.cat([head_rows(block[name]) for name in ("W_Q", "W_K", "W_V")], 1)
    normed = layer_norm(items, block["ln_w"], block["ln_b"], -1)
    looked_up = rows(torch.cat([items, torch.bmm(normed, qkv.mT)], -1).flatten(0, 1), index)
    looked_up = looked_up.view(run, n_tokens, batch, -1).permute(0, 3, 1, 2).contiguous()
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
        out = torch.bmm(block["W_O"].flatten(1, 2).mT, z.flatten(2))
        out = visit_stream(f"{name}.hook_attn_out", out.view(run, d_model, -1, batch))
        stream = stream + out

    stream = visit_stream(f"{name}.hook_resid_post", stream)
    final = layer_norm(stream[:, :, -1], parameters["ln_final_w"], parameters["ln_final_b"], 1)
    logits = torch.bmm(parameters["W_U"].mT, final) + parameters["b_U"][:, :, None]
    visit("logits", logits.mT)
    return seen


def project(block: Parameters, name: str, stream: Tensor, visit_stream: Callable, queries: int) -> tuple[Tensor, ...]:
    """q at the last tokens, k and v at all, `run head d_head token batch`."""
    run, _, n_tokens, batch = stream.shape
    heads, d_model, d_head = block["W_Q"].shape[1:]

    def heads_of(names: tuple[str, ...], x: Tensor) -> tuple[Tensor, ...]:
        normed = layer_norm(x, block["ln_w"], block["ln_b"], 1).flatten(2)
        weight = torch.cat([head_rows(block[n]) for n in names], 1)
        return torch.bmm(weight, normed).view(run, len(names), heads, d_head, x.shape[2], batch).unbind(1)

    inputs = {letter: visit_stream(f"{name}.hook_{letter}_input", stream) for letter in "qkv"}
    (q,) = heads_of(("W_Q",), inputs["q"][:, :, -queries:])
    (k,) = heads_of(("W_K",), inputs["k"])
    (v,) = heads_of(("W_V",), inputs["v"])
    return q, k, v


def parameters_of(parameters: Parameters, layer: int) -> Parameters:
    prefix = f"blocks.{layer}."
    return {name.removeprefix(prefix): p for name, p in parameters.items() if name.startswith(prefix)}


def loss(logits: Float[Tensor, "run batch label"], target: Int[Tensor, "run batch"]) -> Float[Tensor, "run batch"]:
    """Cross-entropy at the query, nats."""
    return logits.logsumexp(-1) - logits.gather(-1, target[..., None])[..., 0]
