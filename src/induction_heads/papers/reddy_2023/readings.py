"""Readings of Reddy 2023, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, by_seeds, in_words, prediction
from induction_heads.machinery.store import Trained

from . import claims, logits
from .logits import Descent
from .runs import AT_LABELS, BLOCKED, CLAMPED, FREE, NEW, ONCE
from .task import PAIRS

SOLVED = 0.2  # nats


def reading_abrupt(by_seed: BySeed, runs: Sequence[Trained]) -> list[str]:
    """`claims.slow_then_abrupt` of every seed, and where its runs begin."""
    held = [claims.is_abrupt(n) for n in by_seed.values()]
    first = [trained.history.in_context.iloc[0] for trained in runs]
    return [
        prediction(
            all(held),
            f"the last step at which the network picks among the labels in context without finding the right one is "
            f"{by_seeds(by_seed, 'picks among labels until')} (by seed), and 0.9 is reached at "
            f"{by_seeds(by_seed, 'learnt at')}",
        ),
        f"The criterion is met by {in_words(sum(held), len(held))}.",
        f"At first {', '.join(f'{x:.2f}' for x in first)} of the answers are labels in context; a label at random "
        f"would be one in {PAIRS / runs[0].run.labels:.2f} of the cases if no context repeated any.",
    ]


def reading_blocked(by_seed: BySeed) -> list[str]:
    """`claims.as_many_labels` of every seed: as many labels as pairs, and the two more settings."""
    ends = {name: by_seeds(by_seed, f"accuracy in context, {name}") for name in (BLOCKED, NEW, ONCE)}
    held = {name: [claims.is_blocked(n, name) for n in by_seed.values()] for name in ends}
    stays = [name for name, each in held.items() if all(each)]
    return [
        prediction(all(held[BLOCKED]), f"accuracy in context ends at {ends[BLOCKED]} (by seed)"),
        f"In two more settings of as many steps it ends at {ends[NEW]} ({NEW}) and at {ends[ONCE]} ({ONCE}). It stays "
        f"at {claims.NOT_YET} or below in every seed with: {'; '.join(stays) or 'none of the three'}.",
        f"Who counts the labels in context, where they may repeat, gains {logits.counting_is_worth(PAIRS):.2f} nats "
        f"over ln {PAIRS}; where each stands once, nothing.",
    ]


def reading_patterns(runs: Sequence[Trained]) -> list[str]:
    """Whether the two steps of an induction head are there at the end."""
    last = [trained.history.iloc[-1] for trained in runs]
    item, label = (np.array([row[name] for row in last]) for name in ("item", "target_label"))
    return [
        prediction(
            bool((item >= 0.5).all() and (label >= 0.5).all()),
            f"labels attend to their item by {', '.join(f'{x:.2f}' for x in item)}, the target to correct labels by "
            f"{', '.join(f'{x:.2f}' for x in label)}",
        )
    ]


def reading_logits(found: Numbers, free: Mapping[str, Descent], clamped: Mapping[str, Descent]) -> list[str]:
    """`claims.in_sequence`, and what the clamp does in the reduced model."""
    name = "8 of 32"
    with_clamp, without = (logits.first(each[name].loss < SOLVED) for each in (clamped, free))
    orders = [
        f"with {each} labels ξ reaches 1 at step {number(found[f'xi reaches 1, {each}'])}, a at "
        f"{number(found[f'a reaches 1, {each}'])}, β₁ at {number(found[f'beta reaches 1, {each}'])}, and the loss at "
        f"step 600 is {found[f'loss at step 600, {each}']:.2f}"
        for each in (name, "4 of 32")
    ]
    moved = max(x for what, x in found.items() if what.startswith("loss less"))
    return [
        prediction(
            claims.are_in_sequence(found),
            f"{'; '.join(orders)}; with as many labels as pairs it moves by {moved:.0e} at most",
        ),
        f"With the previous token given, the loss of {name} labels is below {SOLVED} at step {number(with_clamp)}, "
        f"else at {number(without)}.",
    ]


def reading_saddle(pairs: int, start: float) -> list[str]:
    """How far descent gets with as many labels as pairs, from zero and from beside it."""
    still, creeps = (logits.descent(pairs, pairs, start=at).loss for at in (0.0, start))
    return [
        f"From {start} instead of 0, the loss of {pairs} pairs and {pairs} labels goes from {creeps[0]:.4f} to "
        f"{creeps[-1]:.4f} in {logits.STEPS:,} steps; from 0 to {still[-1]:.4f}."
    ]


def reading_clamp(by_seed: BySeed) -> list[str]:
    """`claims.previous_token_clamped` of every seed."""
    held = [claims.the_plateau_goes(n) for n in by_seed.values()]
    also = [claims.the_plateau_goes(n, AT_LABELS) for n in by_seed.values()]
    waits, learnt = (
        {run: by_seeds(by_seed, f"{what}, {run}") for run in (FREE, CLAMPED, AT_LABELS)}
        for what in ("steps waiting", "learnt at")
    )
    return [
        prediction(
            all(held),
            f"without the clamp the networks wait {waits[FREE]} steps (by seed) and have learnt at {learnt[FREE]}; "
            f"with it they wait {waits[CLAMPED]} and have learnt at {learnt[CLAMPED]}",
        ),
        f"The criterion is met by {in_words(sum(held), len(held))}.",
        f"With labels alone clamped they wait {waits[AT_LABELS]} and have learnt at {learnt[AT_LABELS]}; it would be "
        f"met by {in_words(sum(also), len(also))}.",
    ]


def reading_data(by_seed: BySeed) -> list[str]:
    """`claims.by_data` of every seed."""
    held = [claims.data_decide(n) for n in by_seed.values()]
    names = next(iter(by_seed.values()))
    told = "; ".join(f"{name} {by_seeds(by_seed, name)}" for name in names)
    return [prediction(all(held), told)]
