"""Readings of Chan and others 2024, in sentences made from the numbers."""

from collections.abc import Callable, Mapping, Sequence

from induction_heads.machinery.ledger import Numbers
from induction_heads.machinery.reading import BySeed, each_number, met, prediction
from induction_heads.machinery.store import Trained

from . import claims
from .data import GROUPS
from .runs import NOISES, SIZES, name


def _judged(by_seed: BySeed, criterion: Callable[[Numbers], bool]) -> list[str]:
    held, told = met(by_seed, criterion)
    return [prediction(held, f"errors by seed: {each_number(by_seed)}"), told]


def reading_groups(by_seed: BySeed, noisy: BySeed) -> list[str]:
    """`claims.rare_and_common` and `claims.with_noise` of every seed."""
    return [*_judged(by_seed, claims.rare_keep_context), "With more noise:", *_judged(noisy, claims.noise_preserves)]


def reading_errors(by_seed: BySeed) -> list[str]:
    """`claims.weights_alone` of every seed."""
    return _judged(by_seed, claims.few_do_not_teach)


def reading_time(by_seed: BySeed) -> list[str]:
    """`claims.first_context` of every seed."""
    return _judged(by_seed, claims.then_weights)


def reading_transformer(runs: Mapping[str, Sequence[Trained]]) -> list[str]:
    """Transformers at the end, by size of the set; whether they trust as the gate's claim on groups says. No claim."""
    few, some = (runs[name(size, NOISES[0])] for size in SIZES[:2])
    moved = {group: [float(trained.history[f"moved_{group}"].iloc[-1]) for trained in some] for group in GROUPS}
    held = [claims.rare_keep_context({"common": a, "rare": b}) for a, b in zip(*moved.values(), strict=True)]
    told = "; ".join(f"{group} {', '.join(f'{x:.2f}' for x in each)}" for group, each in moved.items())
    errs = " and ".join(
        f"{', '.join(f'{trained.history.f_rare.iloc[-1]:.2f}' for trained in each)} ({size:,} sequences)"
        for size, each in zip(SIZES, (few, some), strict=False)
    )
    return [
        prediction(all(held), f"errors with labels moved, {SIZES[1]:,} sequences, by seed: {told}"),
        f"As in training it errs on rare classes in shares of {errs}: an error with labels moved is no trust in "
        "weights where there is as large a one without.",
    ]
