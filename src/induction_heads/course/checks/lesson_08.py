"""Lesson 8, clamps: hooks that say what stands at a site, training under them (section 4, appendix B, Figure 5b)."""

from collections.abc import Callable, Sequence
from itertools import permutations

import torch
from numpy.random import Generator
from torch import Tensor

from induction_heads.networks import clamps, model
from induction_heads.networks.clamps import PerfectLayer1, PerfectMatch, PreviousTokenAttention
from induction_heads.networks.model import Edit, Parameters, Sequences, Sites

from ..checking import Exercise, Quiz, Wrong
from . import small_network
from .one_head import clamped, normal

NOTHING = clamps.Pass(None, None, {}, {})

# --- looks_back: step 1 ---


def _how_many(rng: Generator) -> tuple[int]:
    return (int(rng.integers(4, 9)),)


def _looks_back(n: int) -> Tensor:
    return PreviousTokenAttention.stand_in("", torch.empty(1, 1, 1, n, n), NOTHING, {})


looks_back = Exercise(
    "looks_back",
    "step 1 of the circuit, as a pattern: nothing is left to learn about where Layer 1 attends.",
    _looks_back,
    (
        Wrong(torch.eye, "every token attends to itself; it should attend to the one before."),
        Wrong(lambda n: torch.eye(n).roll(1, 1), "tokens attend to the one *after* them; rows are those that attend."),
        Wrong(lambda n: torch.eye(n).roll(1, 0), "the first token attends to the last; it sees nothing but itself."),
        Wrong(lambda n: torch.ones(n, n).tril(-1).triu(-1), "the first row sums to 0: the first token sees itself."),
        Wrong(
            lambda n: _looks_back(n).T,
            "rows and columns have changed places: a row is a token that attends, and sums to 1.",
        ),
    ),
    _how_many,
    cases=3,
)


# --- with_heads: stands at some heads, the rest is the network's own ---

Place = Callable[[Tensor, list[int], Tensor], Tensor]


def _pattern(rng: Generator) -> tuple[Tensor, list[int], Tensor, Tensor]:
    """A pattern `batch head query key`, heads, what is to stand there, and weights to take a gradient with."""
    pattern = normal(rng, 6, 6, 5, 5).softmax(-1)
    return pattern, sorted(rng.permutation(5)[:2].tolist()), normal(rng, 5, 5).softmax(-1), normal(rng, 6, 6, 5, 5)


def _with_heads(pattern: Tensor, heads: list[int], stands: Tensor) -> Tensor:
    chosen = torch.tensor([h in heads for h in range(pattern.shape[1])])
    return torch.where(chosen[:, None, None], stands, pattern)


def _in_place(pattern: Tensor, heads: list[int], stands: Tensor) -> Tensor:
    pattern[:, heads] = stands
    return pattern


def _by_sequences(pattern: Tensor, heads: list[int], stands: Tensor) -> Tensor:
    found = pattern.clone()
    found[heads] = stands
    return found


def _placed(answer: Place, pattern: Tensor, heads: list[int], stands: Tensor, weights: Tensor) -> dict[str, Tensor]:
    """What stands, the gradient that reaches the network's own pattern, and what was given, afterwards."""
    found, gradient, given = clamped(lambda here: answer(here, heads, stands), pattern, weights)
    return {"pattern": found, "gradient of the network's own pattern": gradient, "given, afterwards": given}


with_heads = Exercise(
    "with_heads",
    "a clamp replaces what it names and lets gradients through everywhere else, so that the rest can learn.",
    _with_heads,
    (
        Wrong(_in_place, "you change the tensor that you were given; hooks work on a clone."),
        Wrong(
            lambda p, heads, s: _with_heads(p.detach(), heads, s),
            "gradients are detached: heads that are not clamped could not learn any more.",
        ),
        Wrong(_by_sequences, "you replace some sequences; heads are axis 1 of `batch head query key`."),
        Wrong(lambda p, heads, s: s.expand_as(p), "every head is replaced; the others keep their own pattern."),
        Wrong(
            lambda p, heads, s: _with_heads(p, [h for h in range(p.shape[1]) if h not in heads], s),
            "the heads that are named keep theirs and the others are replaced: turned round.",
        ),
        Wrong(
            lambda p, heads, s: _with_heads(p, [h + 1 for h in heads], s), "heads count from 0: you replace the next."
        ),
    ),
    _pattern,
    measure=_placed,
    cases=2,
)


# --- match_row: steps 1, 2, 3qk and 4 ---


def _matches(rng: Generator) -> tuple[Tensor, float]:
    match = torch.from_numpy(rng.integers(2, size=7))
    match[:2] = torch.tensor([0, 1])
    return match, float(rng.uniform(0.6, 0.95))


