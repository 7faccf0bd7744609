"""What is measured on the heads of token models, from patterns and weights alone, so that it works on any model.

Patterns are `batch head query key`, weights as TransformerLens has them (`head d_model d_head`); any axes may come
first, such as the `run` axis of our own networks, and come first in what is found.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

LAGS = tuple(range(-6, 7))
EARLY, LATE = slice(3, 8), slice(48, 64)  # targets 3..7 and 48..63


def prefix_matching(
    pattern: Float[Tensor, "*run batch head query key"], tokens: Int[Tensor, "*#run batch query"], first_query: int
) -> Float[Tensor, "*run head"]:
    """Attention to the tokens that came after earlier occurrences of the present one, in [0, 1]; mean over queries.

    Σ_{1≤j≤i, x_{j-1}=x_i, j-1<i} A_ij over queries i ≥ `first_query`: N on DUP(N, R), before which nothing repeats.
    Olsson et al. 2022 (2209.11895): 25 tokens four times after a start token. Untrained heads score about .04 on
    DUP(20, 3). The text of that paper reads as the token *before* the successor; the successor is meant.
    """
    followed = tokens[..., :, None] == torch.nn.functional.pad(tokens[..., None, :-1], (1, 0), value=-1)
    followed = followed.tril()  # x_i == x_{j-1}, j <= i
    matched = (pattern * followed[..., None, :, :]).sum(-1)[..., first_query:]
    return matched.mean((-3, -1))


def even(tokens: Int[Tensor, "batch token"]) -> Float[Tensor, "batch head query key"]:
    """The pattern of one head that attends to all tokens up to the query alike."""
    n = tokens.shape[1]
    pattern = torch.ones(n, n).tril() / torch.arange(1, n + 1)[:, None]
    return pattern.expand(len(tokens), 1, n, n)


def previous_token(pattern: Float[Tensor, "*run batch head query key"]) -> Float[Tensor, "*run head"]:
    """Mean of A_{i,i-1} over queries from the second on, in [0, 1]."""
    return pattern.diagonal(-1, -2, -1).mean((-3, -1))


def lag_curve(
    pattern: Float[Tensor, "*run batch head query key"],
    tokens: Int[Tensor, "*#run batch query"],
    lags: Sequence[int] = LAGS,
) -> Float[Tensor, "*run head lag"]:
    """Attention by the distance from the last earlier occurrence of the present token; mean over queries that have one.

    On DUP(N, 2) this is a(δ) = mean_i A_{N+i, i+δ}: +1 is induction, 0 a duplicate-token head, -1 backward. Keys before
    the first token or after the query are left out. A network that copies through another lag scores next to nothing
    at +1: always draw the whole curve.
    """
    position = torch.arange(tokens.shape[-1], device=tokens.device)
    earlier = (tokens[..., :, None] == tokens[..., None, :]).tril(-1)
    source = (earlier * (position + 1)).amax(-1) - 1  # batch query; -1 where there is none
    found = []
    for lag in lags:
        key = source + lag
        valid = ((source >= 0) & (key >= 0) & (key <= position)).to(pattern.dtype)[..., None, :]
        index = key.clamp(0, tokens.shape[-1] - 1)[..., None, :, None].expand(*pattern.shape[:-1], 1)
        there = pattern.gather(-1, index)[..., 0] * valid
        found.append(there.sum((-3, -1)) / valid.sum((-3, -1)))
    return torch.stack(found, -1)


def copying(
    pattern: Float[Tensor, "*run batch head query key"],
    v: Float[Tensor, "*run batch key head d_head"],
    W_O: Float[Tensor, "*run head d_head d_model"],
    W_U: Float[Tensor, "*run d_model vocabulary"],
    tokens: Int[Tensor, "*#run batch key"],
) -> Float[Tensor, "*run head"]:
    """How much a head raises the tokens it attends to, against all tokens of the sequence; in [-1, 1].

    u_j = v_j W_O W_U less its mean over the vocabulary, negative parts dropped; r = Σ A_ij u_j[x_j] over
    Σ A_ij Σ_{t in the sequence} u_j[t]; the score is 2 r - 1 (one reading of Olsson et al. 2022, whose words allow
    others). With n different tokens in a sequence chance is 2/n - 1, -.9 on DUP(20, 3), and induction heads of small
    networks reach -.36: never test for a score above 0.
    """
    received = pattern.sum(-2)  # batch head key
    centred = (W_U - W_U.mean(-1, keepdim=True)).mT[..., None, :, :]
    directions = torch.take_along_dim(centred, tokens[..., None], -2)  # batch token d_model; of the sequence alone
    raised = torch.einsum("...bkhd,...hdm,...btm->...bhkt", v, W_O, directions).relu()
    times = (tokens[..., :, None] == tokens[..., None, :]).sum(-1)  # batch token; each counts once
    own = (received * raised.diagonal(dim1=-2, dim2=-1)).sum((-3, -1))
    every = (received * (raised / times[..., None, None, :]).sum(-1)).sum((-3, -1))
    return 2 * own / every - 1


def ov_score(
    W_E: Float[Tensor, "*run vocabulary d_model"],
    W_V: Float[Tensor, "*run head d_model d_head"],
    W_O: Float[Tensor, "*run head d_head d_model"],
    W_U: Float[Tensor, "*run d_model vocabulary"],
) -> Float[Tensor, "*run head"]:
    """Σ Re λ / Σ |λ| of the eigenvalues λ of W_E W_V W_O W_U, in [-1, 1]: 1 copies, -1 suppresses.

    They are those of the d_head x d_head product W_O (W_U W_E) W_V, and zeros.
    """
    eigenvalues = torch.linalg.eigvals((W_O @ (W_U @ W_E)[..., None, :, :] @ W_V).double())
    return (eigenvalues.real.sum(-1) / eigenvalues.abs().sum(-1)).to(W_E.dtype)


def qk_trace(
    W_E: Float[Tensor, "*run vocabulary d_model"],
    W_Q: Float[Tensor, "*run head d_model d_head"],
    W_K: Float[Tensor, "*run head d_model d_head"],
    earlier_W_V: Float[Tensor, "*run earlier d_model d_head"],
    earlier_W_O: Float[Tensor, "*run earlier d_head d_model"],
    earlier_previous_token: Float[Tensor, "*run earlier"],
) -> Float[Tensor, "*run head"]:
    """Σ_e prev(e) tr(W_E W_QK (W_OV^e)ᵀ W_Eᵀ) over the heads e of earlier layers: a token as query meets itself as key.

    It is the match through K-composition with previous-token heads, from weights alone (Olsson et al. 2022,
    argument 5).
    `earlier_previous_token` is `previous_token` of those heads.
    """
    second_moment = W_E.mT @ W_E
    scaled = earlier_previous_token[..., None, None] * earlier_W_O
    written = torch.einsum("...emd,...edn->...mn", earlier_W_V, scaled)  # d_model d_model
    return ((W_Q @ W_K.mT) * (second_moment @ written)[..., None, :, :]).sum((-2, -1))


def icl_score(
    losses: Float[Tensor, "*run batch token"], early: slice = EARLY, late: slice = LATE
) -> Float[Tensor, "*run"]:
    """Mean loss on late targets minus that on early ones, nats; negative is better.

    `losses` as `model.token_losses` gives them: number t is the loss on token t. Ablations mislead this score: an
    ablation that makes early targets worse looks like better in-context learning. Look at both means.
    """
    if losses.shape[-1] < late.stop:
        raise ValueError(
            f"expected losses on at least {late.stop} tokens, got {losses.shape[-1]}: give other targets as `late`"
        )
    return losses[..., late].mean((-2, -1)) - losses[..., early].mean((-2, -1))
