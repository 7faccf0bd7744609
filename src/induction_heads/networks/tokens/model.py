"""Attention-only causal pre-LayerNorm transformers of any depth over tokens, for many networks at once.

    x = W_E[tokens]                                       the residual stream, without positions
    q, k = (LN(x) + W_pos) W_Q, (LN(x) + W_pos) W_K       each layer has positions of its own; only q and k see them
    v = LN(x) W_V
    x = x + Σ_h softmax(q kᵀ / √d_head) v W_O             over the tokens up to the present one
    logits = LN(x) W_U

Positions added to the inputs of queries and keys alone are those of Olsson et al. 2022 (2209.11895): heads then cannot
pass positions on. Every parameter and activation has a leading `run` axis. Sites have the names and shapes of
TransformerLens behind the run axis: `blocks.0.attn.hook_q` is `run batch token head d_head`,
`blocks.0.attn.hook_pattern` is `run batch head query key`.
"""

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .. import clamps
from ..clamps import Clamps
from ..model import Edit, Parameters, Sites, head_columns, layer_norm, n_layers, parameters_of, unclamped
from .variants import PLAIN, Variant

D_MODEL, HEADS = 64, 4
EMBEDDING_STD, POSITION_STD = 1.0, 0.1  # of the rest: d_model^-½


def initial(
    seed: int,
    layers: int,
    vocabulary: int = 64,
    length: int = 64,
    d_model: int = D_MODEL,
    heads: int = HEADS,
    variant: Variant = PLAIN,
) -> Parameters:
    """Parameters before training, normal; no run axis.

    What a name stands for is drawn from the seed and the name alone, so that networks of one seed with more layers or
    another variant begin alike.
    """
    if d_model % heads:
        raise ValueError(f"expected d_model to be a multiple of the number of heads, got {d_model} and {heads}")
    d_head = d_model // heads
    blocks = [f"blocks.{i}." for i in range(layers)]
    shapes: dict[str, tuple[int, ...]] = {"W_E": (vocabulary, d_model), "W_U": (d_model, vocabulary)}
    for block in blocks:
        shapes |= {block + "W_pos": (length, d_model), block + "W_O": (heads, d_head, d_model)}
        shapes |= {block + name: (heads, d_model, d_head) for name in ("W_Q", "W_K", "W_V")}
    std = {"W_E": EMBEDDING_STD, "W_pos": POSITION_STD}
    drawn = {
        name: std.get(name.split(".")[-1], d_model**-0.5) * torch.randn(shape, generator=generator(seed, name))
        for name, shape in shapes.items()
    }
    for norm in (*(block + "ln" for block in blocks), "ln_final"):
        drawn |= {f"{norm}_w": torch.ones(d_model), f"{norm}_b": torch.zeros(d_model)}
    drawn |= variant.initial_before(d_model, generator(seed, type(variant).__name__))
    for block in blocks:
        trained = variant.initial(heads, generator(seed, block + type(variant).__name__))
        drawn |= {block + name: number for name, number in trained.items()}
    return drawn


def generator(seed: int, name: str) -> torch.Generator:
    (state,) = np.random.SeedSequence([seed, *name.encode()]).generate_state(1)
    return torch.Generator().manual_seed(int(state))


def project(block: Parameters, normed: Float[Tensor, "run batch token d_model"]) -> tuple[Tensor, Tensor, Tensor]:
    """q, k and v, each `run batch token head d_head`, from the normed stream. Positions are added after the product."""
    run, batch, n_tokens, d_model = normed.shape
    heads, d_head = block["W_Q"].shape[1], block["W_Q"].shape[3]
    qk = torch.cat([head_columns(block[name]) for name in ("W_Q", "W_K")], 2)
    weight = torch.cat([qk, head_columns(block["W_V"])], 2)
    qkv = torch.bmm(normed.flatten(1, 2), weight).view(run, batch, n_tokens, 3, heads, d_head)
    positions = torch.bmm(block["W_pos"][:, :n_tokens], qk).view(run, 1, n_tokens, 2, heads, d_head)
    q, k = (qkv[:, :, :, :2] + positions).unbind(3)
    return q, k, qkv[:, :, :, 2]


def causal(n_tokens: int, like: Tensor) -> Float[Tensor, "query key"]:
    """What is added to scores: -inf at the keys that come after the query."""
    return torch.full((n_tokens, n_tokens), -math.inf, dtype=like.dtype, device=like.device).triu(1)


