"""Lesson 2, attention by hand: scores, pattern, values, rotary positions, a previous-token head (section 2.2)."""

import math
from collections.abc import Callable
from typing import Any

import torch
from numpy.random import Generator
from torch import Tensor

from ..checking import Exercise, Quiz, Wrong
from .one_head import head, looks_back_by, normal, pattern, rotate

TOKENS, D = 5, 6
SURE = 0.9  # of a head by hand: the weight that has to be where it should


# --- scores: of queries with keys ---


def _queries_and_keys(rng: Generator) -> tuple[Tensor, Tensor]:
    return normal(rng, TOKENS, D), normal(rng, TOKENS, D)


def _scores(q: Tensor, k: Tensor) -> Tensor:
    return torch.einsum("qd,kd->qk", q, k) * D**-0.5


scores = Exercise(
    "scores",
    "without the division, scores of many numbers are large, and the softmax has no slope to learn from.",
    _scores,
    (
        Wrong(lambda q, k: q @ k.T, "the division by the square root of d is missing."),
        Wrong(lambda q, k: _scores(q, k).T, "the axes are swapped: a row is a query, a column a key."),
        Wrong(lambda q, k: q @ k.T / D, "you divide by d; scores of d random numbers grow as its square root."),
        Wrong(lambda q, k: q @ k.T / TOKENS**0.5, "you divide by the square root of the number of tokens, not of d."),
        Wrong(lambda q, k: q.T @ k / D**0.5, "you sum over the tokens; sum over the d numbers of a query and a key."),
    ),
    _queries_and_keys,
)


# --- causal_pattern: mask and softmax ---


def _some_scores(rng: Generator) -> tuple[Tensor]:
    return (normal(rng, TOKENS, TOKENS) * 2,)


def _hidden(scores: Tensor, first: int) -> Tensor:
    """Scores with minus infinity from `first` places after the query on."""
    return scores.masked_fill(torch.ones_like(scores).triu(first).bool(), -math.inf)


def _causal_pattern(scores: Tensor) -> Tensor:
    return _hidden(scores, 1).softmax(1)


causal_pattern = Exercise(
    "causal_pattern",
    "every row sums to one and sees nothing of what comes later.",
    _causal_pattern,
    (
        Wrong(lambda s: _hidden(s, 0).softmax(1), "the mask is off by one: a token may attend to itself."),
        Wrong(lambda s: _hidden(s, 2).softmax(1), "the mask is off by one: every token sees the one after it."),
        Wrong(lambda s: _hidden(s, 1).softmax(0), "your softmax runs over the queries; each row has to sum to one."),
        Wrong(lambda s: s.softmax(1).tril(), "you mask after the softmax, so that rows no longer sum to one."),
        Wrong(lambda s: s.tril().softmax(1), "a masked score is 0, and e to the 0 is 1: put minus infinity there."),
        Wrong(lambda s: _hidden(s.T, 1).T.softmax(1), "you hide the past; hide the keys that come after the query."),
        Wrong(lambda s: s.softmax(1), "nothing is masked: the first token sees all five."),
    ),
    _some_scores,
)


# --- head_output: values, mixed and written ---


def _pattern_and_values(rng: Generator) -> tuple[Tensor, Tensor, Tensor]:
    return _causal_pattern(*_some_scores(rng)), normal(rng, TOKENS, 3), normal(rng, 3, 7)


def _head_output(pattern: Tensor, v: Tensor, W_O: Tensor) -> Tensor:
    return torch.einsum("qk,kh,hd->qd", pattern, v, W_O)


def _mean_of_values(pattern: Tensor, v: Tensor, W_O: Tensor) -> Tensor:
    return _causal_pattern(torch.zeros_like(pattern)) @ v @ W_O


head_output = Exercise(
    "head_output",
    "the pattern says from where, the values say what: two questions that the network answers apart.",
    _head_output,
    (
        Wrong(lambda p, v, W_O: p.T @ v @ W_O, "the pattern is turned round: its rows are the tokens that attend."),
        Wrong(lambda p, v, W_O: p @ v, "z is right, but it still has to be written to the stream by W_O."),
        Wrong(lambda p, v, W_O: v @ W_O, "every token writes its own value; mix the values by the pattern first."),
        Wrong(lambda p, v, W_O: v[p.argmax(1)] @ W_O, "you take the most attended value alone; all are mixed."),
        Wrong(_mean_of_values, "you average the values that a token sees; weigh them by the pattern."),
    ),
    _pattern_and_values,
)


# --- turned: rotary positions ---


