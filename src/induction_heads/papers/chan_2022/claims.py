"""What the paper states, and what is measured for it. Sets are those of `networks.noisy_pairs`."""

import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.short import Claim, Table, rows_of
from induction_heads.machinery.study import Study

from .runs import by_classes, by_shown

FEW, MANY = "128", "4096"


def at_the_end(study: Study, seed: int, table: Table) -> dict[str, pd.Series]:
    """The last evaluation of every row."""
    return {name: trained.history.iloc[-1] for name, trained in rows_of(study, table, seed).items()}


def classes(study: Study, seed: int) -> Measured:
    found = at_the_end(study, seed, by_classes)
    return {
        f"context, {MANY}": found[MANY].context,
        f"flip, {MANY}": found[MANY].flip,
        f"flip, {FEW}": found[FEW].flip,
        f"constrained, {FEW}": found[FEW].constrained,
    }


def many_classes_favour_context(n: Numbers) -> bool:
    context = n[f"context, {MANY}"] >= 0.9 and n[f"flip, {MANY}"] >= 0.9
    return context and n[f"flip, {FEW}"] <= 0.2 and n[f"constrained, {FEW}"] >= 0.9


def bursts(study: Study, seed: int) -> Measured:
    found = at_the_end(study, seed, by_shown)
    return {f"context, shown {p}": found[p].context for p in ("0", "1")}


def bursts_favour_context(n: Numbers) -> bool:
    return n["context, shown 1"] >= 0.9 and n["context, shown 0"] <= 0.6


CLAIMS = (
    Claim(
        "1",
        "Many classes favour context, few classes favour weights.",
        "figure 1",
        "accuracy of the better of two labels after 800 steps, by number of classes",
        "4,096 classes: labels that mean nothing and exchanged labels at least 0.9; 128: exchanged at most 0.2, class "
        "not shown at least 0.9",
        "an earlier trial had the threshold between 1,024 and 2,048: both ends are far from it, and between them seeds "
        "may differ",
        many_classes_favour_context,
        classes,
        rows=by_classes,
    ),
    Claim(
        "2",
        "Learning in context needs bursts: sequences whose context has the query's class.",
        "figure 2",
        "accuracy with labels that mean nothing after 800 steps; 2,048 classes, the query's is always or never shown",
        "always: at least 0.9; never: at most 0.6",
        "where it is never shown there is nothing to learn from; chance is 0.5",
        bursts_favour_context,
        bursts,
        rows=by_shown,
    ),
)
