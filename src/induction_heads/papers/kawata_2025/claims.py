"""What the paper states, and what is measured for it. A cell (a, b) is training on lengths uniform from a to b."""

from collections.abc import Callable

import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.short import Claim, rows_of
from induction_heads.machinery.study import Study

from .runs import grids

NARROW, WIDE, FAR, BETWEEN = (3, 4), (3, 12), (8, 9), (3, 8)
FOUR, EIGHT = "4 triggers", "8 triggers"
PUBLISHED = {  # accuracies with the output moved, of the paper's heat maps
    FOUR: {NARROW: 0.250, WIDE: 1.0, FAR: 0.110, BETWEEN: 0.881},
    EIGHT: {BETWEEN: 0.296, WIDE: 0.817},
}
PUBLISHED_CROSSINGS = {3: 0.33, 8: 0.24}  # R(D) at which their accuracy passes a half, by the lowest length


def cells(study: Study, seed: int, triggers: str) -> pd.DataFrame:
    """What was measured, by the lowest and the highest length."""
    return rows_of(study, grids, seed)[triggers].history.set_index(["lowest", "highest"])


def transition(study: Study, seed: int) -> Measured:
    found = cells(study, seed, FOUR)
    return {
        "moved (3, 4)": found.moved[NARROW],
        "moved (3, 12)": found.moved[WIDE],
        "as in training, lower of both": min(found.known[NARROW], found.known[WIDE]),
    }


def there_is_a_transition(n: Numbers) -> bool:
    learnt = n["as in training, lower of both"] >= 0.99
    return learnt and n["moved (3, 4)"] <= 0.4 and n["moved (3, 12)"] >= 0.95


def narrow_far(study: Study, seed: int) -> Measured:
    return {"moved (8, 9)": cells(study, seed, FOUR).moved[FAR]}


def fails_far(n: Numbers) -> bool:
    return n["moved (8, 9)"] <= 0.25


def more_triggers(study: Study, seed: int) -> Measured:
    return {f"moved (3, 8), {name}": cells(study, seed, name).moved[BETWEEN] for name in (FOUR, EIGHT)}


def are_harder(n: Numbers) -> bool:
    return n[f"moved (3, 8), {FOUR}"] - n[f"moved (3, 8), {EIGHT}"] >= 0.2


def errors(study: Study, seed: int) -> Measured:
    found = cells(study, seed, FOUR).shortcut
    return {"shortcut (3, 4)": found[NARROW], "shortcut (3, 12)": found[WIDE]}


def are_shortcuts(n: Numbers) -> bool:
    return n["shortcut (3, 4)"] >= 0.3 and n["shortcut (3, 12)"] <= 0.15


def of_the_paper(*cells: tuple[int, int]) -> Callable[[], Measured]:
    """The paper's accuracies with four triggers, by the names of ours."""
    return lambda: {f"moved {cell}": PUBLISHED[FOUR][cell] for cell in cells}


CLAIMS = (
    Claim(
        "1",
        "Trained on few lengths the network finds the output by its position, trained on many by the trigger before "
        "it.",
        "figure 1",
        "accuracy with the output moved, four triggers, lengths 3 to 4 and 3 to 12; accuracy as in training",
        "moved: at most 0.4 with (3, 4), at least 0.95 with (3, 12); as in training: at least 0.99 with both",
        "both are far from where the paper's accuracy crosses a half",
        there_is_a_transition,
        transition,
        rows=grids,
        published=of_the_paper(NARROW, WIDE),
    ),
    Claim(
        "2",
        "Two long lengths are as narrow as two short ones.",
        "figure 1",
        "accuracy with the output moved, four triggers, lengths 8 to 9",
        "at most 0.25",
        "two positions to choose from, whichever they are",
        fails_far,
        narrow_far,
        rows=grids,
        published=of_the_paper(FAR),
    ),
    Claim(
        "3",
        "The more triggers there are, the more lengths it takes.",
        "figure 2",
        "accuracy with the output moved, lengths 3 to 8, with four triggers and with eight",
        "lower by 0.2 or more with eight",
        "three times the spread over seeds",
        are_harder,
        more_triggers,
        rows=grids,
        published=lambda: {f"moved {BETWEEN}, {name}": cells[BETWEEN] for name, cells in PUBLISHED.items()},
    ),
    Claim(
        "4",
        "What is answered wrongly is answered by position.",
        "figure 3",
        "how often the answer, with the output moved, is the token half way",
        "at least 0.3 with (3, 4), at most 0.15 with (3, 12)",
        "chance is one in twelve",
        are_shortcuts,
        errors,
        rows=grids,
    ),
)