def forward(
    parameters: Parameters,
    tokens: Int[Tensor, "#run batch token"],
    variant: Variant = PLAIN,
    edit: Edit = unclamped,
) -> Sites:
    """Every site of one pass, as the rest of the pass saw it; `logits` is `run batch token vocabulary`.

    Tokens beyond the vocabulary and sequences longer than the positions raise.
    """
    n_tokens, positions = tokens.shape[-1], parameters["blocks.0.W_pos"].shape[1]
    if n_tokens > positions:
        raise ValueError(f"expected sequences of at most {positions} tokens, which have positions, got {n_tokens}")
    seen: Sites = {}

    def visit(site: str, here: Tensor) -> Tensor:
        seen[site] = edit(site, here, seen)
        return seen[site]

    stream = visit("hook_embed", stream_before(parameters, tokens, variant))
    mask = causal(stream.shape[2], stream)
    for layer in range(n_layers(parameters)):
        name, block = f"blocks.{layer}", parameters_of(parameters, layer)
        stream = visit(f"{name}.hook_resid_pre", stream)
        projected = project(block, layer_norm(stream, block["ln_w"], block["ln_b"]))
        q, k, v = (
            visit(f"{name}.attn.hook_{letter}", x)
            for letter, x in zip("qkv", variant.read(block, *projected), strict=True)
        )
        q, k, v = (x.transpose(2, 3) for x in (q, k, v))  # run batch head token d_head
        scores = (q * q.shape[-1] ** -0.5) @ k.mT + mask
        scores = visit(f"{name}.attn.hook_attn_scores", scores)
        pattern = visit(f"{name}.attn.hook_pattern", scores.softmax(-1))
        z = visit(f"{name}.attn.hook_z", (pattern @ v).transpose(2, 3))
        out = torch.bmm(z.flatten(3).flatten(1, 2), block["W_O"].flatten(1, 2)).view_as(stream)
        stream = stream + visit(f"{name}.hook_attn_out", out)
    stream = visit(f"{name}.hook_resid_post", stream)
    final = layer_norm(stream, parameters["ln_final_w"], parameters["ln_final_b"])
    visit("logits", torch.bmm(final.flatten(1, 2), parameters["W_U"]).view(*stream.shape[:3], -1))
    return seen


def stream_before(
    parameters: Parameters, tokens: Int[Tensor, "#run batch token"], variant: Variant
) -> Float[Tensor, "run batch token d_model"]:
    """The stream that the first layer reads."""
    return variant.before(parameters, tokens, embed(parameters["W_E"], tokens))


def embed(
    table: Float[Tensor, "run vocabulary d_model"], tokens: Int[Tensor, "#run batch token"]
) -> Float[Tensor, "run batch token d_model"]:
    run, vocabulary, d_model = table.shape
    rows = tokens + vocabulary * torch.arange(run, device=tokens.device)[:, None, None]
    return table.flatten(0, 1).index_select(0, rows.flatten()).view(*rows.shape, d_model)


def clamped(
    parameters: Parameters, tokens: Int[Tensor, "#run batch token"], combined: Clamps, variant: Variant = PLAIN
) -> Sites:
    """`forward` under the clamps of `clamps.combine`; gradients flow through the pass without ablations too.

    Raises `ValueError` where a clamp is of sequences of exemplars and labels, or stands at a site that is not here.
    """
    for part in combined.parts:
        if part.kind.reads_labels or part.kind in (clamps.Graft, clamps.PerfectLayer1):
            raise ValueError(
                f"{part.kind.__name__} is for networks of exemplars and labels: give a clamp that needs "
                "tokens alone, such as InductionAttention, PreviousTokenAttention or Ablate"
            )
    seen = clamps.passes(combined, lambda edit: forward(parameters, tokens, variant, edit), tokens=tokens)
    missing = {part.site: part.kind.__name__ for part in combined.parts if part.site not in seen}
    if missing:
        raise ValueError(
            f"no such site in a network of tokens: {', '.join(f'{site} ({kind})' for site, kind in missing.items())}"
        )
    return seen


def token_losses(
    logits: Float[Tensor, "run batch token vocabulary"], tokens: Int[Tensor, "#run batch token"]
) -> Float[Tensor, "run batch token"]:
    """Cross-entropy of every target, nats: number t is the loss on token t, read off the logits at t - 1.

    Token 0 is predicted by nothing; its loss is 0, and it must not be counted.
    """
    target = tokens.roll(-1, -1).expand(logits.shape[:3])
    each = torch.nn.functional.cross_entropy(logits.flatten(0, 2), target.flatten(), reduction="none")
    return torch.nn.functional.pad(each.view(target.shape)[..., :-1], (1, 0))


def mean_loss(
    losses: Float[Tensor, "run batch token"], counted: Bool[Tensor, "#run batch token"]
) -> Float[Tensor, " run"]:
    """Mean over the targets that count; NaN where none does."""
    return (losses * counted).sum((1, 2)) / counted.sum((1, 2))