def _match_row(match: Tensor, strength: float, first: int = 1) -> Tensor:
    here = torch.zeros(1, len(match), 1, 1, 5)
    which = Sequences(match[None], torch.zeros(1, len(match), 2, dtype=torch.long), match[None])
    settings = {"strength": torch.tensor(strength).view(1, 1, 1)}
    row = PerfectMatch.stand_in("", here, clamps.Pass(None, which, {}, {}), settings)[0, :, 0, 0]
    return row if first else row.roll(-1, 1)


def _rest_everywhere(match: Tensor, strength: float) -> Tensor:
    row = torch.full((len(match), 5), (1 - strength) / 4)
    row[torch.arange(len(match)), 1 + 2 * match] = strength
    return row


match_row = Exercise(
    "match_row",
    "the whole of Layer 1 and the match in one row of weights: what is left to learn is to copy.",
    _match_row,
    (
        Wrong(lambda m, s: _match_row(1 - m, s), "it attends to the other label; match 0 is the first pair."),
        Wrong(lambda m, s: _match_row(m, s, first=0), "it attends to pictures; labels are tokens 1 and 3."),
        Wrong(lambda m, s: _match_row(m, 1.0), "strength is not used: the other label gets 1 - strength."),
        Wrong(_rest_everywhere, "what is left goes to the other label alone, not to all other tokens."),
        Wrong(
            lambda m, s: _match_row(torch.zeros_like(m), s), "it attends to the first label always: look at `match`."
        ),
    ),
    _matches,
    cases=3,
)


# --- perfect_layer_1: steps 1 and 2 ---


def _embedded(rng: Generator) -> tuple[Tensor]:
    return (normal(rng, 4, 5, 7),)


def _perfect_layer_1(x: Tensor) -> Tensor:
    at = clamps.Pass(None, None, {"hook_embed": x[None]}, {})
    return PerfectLayer1.stand_in("blocks.1.hook_k_input", x[None], at, {})[0]


perfect_layer_1 = Exercise(
    "perfect_layer_1",
    "keys now find a label by its picture: it is what `copy_back` of lesson 3 did.",
    _perfect_layer_1,
    (
        Wrong(
            lambda x: x[:, [0, 0, 1, 2, 3]], "the query is replaced too: it would ask with a label; leave it as it is."
        ),
        Wrong(lambda x: x[:, [1, 2, 3, 4, 4]], "tokens are read as the one *after* them; the one before is meant."),
        Wrong(
            lambda x: x[:, [0, 0, 2, 2, 4]],
            "x2 keeps its own: a previous-token head copies to every token, so x2 is read as l1.",
        ),
        Wrong(
            lambda x: x[:, [4, 0, 1, 2, 4]],
            "the first token is read as the last; nothing stands before it, so leave it as it is.",
        ),
        Wrong(lambda x: x + _perfect_layer_1(x), "you add; the clamp stands instead of what was there."),
    ),
    _embedded,
    cases=2,
)


# --- look_back_hook: a hook, in a network ---

Hook = Callable[[list[int]], Edit]


def _network(rng: Generator) -> tuple[list[int], Parameters, Tensor, Tensor, Tensor]:
    heads = sorted(rng.permutation(3)[: int(rng.integers(1, 3))].tolist())
    return heads, small_network.parameters(rng), small_network.features(rng), *small_network.batch(rng)


def _at(
    site: str, heads: list[int] | None, detach: bool = False, stands: Callable[[int], Tensor] = _looks_back
) -> Edit:
    """A hook at a site; the rows of `looks_back` for as many queries as there are; None for all heads."""

    def edit(at: str, here: Tensor, seen: Sites) -> Tensor:
        if at != site:
            return here.detach() if detach and at.endswith("hook_pattern") else here
        row = stands(here.shape[-1])[-here.shape[-2] :]
        return _with_heads(here[0].detach() if detach else here[0], heads or [*range(here.shape[2])], row)[None]

    return edit


LAYER_1, LAYER_2 = (f"blocks.{i}.attn.hook_pattern" for i in (0, 1))
READ = ("blocks.0.W_Q", "blocks.0.W_V", "W_exemplar")  # whose gradients are looked at


