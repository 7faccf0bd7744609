"""Readings of Edelman and others 2024, in sentences made from the numbers."""

from collections.abc import Mapping, Sequence

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.numbers import number
from induction_heads.machinery.reading import BySeed, by_seeds, in_words, met, prediction
from induction_heads.machinery.store import Trained

from . import claims
from .chains import STRATEGIES
from .runs import CLAMPED, FAST, MIXED, NUMBERS, PURE, TWO

SPREAD, LOOKS_BACK = 0.1, 0.5  # attention one token back: up to, from


def reading_losses(two: BySeed, one: BySeed) -> list[str]:
    """`claims.two_at_the_end` and `claims.one_at_the_end` of every seed."""
    beats, stays = met(two, claims.beats_unigram), met(one, claims.stays_unigram)
    return [
        prediction(
            beats[0] and stays[0],
            f"two layers end at {by_seeds(two, 'loss')} nats (by seed), one at {by_seeds(one, 'loss')}; the unigram "
            f"strategy has {by_seeds(two, 'unigram strategy')}, the bigram strategy {by_seeds(two, 'bigram strategy')}",
        ),
        f"Two layers: {beats[1]} One layer: {stays[1]}",
    ]


def reading_phases(by_seed: BySeed) -> list[str]:
    """`claims.in_phases` of every seed."""
    held, told = met(by_seed, claims.are_phases)
    return [
        prediction(
            held,
            f"the unigram strategy is nearest over {by_seeds(by_seed, 'steps near unigram')} steps, the bigram "
            f"strategy from step {by_seeds(by_seed, 'bigram from')}",
        ),
        told,
    ]


def reading_heads(by_seed: BySeed) -> list[str]:
    """`claims.together` of every seed."""
    held, told = met(by_seed, claims.form_together)
    return [
        prediction(
            held,
            f"150 steps before the flip layer 1 attends to the token before by "
            f"{by_seeds(by_seed, 'previous-token attention before')}, 150 after it by "
            f"{by_seeds(by_seed, 'and after')}, and layer 2 by {by_seeds(by_seed, 'induction attention after')}",
        ),
        told,
    ]


def reading_lags(attention: Mapping[int, float]) -> list[str]:
    """Layer 1's attention one token back, by step: at first, in the middle, at the end."""
    _, middle, end = attention.values()
    told = ", ".join(f"{x:.2f} at step {step}" for step, x in attention.items())
    return [prediction(middle <= SPREAD and end >= LOOKS_BACK, f"attention one token back is {told}")]


def reading_delay(found: Numbers) -> list[str]:
    """`claims.delay`, which is of all seeds."""
    steps, ends = (
        {run: found[f"{what}, {run}"] for run in (PURE, MIXED)} for what in ("steps to 0.14", "loss at the end")
    )
    return [
        prediction(
            claims.is_delayed(found),
            f"on these chains alone it takes {number(steps[PURE])} steps, with forgetful ones {number(steps[MIXED])}: "
            f"a ratio of {found['ratio']:.2f}",
        ),
        f"The loss ends at {ends[PURE]:.4f} without them and at {ends[MIXED]:.4f} with them. The paper's ends lower "
        f"with them; here {'too' if ends[MIXED] < ends[PURE] else 'not'}.",
    ]


def reading_clamp(by_seed: BySeed) -> list[str]:
    """`claims.previous_token_clamped` of every seed."""
    held, told = met(by_seed, claims.the_plateau_goes)
    waits, flips = (
        {run: by_seeds(by_seed, f"{what}, {run}") for run in (TWO, CLAMPED)}
        for what in ("steps nearest unigram", "bigram from")
    )
    return [
        prediction(
            held,
            f"without the clamp the unigram strategy is nearest for {waits[TWO]} steps (by seed) and the bigram "
            f"strategy from {flips[TWO]}; with it for {waits[CLAMPED]} and from {flips[CLAMPED]}",
        ),
        told,
    ]


def reading_minimal(runs: Sequence[Trained]) -> list[str]:
    """Whether the minimal model goes through the phases, and what its weights come to; no claim."""
    orders = [claims.phases(trained.history) for trained in runs]
    held = [order == list(STRATEGIES) for order in orders]
    last = [trained.history.iloc[-1] for trained in runs]
    back = all(row.v_1 == max(row[f"v_{lag}"] for lag in range(3)) for row in last)
    match = all(row.diagonal > row.off_diagonal for row in last)
    told = "; ".join(", ".join(order) for order in orders)
    ends = ", ".join(f"{row.loss:.3f}" for row in last)
    weights = "; ".join(
        f"{row.diagonal:.2f} on W's diagonal and {row.off_diagonal:.2f} off it, v {row.v_1:.2f} at lag 1 and "
        f"{row.v_0:.2f} at lag 0"
        for row in last
    )
    return [
        prediction(all(held) and back and match, f"by seed, the nearest strategies are {told}"),
        f"So in {in_words(sum(held), len(held))}. It ends at {ends} nats with {weights}.",
    ]


SHORT = 150  # steps that unigram is nearest, at three times the rate


def reading_fragile(runs: Mapping[str, Trained]) -> list[str]:
    """How long unigram is nearest with a number a lag, and at three times the rate; one seed, no claim."""
    waits = {name: claims.steps_waiting(trained) for name, trained in runs.items()}
    told = "; ".join(f"{name} {number(x)}" for name, x in waits.items())
    back = ", ".join(f"{name} {trained.history.previous.iloc[-1]:.2f}" for name, trained in runs.items())
    return [
        prediction(
            waits[NUMBERS] <= waits[TWO] / 2 and waits[FAST] < SHORT, f"steps at which unigram is nearest: {told}"
        ),
        f"At the end layer 1 attends to the token before by: {back}. One seed, and no claim.",
    ]
