"""Lesson 3, an induction circuit by hand: two heads whose weights are set, not learnt (Figure 1), and composition.

The stream has a place for everything (`by_hand`), so that a matrix says what is moved where. What a head does is
told in words that do not depend on how large its weights are, so that mistakes are recognised at any size.
"""

from collections.abc import Callable
from typing import Any

import torch
from numpy.random import Generator
from torch import Tensor

from ..by_hand import (
    CLASS,
    COPY,
    D_HEAD,
    D_MODEL,
    FAST,
    LABEL,
    N_CLASSES,
    N_LABELS,
    ONE,
    OUT,
    SLOW,
    Head,
    a_sequence,
    as_stream,
    zeros,
)
from ..checking import Exercise, Quiz, Wrong
from .one_head import head, looks_back_by, normal, pattern

SURE = 0.9
TRIED = 30  # sequences for a circuit

Weights = tuple[Tensor, Tensor, Tensor, Tensor]  # W_Q, W_K, W_V, W_O of a head


# --- embedded: a sequence as a stream ---


def _rows(order: list[int], classes: list[int], labels: list[int], query: int) -> Tensor:
    return as_stream(classes, labels, query)[order]


def _without_one(classes: list[int], labels: list[int], query: int) -> Tensor:
    x = as_stream(classes, labels, query)
    x[:, ONE] = 0
    return x


def _labels_as_classes(classes: list[int], labels: list[int], query: int) -> Tensor:
    x = as_stream(classes, labels, query)
    x[[1, 3], :N_LABELS], x[[1, 3], LABEL] = x[[1, 3], LABEL], torch.zeros(2, N_LABELS)
    return x


embedded = Exercise(
    "embedded",
    "five rows of 23 numbers are all that the circuit is given.",
    as_stream,
    (
        Wrong(lambda *s: _rows([0, 2, 1, 3, 4], *s), "both pictures stand first; each label follows its picture."),
        Wrong(lambda *s: _rows([1, 0, 3, 2, 4], *s), "each label stands before its picture; it has to follow."),
        Wrong(_without_one, "place ONE should be 1 in every token: heads that use positions alone read it."),
        Wrong(_labels_as_classes, "labels have places of their own: label 0 is not class 0."),
        Wrong(lambda *s: as_stream(*s)[:4], "the query is missing: it is the fifth token."),
    ),
    a_sequence,
)


# --- copy_back: Layer 1, a previous-token head that copies ---


def _copy_back(steps: int = 1, size: float = 8.0, reads: slice = CLASS, writes: slice = COPY) -> Head:
    made, angle = zeros(), torch.tensor(float(steps))
    made.W_Q[ONE, FAST] = size * torch.stack([angle.cos(), -angle.sin()])
    made.W_K[ONE, 0] = size * 2  # twice, since d_head is four times that of lesson 2
    made.W_V[reads, SLOW] = torch.eye(reads.stop - reads.start, N_CLASSES)
    made.W_O[SLOW, writes] = torch.eye(N_CLASSES)
    return made


def _copied(answer: Callable[[], Weights], *sequence: Any) -> dict[str, Any]:
    """What the head of Layer 1 does on a sequence, in words that do not depend on how large its weights are."""
    x, weights = as_stream(*sequence), Head(*answer())
    looks = pattern(x @ weights.W_Q, x @ weights.W_K)
    back = looks_back_by(looks)
    added = head(x, *weights)
    elsewhere = added.clone()
    elsewhere[:, COPY] = 0
    return {
        "looks back by": back,
        f"weight of at least {SURE}": bool(looks.diagonal(-back)[0 if back else 1 :].min() >= SURE),
        "labels get their picture's class": bool(((added[[1, 3], COPY] - x[[0, 2], CLASS]).abs() < 0.2).all()),
        "writes outside COPY": bool((elsewhere.abs() > 0.01).any()),
        "writes nothing": bool((added.abs() < 0.01).all()),
    }


copy_back = Exercise(
    "copy_back",
    "steps 1 and 2 of the circuit: each label's token now knows which class it stands after.",
    _copy_back,
    (
        Wrong(
            lambda: _copy_back(0),
            "every token attends to itself and copies its own class: turn the query back by a token.",
        ),
        Wrong(lambda: _copy_back(2), "it looks back two tokens, from a label to the label before."),
        Wrong(lambda: _copy_back(1, 1.5), "the right token, but not surely: make the query or the key larger."),
        Wrong(
            lambda: _copy_back(reads=LABEL), "it copies labels; the token before a label has a class, so read CLASS."
        ),
        Wrong(
            lambda: _copy_back(writes=CLASS),
            "it writes to CLASS, where a label's token then looks like a picture: write to COPY.",
        ),
        Wrong(zeros, "all weights are zero, so that it attends evenly and writes nothing."),
    ),
    a_sequence,
    measure=_copied,
)


