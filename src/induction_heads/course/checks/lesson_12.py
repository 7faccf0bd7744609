"""Lesson 12, a project: half a clamp as a hook, a learning time of a noisy loss, a criterion, what may be said."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy import ndarray
from numpy.random import Generator
from torch import Tensor

from induction_heads.machinery import ledger

from ..checking import Exercise, Quiz, Wrong
from .one_head import clamped, normal

# --- partial_clamp: a hook for any model ---

Hook = Callable[..., Tensor]


def _pattern(rng: Generator) -> tuple[list[int], Tensor, float, Tensor, Tensor]:
    """Heads, what stands there, how strongly; a pattern `batch head query key`, and weights to take a gradient with."""
    heads, strength = sorted(rng.permutation(5)[:2].tolist()), float(rng.uniform(0.55, 0.85))
    return heads, normal(rng, 6, 6).softmax(-1), strength, normal(rng, 5, 5, 6, 6).softmax(-1), normal(rng, 5, 5, 6, 6)


def _partial(heads: list[int], stands: Tensor, strength: float, own: float | None = None) -> Hook:
    """A hook; `own` is how much of the pattern stays at these heads, else what `strength` leaves."""
    left = 1 - strength if own is None else own

    def hook(here: Tensor, hook: Any = None) -> Tensor:
        chosen = torch.tensor([h in heads for h in range(here.shape[1])])[:, None, None]
        return torch.where(chosen, left * here + strength * stands, here)

    return hook


def _detached(heads: list[int], stands: Tensor, strength: float) -> Hook:
    return lambda here, hook=None: _partial(heads, stands, strength)(here.detach())


def _in_place(heads: list[int], stands: Tensor, strength: float) -> Hook:
    def hook(here: Tensor, hook: Any = None) -> Tensor:
        here[:, heads] = (1 - strength) * here[:, heads] + strength * stands
        return here

    return hook


def _hooked(
    answer: Callable[..., Hook], heads: list[int], stands: Tensor, strength: float, pattern: Tensor, weights: Tensor
) -> dict[str, Tensor]:
    """What the hook returns, the gradient that reaches the model's own pattern, and what was given, afterwards."""
    found, gradient, given = clamped(lambda here: answer(heads, stands, strength)(here, hook=None), pattern, weights)
    return {"stands": found, "gradient of the model's own pattern": gradient, "given, afterwards": given}


partial_clamp = Exercise(
    "partial_clamp",
    "a clamp with a knob: how much of a part has to be given before the rest stops waiting?",
    _partial,
    (
        Wrong(
            lambda heads, stands, s: _partial(heads, stands, 1 - s),
            "strength is how much of the *clamp* stands there, and you give it to the model's own pattern.",
        ),
        Wrong(
            lambda heads, stands, s: _partial(heads, stands, s, own=1.0),
            "you add to the whole pattern, so that rows sum to more than one: keep 1 - strength of it.",
        ),
        Wrong(
            lambda heads, stands, s: _partial(heads, stands, 1.0),
            "strength is not used: that is the whole clamp.",
        ),
        Wrong(
            lambda heads, stands, s: _partial(list(range(5)), stands, s),
            "every head is clamped; clamp those that are named.",
        ),
        Wrong(_detached, "gradients are detached, so that the model could not learn what the clamp leaves to it."),
        Wrong(_in_place, "you change the tensor that you were given; return a clone."),
    ),
    _pattern,
    measure=_hooked,
    cases=2,
)


# --- learning_time: of a noisy loss ---


def _noisy(rng: Generator) -> tuple[ndarray, float, int]:
    """Losses of batches that fall from 2.4 to 0.3, noisy enough to be below a level too early."""
    falls = 0.3 + 2.1 / (1 + np.exp((np.arange(90) - rng.integers(45, 60)) / 4))
    losses = falls + rng.normal(0, 0.1, size=90)
    losses[int(rng.integers(20, 30))] = 0.5  # one easy batch
    return losses, 1.0, 7


def _running(losses: ndarray, over: int) -> ndarray:
    """Means of `over` losses in a row."""
    return np.convolve(losses, np.full(over, 1 / over), "valid")


def _first(below: ndarray, later: int, never: float = math.inf) -> float:
    return float(np.argmax(below) + later) if below.any() else never


def _learning_time(losses: ndarray, level: float, over: int) -> float:
    return _first(_running(losses, over) < level, over)


def _with_one_that_never_learns(answer: Callable[..., float], losses: ndarray, level: float, over: int) -> list[Any]:
    """Of the losses, and of those of a run that ended early."""
    return [answer(losses, level, over), answer(losses[:35], level, over)]


learning_time = Exercise(
    "learning_time",
    "fixed before the runs: another window, another level, and a favourite could win.",
    _learning_time,
    (
        Wrong(lambda x, level, over: _first(x < level, 1), "that is one batch, which may be an easy one; take means."),
        Wrong(
            lambda x, level, over: _first(_running(x, over) < level, 1),
            "that is where the window begins; it is known only when the window ends.",
        ),
        Wrong(
            lambda x, level, over: _first(np.cumsum(x) / np.arange(1, len(x) + 1) < level, 1),
            "you take the mean of everything so far; take that of the last `over` losses.",
        ),
        Wrong(
            lambda x, level, over: _first(_running(x, over) < level, over, never=float(len(x))),
            "a run that never learns has no time: say `math.inf`, not the length of the run.",
        ),
        Wrong(
            lambda x, level, over: _first(_running(x, over) < level, over - 1),
            "that is an index, counted from 0; give how many steps were made.",
        ),
    ),
    _noisy,
    measure=_with_one_that_never_learns,
    cases=3,
)


