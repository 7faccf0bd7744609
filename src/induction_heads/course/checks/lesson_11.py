"""Lesson 11, opening the circuit: QK and OV, composition, patching, direct attribution (section 2.1, appendix C).

Elhage et al. (2021), *A Mathematical Framework for Transformer Circuits*, has the circuits and the composition scores.
"""

from collections.abc import Callable

import torch
from numpy.random import Generator
from torch import Tensor

from ..checking import Exercise, Quiz, Wrong
from .one_head import normal

# --- qk: what a head matches ---


def _circuit(rng: Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What five queries and seven keys are read from, and a head's weights."""
    return normal(rng, 5, 11), normal(rng, 11, 3), normal(rng, 11, 3), normal(rng, 7, 11)


def _qk(asks: Tensor, W_Q: Tensor, W_K: Tensor, offers: Tensor) -> Tensor:
    return torch.einsum("im,md,nd,jn->ij", asks, W_Q, W_K, offers) * W_Q.shape[1] ** -0.5


qk = Exercise(
    "qk",
    "one matrix says what a head looks for: a diagonal is a head that looks for its own.",
    _qk,
    (
        Wrong(lambda a, q, k, o: _qk(a, q, k, o).T, "that is key by query; rows are what asks."),
        Wrong(lambda a, q, k, o: _qk(a, q, k, o) * q.shape[1] ** 0.5, "the scale is missing: divide by sqrt(d_head)."),
        Wrong(
            lambda a, q, k, o: _qk(a, q, k, o) * (q.shape[1] / q.shape[0]) ** 0.5,
            "the scale is that of d_head, the columns of W_Q, and not of d_model.",
        ),
        Wrong(
            lambda a, q, k, o: _qk(a, k, q, o), "queries are read by W_Q and keys by W_K; yours have changed places."
        ),
        Wrong(lambda a, q, k, o: _qk(a, q, k, o).softmax(-1), "that is a pattern; scores are what the circuit gives."),
    ),
    _circuit,
    cases=2,
)


# --- ov: what a head copies ---


def _copied(rng: Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Five labels as they are read, a head's weights, and the unembedding."""
    return normal(rng, 5, 11), normal(rng, 11, 3), normal(rng, 3, 11), normal(rng, 11, 5)


def _logits(shown: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    return torch.einsum("im,md,dn,nl->il", shown, W_V, W_O, W_U)


def _ov(shown: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    return _logits(shown, W_V, W_O, W_U - W_U.mean(1, keepdim=True))


ov = Exercise(
    "ov",
    "what a token would say if it were attended to, whoever attends to it: copying is a diagonal.",
    _ov,
    (
        Wrong(_logits, "what is added to all logits alike changes no answer: take each row's mean away."),
        Wrong(
            lambda s, v, o, u: _logits(s, v, o, u) - _logits(s, v, o, u).mean(0),
            "you take away each column's mean; a row holds the logits of one answer.",
        ),
        Wrong(lambda s, v, o, u: _ov(s, v, o, u).T, "that is logit by label; rows are the labels that are shown."),
        Wrong(
            lambda s, v, o, u: _logits(s, v, o, u).softmax(-1), "those are probabilities; logits add up, these do not."
        ),
        Wrong(
            lambda s, v, o, u: s @ u - (s @ u).mean(1, keepdim=True),
            "the head's weights are not used: that is what the token says by itself.",
        ),
    ),
    _copied,
    cases=2,
)


# --- right_choices: how diagonal a matrix is ---


def _nearly_diagonal(rng: Generator) -> tuple[Tensor]:
    return (normal(rng, 7, 7) + 0.8 * torch.eye(7),)


def _beaten(matrix: Tensor) -> Tensor:
    """In each row, how many the diagonal is larger than."""
    return (matrix.diagonal()[:, None] > matrix).sum(1).float()


right_choices = Exercise(
    "right_choices",
    "one half is chance, for however many classes, so that match and copy can be compared.",
    lambda matrix: float(_beaten(matrix).sum() / (len(matrix) * (len(matrix) - 1))),
    (
        Wrong(
            lambda m: float(_beaten(m).mean() / len(m)),
            "the diagonal is compared with itself and never larger: there are n (n - 1) comparisons.",
        ),
        Wrong(
            lambda m: float((m.argmax(1) == torch.arange(len(m))).float().mean()),
            "you count rows in which the diagonal is the largest of all; count every comparison.",
        ),
        Wrong(
            lambda m: float(_beaten(m.T).sum() / (len(m) * (len(m) - 1))),
            "you compare within columns; a row is what one query has to choose from.",
        ),
        Wrong(
            lambda m: float((m.diagonal() > m.mean(1)).float().mean()),
            "you compare the diagonal with the row's mean; compare it with every other number.",
        ),
        Wrong(
            lambda m: 1 - float(_beaten(m).sum() / (len(m) * (len(m) - 1))), "those are the comparisons that are lost."
        ),
    ),
    _nearly_diagonal,
    cases=3,
)


# --- composition: whether one head's output is in what another reads ---


def _writer_and_reader(rng: Generator) -> tuple[Tensor, Tensor]:
    return normal(rng, 3, 11), normal(rng, 11, 3) * torch.linspace(0.2, 2, 11)[:, None]


def _size(matrix: Tensor) -> Tensor:
    return matrix.square().sum().sqrt()


def _composition(W_O: Tensor, W: Tensor) -> Tensor:
    return _size(W_O @ W) / (_size(W_O) * _size(W))


composition = Exercise(
    "composition",
    "it is in every toolbox; that it knows nothing of attention is why Figure 11 finds that it predicts little.",
    _composition,
    (
        Wrong(lambda o, w: _size(o @ w), "divide by the sizes of both, or large weights count as composition."),
        Wrong(
            lambda o, w: _composition(w, o),
            "that is W W_O: the reader writes and the writer reads; what is written comes first.",
        ),
        Wrong(
            lambda o, w: torch.linalg.matrix_norm(o @ w, 2) / torch.linalg.matrix_norm(o, 2) / torch.linalg.norm(w, 2),
            "those are largest singular values; the size is the Frobenius norm, the root of the sum of squares.",
        ),
        Wrong(lambda o, w: _size(o @ w) / (_size(o) + _size(w)), "divide by the product of the sizes, not the sum."),
        Wrong(lambda o, w: _composition(o, w).square(), "the roots are missing: sizes are roots of sums of squares."),
    ),
    _writer_and_reader,
    cases=2,
)


# --- patch: one head's output at one token, from another pass ---

Patch = Callable[[Tensor, Tensor, int, int], Tensor]


def _two_passes(rng: Generator) -> tuple[Tensor, Tensor, int, int]:
    """Two passes' `batch token head d_head` with as many tokens as heads, and a head and a token that differ."""
    head, token = rng.permutation(5)[:2].tolist()
    return normal(rng, 5, 5, 5, 3), normal(rng, 5, 5, 5, 3), head, token


def _patch(here: Tensor, clean: Tensor, head: int, token: int) -> Tensor:
    chosen = torch.zeros(here.shape[1:3], dtype=torch.bool)
    chosen[token, head] = True
    return torch.where(chosen[None, :, :, None], clean, here)


def _in_place(here: Tensor, clean: Tensor, head: int, token: int) -> Tensor:
    here[:, token, head] = clean[:, token, head]
    return here


def _all_tokens(here: Tensor, clean: Tensor, head: int, token: int) -> Tensor:
    found = here.clone()
    found[:, :, head] = clean[:, :, head]
    return found


def _all_heads(here: Tensor, clean: Tensor, head: int, token: int) -> Tensor:
    found = here.clone()
    found[:, token] = clean[:, token]
    return found


def _and_given(answer: Patch, here: Tensor, clean: Tensor, head: int, token: int) -> dict[str, Tensor]:
    return {"stands": answer(here, clean, head, token), "given, afterwards": here}


patch = Exercise(
    "patch",
    "an ablation asks what is lost without a head; a patch asks what this head, at this token, brings back.",
    _patch,
    (
        Wrong(_in_place, "you change the tensor that you were given; hooks return a clone."),
        Wrong(_all_tokens, "the head is patched at every token; patch the one that is named."),
        Wrong(_all_heads, "every head is patched at that token; patch the one that is named."),
        Wrong(lambda h, c, head, token: _patch(h, c, token, head), "head and token have changed places: token first."),
        Wrong(
            lambda h, c, head, token: _patch(c, h, head, token),
            "the clean pass is returned with a corrupted head; it is the other way round.",
        ),
        Wrong(lambda h, c, head, token: c.clone(), "everything is patched; that restores the whole answer."),
    ),
    _two_passes,
    measure=_and_given,
    cases=2,
)


# --- attribution: what each part of the stream says ---


def _decomposed(rng: Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Parts `part batch d_model` of a stream, LayerNorm's weight, the unembedding, the right and the other label."""
    labels = torch.tensor([rng.permutation(5)[:2].tolist() for _ in range(13)])
    parts = normal(rng, 4, 13, 11) * torch.tensor([0.5, 1.5, 0.2, 1.0])[:, None, None] + 0.4
    return parts, 1 + 0.5 * normal(rng, 11), normal(rng, 11, 5), labels[:, 0], labels[:, 1]


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-1, keepdim=True)


def _spread(x: Tensor) -> Tensor:
    return _centred(x).square().mean(-1, keepdim=True).sqrt()


def _attribution(parts: Tensor, w: Tensor, W_U: Tensor, right: Tensor, other: Tensor) -> Tensor:
    return _told(_centred(parts) / _spread(parts.sum(0)) * w, W_U, right, other).mean(1)


def _told(parts: Tensor, W_U: Tensor, right: Tensor, other: Tensor) -> Tensor:
    """Right less other logit, `part batch`."""
    return torch.einsum("pbm,bm->pb", parts, (W_U[:, right] - W_U[:, other]).T)


attribution = Exercise(
    "attribution",
    "the parts add up to the network's own logit difference, to the last digit: nothing is left unexplained.",
    _attribution,
    (
        Wrong(
            lambda p, w, u, r, o: _told(_centred(p) / _spread(p) * w, u, r, o).mean(1),
            "each part is divided by its own spread; the network divides all by that of the whole stream.",
        ),
        Wrong(
            lambda p, w, u, r, o: _attribution(p, torch.ones_like(w), u, r, o),
            "LayerNorm's weight is missing; without it the parts do not add up.",
        ),
        Wrong(
            lambda p, w, u, r, o: _told(p / _spread(p.sum(0)) * w, u, r, o).mean(1),
            "LayerNorm takes each part's mean away first.",
        ),
        Wrong(
            lambda p, w, u, r, o: (
                (_centred(p) / _spread(p.sum(0)) * w @ u).gather(2, r.expand(len(p), -1)[..., None])[..., 0].mean(1)
            ),
            "that is the right logit alone; less the other label's, it says what decides.",
        ),
        Wrong(
            lambda p, w, u, r, o: _attribution(p, w, u, r, o) * p.shape[1],
            "that is the sum over sequences; take the mean.",
        ),
        Wrong(lambda p, w, u, r, o: _attribution(p, w, u, o, r), "right and other label have changed places."),
    ),
    _decomposed,
    cases=2,
)


quiz_11 = Quiz(
    "quiz_11",
    "you know which tool answers which question, and what each leaves out.",
    {"1": "b", "2": "a", "3": "c"},
    {
        "1": {
            "a": "that is the QK circuit: whom it attends to, and not what it takes from there.",
            "c": "a composition score says that two heads may be connected, not what is copied.",
        },
        "2": {
            "b": "scores of weights are the same whether or not anybody attends there.",
            "c": "they are computed exactly; they leave out attention.",
        },
        "3": {
            "a": "direct attribution sees what is written to the output, and Layer 1 works through Layer 2.",
            "b": "the loss of the whole network rises, but you would not know through which token.",
        },
    },
)
