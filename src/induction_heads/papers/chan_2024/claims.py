"""What the paper states, and what is measured for it. Errors with labels moved: 0 trusts the context, 1 the weights."""

import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.short import Claim, rows_of
from induction_heads.machinery.study import Study

from .runs import NOISES, SIZES, gates, name

FEW, SOME, MANY = SIZES
QUIET, LOUD = NOISES
EARLY = 200  # steps


def history(study: Study, seed: int, sequences: int, noise: float) -> pd.DataFrame:
    return rows_of(study, gates, seed)[name(sequences, noise)].history.set_index("steps")


def rare_and_common(study: Study, seed: int) -> Measured:
    last = history(study, seed, SOME, QUIET).iloc[-1]
    return {"common": last.moved_common, "rare": last.moved_rare}


def rare_keep_context(n: Numbers) -> bool:
    return n["common"] >= 0.6 and n["rare"] <= 0.4


def first_context(study: Study, seed: int) -> Measured:
    found = history(study, seed, MANY, QUIET).moved_common
    return {"common, early": found[EARLY], "common, at the end": found.iloc[-1]}


def then_weights(n: Numbers) -> bool:
    return n["common, early"] <= 0.2 and n["common, at the end"] >= 0.9


def with_noise(study: Study, seed: int) -> Measured:
    return {
        f"common, {size} sequences": history(study, seed, size, LOUD).moved_common.iloc[-1] for size in (SOME, MANY)
    }


def noise_preserves(n: Numbers) -> bool:
    return max(n.values()) <= 0.4


def weights_alone(study: Study, seed: int) -> Measured:
    return {f"rare, {size} sequences": history(study, seed, size, QUIET).g_rare.iloc[-1] for size in (FEW, MANY)}


def few_do_not_teach(n: Numbers) -> bool:
    return n[f"rare, {FEW} sequences"] >= 0.5 and n[f"rare, {MANY} sequences"] <= 0.1


CLAIMS = (
    Claim(
        "1",
        "Rare classes are answered from context when common ones are answered from weights already.",
        "figure 1",
        f"error with labels moved, {SOME} sequences, noise {QUIET}, by group",
        "common at least 0.6, rare at most 0.4",
        "on either side of a half",
        rare_keep_context,
        rare_and_common,
        rows=gates,
    ),
    Claim(
        "2",
        "Context comes first, weights later: learning in context is transient.",
        "figure 3",
        f"error of common classes with labels moved, {MANY} sequences, noise {QUIET}, at steps {EARLY} and 1,600",
        "at most 0.2, then at least 0.9",
        "nearly all of the way from one to the other",
        then_weights,
        first_context,
        rows=gates,
    ),
    Claim(
        "3",
        "Noise keeps learning in context alive.",
        "figure 1",
        f"error of common classes with labels moved, noise {LOUD}, {SOME} and {MANY} sequences, at the end",
        "at most 0.4",
        "on the context's side of a half",
        noise_preserves,
        with_noise,
        rows=gates,
    ),
    Claim(
        "4",
        "The gate follows the errors: of few sequences weights cannot learn rare classes, of many they can.",
        "figure 2",
        f"error of the predictor by weights on rare classes, noise {QUIET}, {FEW} and {MANY} sequences",
        "at least 0.5, and at most 0.1",
        "64 sequences hold a rare class once or twice; the copy errs in a tenth",
        few_do_not_teach,
        weights_alone,
        rows=gates,
    ),
)