# --- criterion: on two conditions, seed by seed ---

Times = dict[int, float]


def _plain_and_clamped(rng: Generator) -> tuple[Times, Times, float]:
    """Learning times by seed: faster by more and by less than a factor, slower; never in one, the other, in both."""
    factor = float(rng.uniform(1.4, 1.8))
    plain = [1_000.0, 1_000.0, 1_000.0, 1_000.0, math.inf, math.inf, math.inf]
    clamped = [900 / factor, 950.0, 1_300.0, math.inf, 700.0, math.inf, math.inf]
    seeds = (rng.permutation(60)[:7] + 1).tolist()
    scale = rng.uniform(0.5, 2, size=7).tolist()
    by_seed = dict(zip(seeds, zip(plain, clamped, scale, strict=True), strict=True))
    shuffled = rng.permutation(seeds).tolist()
    return {s: p * x for s, (p, _, x) in by_seed.items()}, {s: by_seed[s][1] * by_seed[s][2] for s in shuffled}, factor


def _criterion(plain: Times, clamped: Times, factor: float) -> dict[int, bool]:
    return {s: math.isfinite(t) and plain[s] >= factor * t for s, t in clamped.items()}


def _by_seed(answer: Callable[..., dict[int, bool]], plain: Times, clamped: Times, factor: float) -> dict[str, bool]:
    return {str(seed): bool(held) for seed, held in sorted(answer(plain, clamped, factor).items())}


criterion = Exercise(
    "criterion",
    "it can come out either way, it says so seed by seed, and nobody can move it afterwards.",
    _criterion,
    (
        Wrong(
            lambda p, c, f: {s: p[s] >= f * t for s, t in c.items()},
            "two that never learn meet it: inf >= inf is true. Who never learns under the clamp does not.",
        ),
        Wrong(
            lambda p, c, f: {s: math.isfinite(p[s]) and t >= f * p[s] for s, t in c.items()},
            "turned round: the *clamped* run is to be the faster one.",
        ),
        Wrong(
            lambda p, c, f: {s: t < p[s] for s, t in c.items()},
            "the factor is not used: a little earlier may be chance.",
        ),
        Wrong(
            lambda p, c, f: {
                s: math.isfinite(t) and a >= f * t for (s, a), t in zip(p.items(), c.values(), strict=True)
            },
            "seeds stand in another order in the two: look each of them up.",
        ),
        Wrong(
            lambda p, c, f: {s: math.isfinite(p[s]) and held for s, held in _criterion(p, c, f).items()},
            "a network that learns with the clamp and never without it meets the criterion.",
        ),
    ),
    _plain_and_clamped,
    measure=_by_seed,
    cases=2,
)


# --- may_say: what may be said of what came ---

Report = tuple[float, float, list[bool]]  # when the criterion was written, when the first run began, what came
SHARES = ((4, 4), (9, 10), (2, 3), (0, 3), (1, 10), (0, 0), (5, 5), (0, 5), (3, 4))


def _reports(rng: Generator) -> tuple[list[Report]]:
    """Criteria written before the first run; the last three at the same time or after it."""
    found: list[Report] = []
    for i, (held, of) in enumerate(SHARES):
        written = float(rng.integers(100, 900))
        begun = written + float(rng.integers(1, 90)) * (1 if i < 6 else 0 if i == 6 else -1)
        found.append((written, begun, [bool(x < held) for x in rng.permutation(of)]))
    return (found,)


def _word(held: Sequence[bool], most: float = 0.9, few: float = 0.1) -> str:
    if not held:
        return ledger.UNMEASURED
    share = sum(held) / len(held)
    return ledger.HOLDS if share >= most else ledger.FAILS if share <= few else ledger.IN_PART


def _may_say(written: float, begun: float, held: Sequence[bool]) -> str:
    return _word(held) if written < begun else "exploratory"


def _each(answer: Callable[..., str], reports: list[Report]) -> list[str]:
    return [answer(*report) for report in reports]


may_say = Exercise(
    "may_say",
    "what was looked for afterwards is an idea for the next project, and no result of this one.",
    _may_say,
    (
        Wrong(
            lambda w, b, held: _word(held),
            "you do not look when the criterion was written: after the first run began, the word is *exploratory*.",
        ),
        Wrong(
            lambda w, b, held: "exploratory" if w < b else _word(held),
            "turned round: a criterion that was written *before* the first run is what counts.",
        ),
        Wrong(
            lambda w, b, held: _word(held) if w <= b else "exploratory",
            "at the same time is not before: such a one is *exploratory*, too.",
        ),
        Wrong(
            lambda w, b, held: _word(held, 0.5, 0.499) if w < b else "exploratory",
            "that is a majority; as in lesson 10 it takes nine tenths, or one tenth at most.",
        ),
        Wrong(
            lambda w, b, held: "exploratory" if w >= b else _word(held) if held else ledger.FAILS,
            "of no seed at all nothing is known: *not measured*.",
        ),
    ),
    _reports,
    measure=_each,
    cases=2,
)


quiz_12 = Quiz(
    "quiz_12",
    "you know what a project needs before its first run.",
    {"1": "b", "2": "c", "3": "a"},
    {
        "1": {
            "a": "then any outcome has an explanation; what would speak against it?",
            "c": "that is how it is measured; a criterion says which number would be a no.",
        },
        "2": {
            "a": "an idea that came from the numbers has not been tested by them.",
            "b": "no need: ideas that come from looking are most of science, as long as they are called so.",
        },
        "3": {
            "b": "a criterion that is moved until it is met tests nothing.",
            "c": "a no that was asked for beforehand is a result.",
        },
    },
)