# --- match: Layer 2's queries and keys ---


def _streams(rng: Generator) -> tuple[Tensor, Tensor]:
    """Streams after Layer 1, and the place of the right label in each."""
    drawn = [a_sequence(rng) for _ in range(TRIED)]
    x = torch.stack([as_stream(*sequence) for sequence in drawn])
    x = torch.stack([each + head(each, *_copy_back()) for each in x])
    return x, torch.tensor([1 + 2 * classes.index(query) for classes, _, query in drawn])


def _match(reads: slice = COPY, asks: slice = CLASS, where: slice = SLOW, size: float = 8.0, sign: float = 1.0) -> Head:
    made = zeros()
    made.W_Q[asks, where] = size * torch.eye(N_CLASSES)
    made.W_K[reads, where] = sign * size * torch.eye(N_CLASSES)
    return made


def _matched(answer: Callable[[], Weights], x: Tensor, right: Tensor) -> dict[str, Any]:
    """How the query divides its weight between the two labels, and what it gives to itself and its own picture."""
    W_Q, W_K, *_ = answer()
    rows = torch.stack([pattern(each @ W_Q, each @ W_K)[-1] for each in x])
    to_right = rows.gather(1, right[:, None])[:, 0]
    share = to_right / (rows[:, 1] + rows[:, 3])
    return {
        "always prefers the right label": bool((share > 0.5 + 1e-4).all()),
        f"by at least {SURE}": bool((share >= SURE).all()),
        "sometimes prefers the wrong one": bool((share < 0.4).any()),
        "prefers itself to the right label": bool(rows[:, 4].mean() > to_right.mean() + 1e-3),
    }


match = Exercise(
    "match",
    "step 4: the query finds its class where Layer 1 has copied it, which is K-composition.",
    _match,
    (
        Wrong(
            lambda: _match(CLASS), "keys read CLASS, so the query finds pictures and itself; read what Layer 1 wrote."
        ),
        Wrong(lambda: _match(COPY, COPY), "all scores are the same: COPY is empty at the query, so ask with CLASS."),
        Wrong(
            lambda: _match(where=slice(0, 6)), "fast pairs turn one class apart from itself: use those that are SLOW."
        ),
        Wrong(lambda: _match(size=1.2), "the right label wins, but not surely: make the weights larger."),
        Wrong(lambda: _match(sign=-1.0), "it avoids what matches: the sign of the queries or of the keys is wrong."),
    ),
    _streams,
    measure=_matched,
    cases=2,
)


# --- copy_out: Layer 2's values and output ---


def _copy_out(reads: slice = LABEL, writes: slice = OUT, sign: float = 1.0) -> Head:
    made, n = _match(), reads.stop - reads.start
    made.W_V[reads, :n] = torch.eye(n)
    made.W_O[:N_LABELS, writes] = sign * torch.eye(N_LABELS)
    return made


def _said(answer: Callable[[], Weights], x: Tensor, right: Tensor) -> dict[str, Any]:
    """What the query's token says, when it attends as it should and this head's values and output are used."""
    *_, W_V, W_O = answer()
    W_Q, W_K, *_ = _match()
    last = torch.stack([head(each, W_Q, W_K, W_V, W_O)[-1] for each in x])
    labels = x.gather(1, right[:, None, None].expand(-1, 1, D_MODEL))[:, 0, LABEL].argmax(-1)
    return {
        "right in every sequence": bool((last[:, OUT].argmax(-1) == labels).all()),
        "the right label comes last": bool((last[:, OUT].argmin(-1) == labels).all()),
        "writes to OUT": bool((last[:, OUT].abs() > 0.01).any()),
        "writes to LABEL": bool((last[:, LABEL].abs() > 0.01).any()),
    }


copy_out = Exercise(
    "copy_out",
    "steps 3v and 5: what is attended to and what is copied are set apart, as in every attention head.",
    _copy_out,
    (
        Wrong(lambda: _copy_out(COPY), "it says classes; where it attends, the label stands in LABEL."),
        Wrong(lambda: _copy_out(writes=LABEL), "it writes to LABEL; the answer is read from OUT."),
        Wrong(lambda: _copy_out(sign=-1.0), "the right label comes out lowest: a sign is wrong."),
        Wrong(zeros, "it writes nothing: W_V or W_O is still zero where they should meet."),
    ),
    _streams,
    measure=_said,
    cases=2,
)


