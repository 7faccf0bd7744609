"""Readings of Reddy 2023, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, by_seeds, in_words, prediction
from induction_heads.machinery.store import Trained

from . import claims, logits
from .logits import Descent
from .runs import CLAMPED, FREE

SOLVED = 0.2  # nats


def reading_abrupt(by_seed: BySeed) -> list[str]:
    """`claims.slow_then_abrupt` of every seed."""
    held = [claims.is_abrupt(n) for n in by_seed.values()]
    return [
        prediction(
            all(held),
            f"the last step at which the network picks among the labels in context without finding the right one is "
            f"{by_seeds(by_seed, 'picks among labels until')} (by seed), and 0.9 is reached at "
            f"{by_seeds(by_seed, 'learnt at')}",
        ),
        f"The criterion is met by {in_words(sum(held), len(held))}.",
    ]


def reading_blocked(by_seed: BySeed, once: Sequence[Trained]) -> list[str]:
    """`claims.as_many_labels` of every seed, and the runs on contexts without a label twice."""
    held = [claims.is_blocked(n) for n in by_seed.values()]
    ends = ", ".join(number(trained.history.context.iloc[-1]) for trained in once)
    return [
        prediction(all(held), f"accuracy in context ends at {by_seeds(by_seed, 'accuracy in context at the end')}"),
        f"On contexts that hold each of the eight labels once, it ends at {ends} after as many steps.",
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
    return [
        prediction(
            claims.are_in_sequence(found),
            f"ξ reaches 1 at step {number(found['xi reaches 1'])}, a at {number(found['a reaches 1'])}, β₁ at "
            f"{number(found['beta reaches 1'])}; the loss at step 600 is {found['loss at step 600, 32 labels']:.2f}; "
            f"with eight labels it moves by {found['loss less ln 8, 8 labels']:.0e}",
        ),
        f"With the previous token given, the loss is below {SOLVED} at step {number(with_clamp)}, else at "
        f"{number(without)}.",
    ]


def reading_clamp(by_seed: BySeed) -> list[str]:
    """`claims.previous_token_clamped` of every seed."""
    held = [claims.the_plateau_goes(n) for n in by_seed.values()]
    waits, learnt = (
        {run: by_seeds(by_seed, f"{what}, {run}") for run in (FREE, CLAMPED)} for what in ("steps waiting", "learnt at")
    )
    return [
        prediction(
            all(held),
            f"without the clamp the networks wait {waits[FREE]} steps (by seed) and have learnt at {learnt[FREE]}; "
            f"with it they wait {waits[CLAMPED]} and have learnt at {learnt[CLAMPED]}",
        ),
        f"The criterion is met by {in_words(sum(held), len(held))}.",
    ]


def reading_data(by_seed: BySeed) -> list[str]:
    """`claims.by_data` of every seed."""
    held = [claims.data_decide(n) for n in by_seed.values()]
    names = next(iter(by_seed.values()))
    told = "; ".join(f"{name} {by_seeds(by_seed, name)}" for name in names)
    return [prediction(all(held), told)]
