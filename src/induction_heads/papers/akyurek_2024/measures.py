"""Distance from the true distribution, of networks and of counting n-grams; and what attention looks at."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained
from induction_heads.networks.clamps import head_name
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import SEPARATOR
from induction_heads.networks.tokens.languages import SYMBOLS, Languages, Strings
from induction_heads.networks.tokens.measures import even

TESTS = 128  # sequences, one an automaton
LATE = 64  # the place from which answers count: before, much is not known by anyone
ORDERS = (1, 2, 3, 4)
WINDOW = 8  # places


def tests() -> Strings:
    return Languages().tested(1, TESTS)  # what training evaluates on


Distributions = Float[Tensor, "n token vocabulary"]


def distance(said: Distributions, truth: Distributions) -> Float[Tensor, "n token"]:
    """Total variation, in [0, 1], from the true distribution of each token; NaN where that is a separator."""
    found = (said - truth).abs().sum(-1) / 2
    return found.masked_fill(truth.sum(-1) == 0, torch.nan)


def possible(said: Distributions, truth: Distributions) -> Float[Tensor, "n token"]:
    """Whether the likeliest answer is a symbol of the present state, 0 or 1; NaN where a separator stands."""
    found = truth.gather(-1, said.argmax(-1, keepdim=True))[..., 0] > 0
    return found.float().masked_fill(truth.sum(-1) == 0, torch.nan)


def answers(trained: Trained, learnt: Mapping[str, Tensor], test: Strings) -> Distributions:
    """What a network says of each token, from those before it; nothing of the first."""
    logits = evaluate.sites(dict(learnt), test.tokens, trained.run.variant)["logits"]
    return torch.nn.functional.pad(logits[:, :-1].softmax(-1), (0, 0, 1, 0))


def n_grams(tokens: Int[Tensor, "n token"], order: int) -> Distributions:
    """Shares of the symbols that came after the last `order` - 1 tokens, counted in the sequence so far.

    The context begins with the string: a separator is its first token. Where it has not come up it loses its first
    token (backoff); in the end come shares of all symbols, and at last equal ones.
    """
    found = np.zeros((*tokens.shape, SYMBOLS + 1), dtype=np.float32)
    for row, sequence in zip(found, tokens.tolist(), strict=True):
        counts: dict[tuple[int, ...], ndarray] = {(): np.zeros(SYMBOLS + 1)}
        for t in range(1, len(sequence)):
            contexts = _contexts(sequence, t, order)
            seen = next((counts[c] for c in contexts if c in counts and counts[c].sum()), None)
            row[t, 1:] = 1 / SYMBOLS if seen is None else (seen / seen.sum())[1:]
            if sequence[t] != SEPARATOR:
                for context in contexts:
                    counts.setdefault(context, np.zeros(SYMBOLS + 1))[sequence[t]] += 1
    return torch.from_numpy(found)


def _contexts(sequence: Sequence[int], t: int, order: int) -> list[tuple[int, ...]]:
    """From the longest to none: up to `order` - 1 tokens before place t, and none before the string's separator."""
    found: list[tuple[int, ...]] = [()]
    for s in range(t - 1, max(t - order, -1), -1):
        found.insert(0, tuple(sequence[s:t]))
        if sequence[s] == SEPARATOR:
            break
    return found


def summary(said: Distributions, test: Strings) -> dict[str, float]:
    """Mean distance and accuracy over places from LATE on."""
    both = {"TVD": distance(said, test.truth), "accuracy": possible(said, test.truth)}
    return {name: float(each[:, LATE:].nanmean()) for name, each in both.items()}


def late(trained: Trained) -> dict[str, float]:
    return evaluate.remembered_of("akyurek late", _late, trained)


def _late(trained: Trained) -> dict[str, float]:
    test = tests()
    return summary(answers(trained, trained.final, test), test)


def counted() -> dict[str, dict[str, float]]:
    """The same of counting n-grams, by order as text."""
    return remembered(["akyurek n-grams", TESTS], _counted)


def _counted() -> dict[str, dict[str, float]]:
    test = tests()
    return {str(order): summary(n_grams(test.tokens, order), test) for order in ORDERS}


def windows(said: Distributions, test: Strings) -> Float[ndarray, " window"]:
    """Mean distance over windows of places."""
    each = distance(said, test.truth)
    return np.array([float(part.nanmean()) for part in each.split(WINDOW, 1)])


def through_training(trained: Trained) -> dict[str, list[float]]:
    """Distance at late places, at every checkpoint."""
    return evaluate.remembered_of("akyurek training", _through_training, trained)


def _through_training(trained: Trained) -> dict[str, list[float]]:
    test = tests()
    found = {at: summary(answers(trained, learnt, test), test)["TVD"] for at, learnt in trained.networks()}
    return {"step": [float(at) for at in found], "TVD": list(found.values())}


def suffixes(tokens: Int[Tensor, "n token"]) -> Int[Tensor, "n query key"]:
    """How many tokens up to the query equal those before the key: 0, 1, or 2 for two and more; -1 from the query on."""
    same = (tokens[:, :, None] == tokens[:, None, :]).int()
    before = torch.nn.functional.pad(same[..., :-1], (1, 0))  # of query and key - 1
    two = before * torch.nn.functional.pad(before[:, :-1, :-1], (1, 0, 1, 0))
    after = torch.ones_like(same, dtype=torch.bool)[0].triu(0)
    return (before + two).masked_fill(after, -1)


def by_suffix(pattern: Float[Tensor, "n head query key"], tokens: Int[Tensor, "n token"]) -> Float[Tensor, "head 3"]:
    """Attention of late queries to keys by how many tokens before them match: 0, 1, 2 and more; a mean over queries."""
    kinds = suffixes(tokens)
    shares = [(pattern * (kinds == kind)[:, None]).sum(-1) for kind in range(3)]
    return torch.stack([share[:, :, LATE:].mean((0, 2)) for share in shares], -1)


def evenly(tokens: Int[Tensor, "n token"]) -> Float[Tensor, " 3"]:
    """The same of a head that looks everywhere alike."""
    return by_suffix(even(tokens), tokens)[0]


def looked_at(trained: Trained) -> dict[str, list[float]]:
    """`by_suffix` of each head of the last layer, "L2H0" and so on."""
    return evaluate.remembered_of("akyurek suffixes", _looked_at, trained)


def _looked_at(trained: Trained) -> dict[str, list[float]]:
    tokens = tests().tokens
    sites = evaluate.sites(trained.final, tokens, trained.run.variant)
    layer = trained.run.layers - 1
    found = by_suffix(sites[f"blocks.{layer}.attn.hook_pattern"], tokens)
    return {head_name(layer, h): shares for h, shares in enumerate(found.tolist())}
