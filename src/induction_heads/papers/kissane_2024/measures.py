"""What is measured on this paper's networks: attention to what comes next, by the length of the prefix that repeats."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from induction_heads.machinery.store import Trained
from induction_heads.networks.model import Parameters, Sites, n_layers
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import LENGTH, VOCABULARY, permutations

PREFIXES = (1, 2, 3, 4, 5, 6)
SEQUENCES, SEED = 400, 0
FEWER = 200  # sequences for each snapshot of training
CORRUPTED_PREFIX = 4  # length at which prefixes are corrupted
ATTENDED = 0.3  # attention above which a case counts for the corruption
SHORT, LONG, FAR = 0.45, 0.3, 0.5  # a short head has s(1) of SHORT; a long one at most LONG, and s(3) of FAR
KEPT = 0.15  # of attention, that a short head may lose


class Cases(NamedTuple):
    """Sequences of different tokens, into which the m tokens from `first` on are copied at `second`; not what follows.

    a b c d e f g a b with m = 2: from the last b, c is what came next: key first + m, query second + m - 1.
    """

    tokens: Int[Tensor, "case token"]
    query: Int[Tensor, " case"]
    key: Int[Tensor, " case"]


def cases(m: int, n: int = SEQUENCES) -> Cases:
    """n sequences of 64 tokens in which a prefix of m tokens repeats."""
    rng = np.random.default_rng([SEED, m])
    tokens = permutations(rng, n, VOCABULARY)[:, :LENGTH]
    second = rng.integers(m + 1, LENGTH - m + 1, n)  # there is room for a source, and for the copy
    first = rng.integers(0, second - m)
    for row, a, b in zip(tokens, first, second, strict=True):
        row[b : b + m] = row[a : a + m]
    return Cases(*map(torch.from_numpy, (tokens, second + m - 1, first + m)))


def corrupted(given: Cases) -> Cases:
    """The token two before the attended one is another: of the prefix, one token is left."""
    tokens = given.tokens.clone()
    row = torch.arange(len(tokens))
    for r, key in zip(row.tolist(), given.key.tolist(), strict=True):
        absent = sorted(set(range(VOCABULARY)) - set(tokens[r].tolist()))
        tokens[r, key - 2] = absent[0]
    return given._replace(tokens=tokens)


def attention(seen: Sites, given: Cases) -> Float[Tensor, "head case"]:
    """Of every head, from each query to its key; `seen` are the sites of one pass over the cases."""
    row = torch.arange(len(given.query))
    each = [site[row, :, given.query, given.key] for name, site in seen.items() if name.endswith("hook_pattern")]
    return torch.cat(each, 1).T


def answer_logits(learnt: Parameters, seen: Sites, given: Cases) -> Float[Tensor, " head"]:
    """What each head adds to the logit of what came next, against the mean of all logits; the final scale is kept."""
    row, last = torch.arange(len(given.query)), n_layers(learnt) - 1
    scale = seen[f"blocks.{last}.hook_resid_post"][row, given.query].std(-1, correction=0)
    answer = given.tokens[row, given.key]
    found = []
    for layer in range(last + 1):
        z = seen[f"blocks.{layer}.attn.hook_z"][row, given.query]  # case head d_head
        out = torch.einsum("chd,hdm->chm", z, learnt[f"blocks.{layer}.W_O"])
        normed = (out - out.mean(-1, keepdim=True)) / scale[:, None, None] * learnt["ln_final_w"]
        logits = normed @ learnt["W_U"]
        found.append((logits[row, :, answer] - logits.mean(-1)).mean(0))
    return torch.cat(found)


def prefixes(trained: Trained) -> dict[str, dict[str, list[float]]]:
    """Head -> `attention` s(m) and `logit` for m = 1 to 6; `intact` and `corrupted` attention at m = 4. Remembered."""
    return evaluate.remembered_of("prefixes", _prefixes, trained)


def _prefixes(trained: Trained) -> dict[str, dict[str, list[float]]]:
    learnt = trained.final
    strength, logits = [], []
    for m in PREFIXES:
        given = cases(m)
        seen = evaluate.sites(learnt, given.tokens)
        each = attention(seen, given)
        strength.append(each.mean(1))
        logits.append(answer_logits(learnt, seen, given))
        if m == CORRUPTED_PREFIX:
            before = each
            changed = corrupted(given)
            after = attention(evaluate.sites(learnt, changed.tokens), changed)
    found = {}
    for h, name in enumerate(evaluate.head_names(learnt)):
        counted = before[h] > ATTENDED
        means = [float(x[h][counted].mean()) if counted.any() else math.nan for x in (before, after)]
        by_prefix = {"attention": strength, "logit": logits}
        found[name] = {what: [float(x[h]) for x in each] for what, each in by_prefix.items()} | {"corruption": means}
    return found


def through_training(trained: Trained) -> dict[str, list]:
    """`steps` of the snapshots, and there s(1) and s(3) of every head, `one` and `three`. Remembered."""
    return evaluate.remembered_of("through training", _through_training, trained)


def _through_training(trained: Trained) -> dict[str, list]:
    after_one, after_three = cases(1, FEWER), cases(3, FEWER)
    found: dict[str, list] = {"steps": [], "one": [], "three": []}
    for step, learnt in trained.networks():
        found["steps"].append(step)
        for name, given in (("one", after_one), ("three", after_three)):
            found[name].append(attention(evaluate.sites(learnt, given.tokens), given).mean(1).tolist())
    return found


def short_head(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    """The head that attends most after one token."""
    return max(found, key=lambda name: found[name]["attention"][0])


def long_head(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Of the heads that do not attend after one token, that which attends most after three; the last if all do."""
    weak = [name for name, each in found.items() if each["attention"][0] <= LONG]
    return max(weak or list(found)[-1:], key=lambda name: found[name]["attention"][2])


def of_short(found: Mapping[str, Mapping[str, list[float]]]) -> dict[str, float]:
    """What the claim on short heads is about."""
    return {"s(1)": found[short_head(found)]["attention"][0]}


def of_long(found: Mapping[str, Mapping[str, list[float]]]) -> dict[str, float]:
    """What the claim on long heads is about."""
    strength = found[long_head(found)]["attention"]
    return {"s(1)": strength[0], "s(3)": strength[2]}


def of_corruption(found: Mapping[str, Mapping[str, list[float]]]) -> dict[str, float]:
    """What the claim on corruption is about: both heads, and whether the long one is long."""
    numbers: dict[str, float] = {}
    for name, head in (("long", long_head(found)), ("short", short_head(found))):
        intact, after = found[head]["corruption"]
        numbers |= {f"{name}, intact": intact, f"{name}, corrupted": after}
    return numbers | {f"{name}, long": x for name, x in of_long(found).items()}


NUMBERS = {"short-head": of_short, "long-head": of_long, "corruption": of_corruption}  # by the claim's id


def kind(strength: Sequence[float]) -> str:
    """What a head is by its attention s(1), s(2), …: `between` are heads of large s(3) that are neither."""
    one, three = strength[0], strength[2]
    if one >= SHORT:
        return "short"
    if three < FAR:
        return "none"
    return "long" if one <= LONG else "between"