# --- said_by: the two layers in a row ---


def _stream_and_heads(rng: Generator) -> tuple[Tensor, Head, Head]:
    def some() -> Head:
        sizes = (D_MODEL, D_HEAD), (D_MODEL, D_HEAD), (D_MODEL, D_HEAD), (D_HEAD, D_MODEL)
        return Head(*(0.3 * normal(rng, *size) for size in sizes))

    return normal(rng, 5, D_MODEL), some(), some()


def _said_by(x: Tensor, layer_1: Head, layer_2: Head) -> Tensor:
    x = x + head(x, *layer_1)
    return (x + head(x, *layer_2))[-1, OUT]


def _side_by_side(x: Tensor, layer_1: Head, layer_2: Head) -> Tensor:
    return (x + head(x, *layer_1) + head(x, *layer_2))[-1, OUT]


def _overwritten(x: Tensor, layer_1: Head, layer_2: Head) -> Tensor:
    return head(head(x, *layer_1), *layer_2)[-1, OUT]


def _at(token: int | slice, place: slice, x: Tensor, layer_1: Head, layer_2: Head) -> Tensor:
    x = x + head(x, *layer_1)
    return (x + head(x, *layer_2))[token, place]


said_by = Exercise(
    "said_by",
    "a layer reads what earlier ones have written because everything is added to one stream.",
    _said_by,
    (
        Wrong(_side_by_side, "Layer 2 reads the stream before Layer 1 has written; give it the sum."),
        Wrong(_overwritten, "a layer adds to the stream; you go on with what it writes alone."),
        Wrong(lambda *a: _said_by(a[0], a[2], a[1]), "the layers have changed places."),
        Wrong(lambda *a: _at(0, OUT, *a), "you read the first token; the query is the last."),
        Wrong(lambda *a: _at(slice(None), OUT, *a), "you return all five tokens; read the last one."),
        Wrong(lambda *a: _at(-1, LABEL, *a), "you read LABEL; the answer is in OUT."),
    ),
    _stream_and_heads,
    atol=1e-3,
)


# --- k_composition: how much keys read of what an earlier head wrote ---


def _four_weights(rng: Generator) -> tuple[Tensor, ...]:
    return normal(rng, 7, 3), normal(rng, 3, 7), normal(rng, 7, 3), normal(rng, 7, 3)


def _k_composition(W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> float:
    OV, KQ = W_V @ W_O, W_K @ W_Q.T
    return float((OV @ KQ).norm() / (OV.norm() * KQ.norm()))


def _not_divided(W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> float:
    return float((W_V @ W_O @ W_K @ W_Q.T).norm())


def _wrong_side(W_V: Tensor, W_O: Tensor, W_Q: Tensor, W_K: Tensor) -> float:
    OV, QK = W_V @ W_O, W_Q @ W_K.T
    return float((QK @ OV).norm() / (OV.norm() * QK.norm()))


k_composition = Exercise(
    "k_composition",
    "Elhage et al. (2021) look for circuits in trained networks by this number; lesson 11 tries a shorter form of it.",
    _k_composition,
    (
        Wrong(lambda V, o, Q, K: _k_composition(V, o, K, Q), "that is Q-composition: W_Q and W_K have changed places."),
        Wrong(_not_divided, "divide by the norms of both matrices, or large weights look like composition."),
        Wrong(_wrong_side, "what the head wrote meets the wrong side: keys read it, so W_O stands next to W_K."),
        Wrong(lambda *w: _k_composition(*w) ** 2, "that is the square: the norm is the root of the sum of squares."),
    ),
    _four_weights,
)


quiz_03 = Quiz(
    "quiz_03",
    "you have built an induction circuit, and know which of its parts needs which.",
    {"1": "c", "2": "a", "3": "b"},
    {
        "1": {
            "a": "copying the label works as before, but from a place that is chosen at random.",
            "b": "queries are as they were; it is the keys that have lost the class.",
        },
        "2": {
            "b": "one layer sees each token's own content: a label's token does not know its picture.",
            "c": "more heads side by side read the same stream; none reads what another one wrote.",
        },
        "3": {
            "a": "the first token sees nothing but itself, but that costs the right label only half of its weight.",
            "c": "its value is not a label's: place LABEL is empty in a picture's token.",
        },
    },
)