def _in_network(
    answer: Hook, heads: list[int], parameters: Parameters, features: Tensor, exemplar: Tensor, label: Tensor
) -> dict[str, Tensor]:
    """Logits under the hook, and the gradients of some parameters."""
    leaves = {name: p[None].clone().requires_grad_() for name, p in parameters.items()}
    which = Sequences(exemplar[None], label[None], label[None, :, 0] % 2)
    hook: Callable[[str, Tensor, Sites], Tensor | None] = answer(heads)

    def edit(site: str, here: Tensor, seen: Sites) -> Tensor:
        stands = hook(site, here, seen)
        if stands is None:
            raise ValueError(f"the hook returns nothing at {site}: return `here` where nothing is changed")
        return stands

    logits = model.forward(leaves, features[None], which, edit)["logits"]
    found = torch.autograd.grad(model.loss(logits, which.target).sum(), [leaves[n] for n in READ], allow_unused=True)
    gradients = {n: torch.zeros(()) if g is None else g[0] for n, g in zip(READ, found, strict=True)}
    return {"logits": logits[0], **{f"gradient of {name}": g for name, g in gradients.items()}}


def _look_back_hook(heads: list[int]) -> Edit:
    clamp = PreviousTokenAttention(tuple(clamps.head_name(0, h) for h in heads))
    combined = clamps.combine([(clamp,)], [clamps.Network(((0, 1, 2), (0, 1, 2)))])

    def edit(site: str, here: Tensor, seen: Sites) -> Tensor:
        return clamps.stands(combined, site, here, NOTHING)

    return edit


look_back_hook = Exercise(
    "look_back_hook",
    "a name of a site and what stands there: the paper's clamps, and every tool for hooks, are no more than that.",
    _look_back_hook,
    (
        Wrong(lambda heads: _at(LAYER_2, heads), "that is Layer 2; sites count layers from 0, so Layer 1 is blocks.0."),
        Wrong(
            lambda heads: _at("blocks.0.attn.hook_attn_scores", heads),
            "those are scores, before the softmax; the pattern comes after it.",
        ),
        Wrong(lambda heads: _at(LAYER_1, None), "every head of the layer is clamped; clamp those that are named."),
        Wrong(
            lambda heads: _at(LAYER_1, heads, detach=True),
            "gradients are detached at patterns, so that other heads cannot learn where to attend.",
        ),
        Wrong(lambda heads: model.unclamped, "nothing is changed: compare `site` with the name of Layer 1's pattern."),
        Wrong(
            lambda heads: _at(LAYER_1, heads, stands=torch.eye),
            "clamped heads attend to the token itself; use `looks_back`.",
        ),
    ),
    _network,
    measure=_in_network,
    cases=2,
)


# --- in_order: how good a predicted order is ---


def _orders(rng: Generator) -> tuple[list[str], dict[str, float]]:
    """Names, the fastest first, and learning times."""
    names = ["none", "step 1", "steps 1, 2", "match", "copy"]
    times = {name: float(t) for name, t in zip(names, 900 + 100 * rng.permutation(30)[:5], strict=True)}
    return [names[i] for i in rng.permutation(5)], times


def _in_order(predicted: Sequence[str], times: dict[str, float]) -> float:
    place = {name: i for i, name in enumerate(predicted)}
    right = [(place[a] < place[b]) == (times[a] < times[b]) for a, b in permutations(predicted, 2)]
    return sum(right) / len(right)


def _same_places(predicted: Sequence[str], times: dict[str, float]) -> float:
    return sum(a == b for a, b in zip(predicted, sorted(times, key=times.__getitem__), strict=True)) / len(predicted)


def _neighbours(predicted: Sequence[str], times: dict[str, float]) -> float:
    return sum(times[a] < times[b] for a, b in zip(predicted, predicted[1:], strict=False)) / (len(predicted) - 1)


in_order = Exercise(
    "in_order",
    "1 is a perfect prediction and one half a guess: know what chance is worth before you are proud.",
    _in_order,
    (
        Wrong(lambda p, t: 1 - _in_order(p, t), "that is the share in the wrong order: the fastest comes first."),
        Wrong(_same_places, "you count who stands at the right place; count pairs in the right order."),
        Wrong(_neighbours, "you compare neighbours; compare every two."),
        Wrong(lambda p, t: _in_order(p, t) * 10, "that is how many; divide by the number of pairs."),
        Wrong(
            lambda p, t: _in_order(p, t) * 10 / 25,
            "you divide by all combinations, names with themselves included; five names make ten pairs.",
        ),
    ),
    _orders,
    cases=5,
)


quiz_08 = Quiz(
    "quiz_08",
    "you can clamp a part of a circuit and say what the rest then has to learn.",
    {"1": "c", "2": "b", "3": "a"},
    {
        "1": {
            "a": "the match is clamped: the query attends to the right label from the first step.",
            "b": "Layer 1 is not needed any more where the match is clamped.",
        },
        "2": {
            "a": "the forward pass is the same; it is learning that differs.",
            "c": "an error would be welcome, but detach raises none.",
        },
        "3": {
            "b": "lesson 6 did that; heads that have learnt to rely on others tell another story.",
            "c": "it is one seed: think of the spread in lesson 5.",
        },
    },
)
