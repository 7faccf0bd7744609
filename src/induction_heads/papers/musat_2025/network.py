"""The network of Musat and others 2025, as we reconstruct it: attention that concatenates, trained from zero.

    a_1 b_1 ... a_N b_N a_N -> b_N    tokens and positions are Gaussian in D dimensions, drawn anew for each sequence

h⁰ = [token; position]; hˡ = [hˡ⁻¹; Aˡ hˡ⁻¹]; Aˡ is the softmax over earlier tokens of hₜᵀ Wˡ hₛ; the answer is W³ h² at
the query. The item of pair i stands at p_i, its label at M p_i with a fixed rotation M, so that "the token before" is
one matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from induction_heads.machinery.run import Family
from induction_heads.machinery.short import Made, Progress, ShortFamily, ShortRun

RECORDED_EVERY = 5  # steps
W1 = ("tokens", "positions, same", "positions, before")
W2 = tuple(
    f"{query} to {key}, {how}"
    for query, key, hows in (
        *((q, k, ("tokens",)) for q in ("own", "read") for k in ("own", "read")),
        *((q, k, ("positions, same", "positions, before")) for q in ("own", "read") for k in ("own", "read")),
    )
    for how in hows
)
W3 = ("own token", "layer 1's token", "layer 2's token", "layer 2's layer 1 token")
ALPHA_3 = f"W1 {W1[2]}"  # the three that the paper says matter
BETA_2 = "W2 own to read, tokens"
GAMMA_3 = f"W3 {W3[2]}"
NAMES = (*(f"W1 {name}" for name in W1), *(f"W2 {name}" for name in W2), *(f"W3 {name}" for name in W3))


@dataclass(frozen=True)
class Induction(ShortRun):
    """A network trained by gradient descent on fresh sequences."""

    pairs: int
    rate: float
    dimension: int = 32
    batch: int = 256

    @property
    def family(self) -> Family:
        return FAMILY


def rotation(dimension: int, generator: torch.Generator) -> Float[Tensor, "dimension dimension"]:
    """A random rotation: the Q of a Gaussian matrix, its columns' signs made the diagonal's, one turned if need be."""
    q, r = torch.linalg.qr(torch.randn(dimension, dimension, generator=generator, dtype=torch.float64))
    q = q * r.diagonal().sign()
    q[:, 0] *= torch.linalg.det(q).sign()
    return q.float()


def sequences(
    run: Induction, rotated: Float[Tensor, "dimension dimension"], generator: torch.Generator
) -> tuple[Float[Tensor, "batch token width"], Float[Tensor, "batch dimension"]]:
    """Streams h⁰ of a batch (token, then position), and the labels that are asked for."""
    n, d = run.pairs, run.dimension
    items, labels, positions = torch.randn(3, run.batch, n + 1, d, generator=generator) / d**0.5
    tokens = torch.stack([items[:, :n], labels[:, :n]], 2).flatten(1, 2)
    places = torch.stack([positions[:, :n], positions[:, :n] @ rotated.T], 2).flatten(1, 2)
    tokens = torch.cat([tokens, items[:, n - 1 : n]], 1)
    places = torch.cat([places, positions[:, n:]], 1)
    return torch.cat([tokens, places], -1), labels[:, n - 1]


def answer(
    weights: tuple[Tensor, Tensor, Tensor], h0: Float[Tensor, "batch token width"]
) -> Float[Tensor, "batch dimension"]:
    """The output at the query, the last token."""
    w1, w2, w3 = weights
    length = h0.shape[1]
    earlier = torch.ones(length, length, dtype=torch.bool).tril(-1)
    scores = (h0 @ w1) @ h0.transpose(1, 2)
    pattern = scores.masked_fill(~earlier, -torch.inf)[:, 1:].softmax(-1)
    read = torch.cat([torch.zeros_like(h0[:, :1]), pattern @ h0], 1)  # the first token has nothing to read
    h1 = torch.cat([h0, read], -1)
    query, context = h1[:, -1], h1[:, :-1]
    match = torch.einsum("bw,bsw->bs", query @ w2, context).softmax(-1)
    h2 = torch.cat([query, torch.einsum("bs,bsw->bw", match, context)], -1)
    return h2 @ w3.T


def coefficients(
    weights: tuple[Tensor, Tensor, Tensor], rotated: Float[Tensor, "dimension dimension"]
) -> tuple[dict[str, float], float, float]:
    """The 19 coefficients by name, and the shares of the squared weights that 19 and three of them hold, in [0, 1]."""
    d = len(rotated)
    one, before = torch.eye(d), rotated
    found: dict[str, float] = {}
    held = 0.0

    def fit(block: Tensor, names: list[str], basis: list[Tensor]) -> None:
        nonlocal held
        gram = np.array([[float((a * b).sum()) for b in basis] for a in basis])
        along = np.array([float((a * block).sum()) for a in basis])
        solved = np.linalg.solve(gram, along)
        held += float(solved @ along)
        found.update(zip(names, solved.tolist(), strict=True))

    w1, w2, w3 = weights
    fit(w1[:d, :d], [f"W1 {W1[0]}"], [one])
    fit(w1[d:, d:], [f"W1 {name}" for name in W1[1:]], [one, before])
    for kind, basis in ((0, [one]), (1, [one, before])):
        for i, query in enumerate(("own", "read")):
            for j, key in enumerate(("own", "read")):
                rows, columns = ((2 * x + kind) * d for x in (i, j))
                hows = ("tokens",) if kind == 0 else ("positions, same", "positions, before")
                names = [f"W2 {query} to {key}, {how}" for how in hows]
                fit(w2[rows : rows + d, columns : columns + d], names, basis)
    for i, name in enumerate(W3):
        fit(w3[:, 2 * i * d : (2 * i + 1) * d], [f"W3 {name}"], [one])
    whole = sum(float((w**2).sum()) for w in weights)
    three = d * sum(found[name] ** 2 for name in (ALPHA_3, BETA_2, GAMMA_3))
    return found, held / whole if whole else 1.0, three / whole if whole else 1.0


BLOCKS = {  # the parts of a stream that rows and columns belong to
    "W1": (("token", "position"), ("token", "position")),
    "W2": (("tok", "pos", "A tok", "A pos"),) * 2,
    "W3": (("label",), ("tok", "pos", "A¹tok", "A¹pos", "A²tok", "A²pos", "A²A¹tok", "A²A¹pos")),
}


def strongest(learnt: Mapping[str, Tensor]) -> dict[str, tuple[str, str]]:
    """Of each matrix the block with the largest sum of squares, by its row and column."""
    found = {}
    for name, (rows, columns) in BLOCKS.items():
        size = learnt[name].shape[0] // len(rows)
        energy = learnt[name].square().reshape(len(rows), size, len(columns), size).sum((1, 3))
        row, column = divmod(int(energy.argmax()), len(columns))
        found[name] = (rows[row], columns[column])
    return found


def make(run: Induction, progress: Progress) -> Made:
    """Plain gradient descent on half the squared error, from zero."""
    generator = torch.Generator().manual_seed(run.seed)
    d = run.dimension
    rotated = rotation(d, generator)
    w1, w2, w3 = (torch.zeros(shape, requires_grad=True) for shape in ((2 * d, 2 * d), (4 * d, 4 * d), (d, 8 * d)))
    weights = (w1, w2, w3)
    history = []
    for step in range(run.steps + 1):
        h0, target = sequences(run, rotated, generator)
        loss = 0.5 * ((answer(weights, h0) - target) ** 2).sum(-1).mean()
        if step % RECORDED_EVERY == 0 or step == run.steps:
            with torch.no_grad():
                found, nineteen, three = coefficients(weights, rotated)
            history.append([step, loss.item(), nineteen, three, *(found[name] for name in NAMES)])
        if step < run.steps:
            gradients = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    weight -= run.rate * gradient
            progress(1, loss.item())
    return Made(history, {"W1": w1.detach(), "W2": w2.detach(), "W3": w3.detach(), "rotation": rotated})


FAMILY = ShortFamily(
    "musat 2025", ("steps", "loss", "nineteen", "three", *NAMES), make, lambda run: 0.0025 * run.pairs**0.8
)