def _turned_by(angles: Callable[[Tensor, Tensor, int], Tensor], x: Tensor, sign: float = 1.0) -> Tensor:
    tokens, d = x.shape
    angle = angles(torch.arange(tokens).float()[:, None], torch.arange(d // 2).float(), d)
    even, odd = x[:, 0::2], sign * x[:, 1::2]
    turned = even * angle.cos() - odd * angle.sin(), sign * (odd * angle.cos() + even * angle.sin())
    return torch.stack(turned, -1).flatten(1)


def _angles(token: Tensor, pair: Tensor, d: int) -> Tensor:
    return token * 10_000 ** (-2 * pair / d)


def _halves(x: Tensor) -> Tensor:
    apart = x.unflatten(1, (2, -1)).mT.flatten(1)  # 0, d/2, 1, d/2 + 1, …
    return rotate(apart).unflatten(1, (-1, 2)).mT.flatten(1)


turned = Exercise(
    "turned",
    "after this, a score depends on how far apart two tokens are and not on where they stand.",
    rotate,
    (
        Wrong(_halves, "you pair number i with number i + d/2; here neighbours are pairs: 0 with 1, 2 with 3."),
        Wrong(lambda x: _turned_by(lambda t, i, d: _angles(t + 1, i, d), x), "tokens count from 0: the first stays."),
        Wrong(lambda x: _turned_by(_angles, x, sign=-1.0), "you turn the other way: check the two signs of the sine."),
        Wrong(lambda x: _turned_by(lambda t, i, d: t + 0 * i, x), "every pair turns equally fast; pair i is slower."),
        Wrong(
            lambda x: _turned_by(lambda t, i, d: _angles(t, i / 2, d), x),
            "the exponent is half of what it should be: pair i turns by 10,000 to the minus 2i/d a token.",
        ),
    ),
    lambda rng: (normal(rng, TOKENS, 8),),
)


# --- whole_head: all of it ---


def _stream_and_weights(rng: Generator) -> tuple[Tensor, ...]:
    return normal(rng, TOKENS, 7), *(normal(rng, 7, 4) for _ in "QKV"), normal(rng, 4, 7)


def _pattern_of(q: Tensor, k: Tensor, d: int = 4) -> Tensor:
    """Of queries and keys as they stand."""
    return _causal_pattern(q @ k.T / d**0.5)


def _turns_values(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor) -> Tensor:
    return pattern(x @ W_Q, x @ W_K) @ rotate(x @ W_V) @ W_O


def _turns_nothing(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor) -> Tensor:
    return _pattern_of(x @ W_Q, x @ W_K) @ x @ W_V @ W_O


def _turns_queries_alone(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor) -> Tensor:
    return _pattern_of(rotate(x @ W_Q), x @ W_K) @ x @ W_V @ W_O


def _with_the_stream(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor) -> Tensor:
    return x + head(x, W_Q, W_K, W_V, W_O)


def _not_scaled(x: Tensor, W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor) -> Tensor:
    return pattern(2 * x @ W_Q, x @ W_K) @ x @ W_V @ W_O


whole_head = Exercise(
    "whole_head",
    "this is one head of the paper's network, but for the LayerNorm before it.",
    head,
    (
        Wrong(_turns_values, "you turn the values too; only queries and keys carry positions."),
        Wrong(_turns_nothing, "queries and keys are not turned, so that the head does not know where a token stands."),
        Wrong(_turns_queries_alone, "you turn the queries alone; keys need it too, or only the query's place counts."),
        Wrong(lambda x, W_Q, W_K, W_V, W_O: head(x, W_K, W_Q, W_V, W_O), "W_Q and W_K have changed places."),
        Wrong(_with_the_stream, "you return the stream with the head's output added; asked for is what it adds."),
        Wrong(_not_scaled, "the scores are not divided by the square root of d_head."),
    ),
    _stream_and_weights,
    atol=1e-4,
)


# --- previous_token: a query and a key by hand ---


def _by_hand(steps: int = 1, size: float = 8.0) -> tuple[Tensor, Tensor]:
    """A query and a key that fit best when the key stands so many tokens before."""
    q = torch.zeros(8)
    q[0], q[1] = math.cos(steps), -math.sin(steps)  # the key's first pair, turned back
    return size * q, size * torch.eye(8)[0]


def _looks(answer: Callable[[], tuple[Tensor, Tensor]], tokens: int) -> dict[str, Any]:
    """Where a head attends in which every token has this query and this key."""
    q, k = (torch.as_tensor(each).float().expand(tokens, 8) for each in answer())
    weights = pattern(q, k)
    back = looks_back_by(weights)
    sure = weights.diagonal(-back)[0 if back else 1 :].min() >= SURE
    own, later = rotate(k)[:2] @ rotate(q)[0]  # of the first token's query, as if nothing were hidden
    forward = back != 1 and bool(later > own + 1e-3)
    return {"looks back by": back, f"weight of at least {SURE}": bool(sure), "would look forward": forward}


previous_token = Exercise(
    "previous_token",
    "this is step 1 of the induction circuit, and it needs nothing but positions.",
    _by_hand,
    (
        Wrong(
            lambda: _by_hand(0), "every token attends to itself: turn the query so that it fits a key one token back."
        ),
        Wrong(
            lambda: _by_hand(-1),
            "it is turned the wrong way: it fits the key of the token *after* it, which is hidden. Change a sign.",
        ),
        Wrong(lambda: _by_hand(2), "it looks back two tokens: turn by the angle of one token, 1 radian."),
        Wrong(lambda: _by_hand(1, 2.0), "the right token, but not surely: make the query or the key larger."),
        Wrong(lambda: _by_hand(0, 0.1), "all tokens get about the same weight: make the query and the key larger."),
    ),
    lambda rng: (int(rng.integers(4, 7)),),
    measure=_looks,
)


quiz_02 = Quiz(
    "quiz_02",
    "you can read an attention pattern and say what made it.",
    {"1": "a", "2": "c", "3": "b"},
    {
        "1": {
            "b": "columns need not sum to one: a token can be attended to by all or by none.",
            "c": "the softmax makes the weights of each row sum to one, whatever the scores are.",
        },
        "2": {
            "a": "values are mixed after the pattern; they have no part in it.",
            "b": "the output matrix writes what was mixed; the pattern is made before.",
        },
        "3": {
            "a": "both tokens moved by three places, so their distance is the same.",
            "c": "turning changes no lengths, and both were turned by the same further angle.",
        },
    },
)
