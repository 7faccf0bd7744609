"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, gates, transformers

INTRODUCTION = (
    "A class that has been seen often can be answered from weights, one that stands in the context can be copied. The "
    "paper lets a gate choose between a predictor of each kind, and finds that it goes with the one that errs less."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="chan_2024",
    title="In context or in weights?",
    sources=(Source("Chan and others", 2024, "Toward Understanding In-context vs. In-weight Learning", "2410.23042"),),
    sentence="A gate trusts whichever errs less: context for rare classes and early on, weights later, unless noise is "
    "large.",
    picture="figure_1",
    study=lambda settings: Study("chan_2024", settings),
    results={
        "figure-1": Result("Who is trusted at the end", "01_gate", rows=gates),
        "figure-2": Result("Who errs less", "01_gate", rows=gates),
        "figure-3": Result("First context, then weights", "01_gate", rows=gates),
        "figure-4": Result("A transformer beside the gate", "01_gate", rows=transformers),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part("Whom does the gate trust?", "One pair in context, ten classes of which five are rare.", ("figure_1",)),
        Part("Why", "It compares errors; so does training, step by step.", ("figure_2", "figure_3")),
        Part("A transformer", "The same data without a gate; shown beside it, and no claim is made.", ("figure_4",)),
    ),
    questions=("when", "data"),
    edges=(Edge("2", "singh_2025:1", True, "learning in context comes and goes"),),
    left_open="Does a transformer hold a gate of this kind?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
