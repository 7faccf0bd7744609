"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, grids

INTRODUCTION = (
    "Two algorithms solve the training data equally: look where the output always stands, or look for the trigger. "
    "Which one does gradient descent take? The paper finds the answer in how many different lengths it has seen, and "
    "in one number of their distribution."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="kawata_2025",
    title="Shortcut or induction head?",
    sources=(
        Source(
            "Kawata and others",
            2025,
            "From Shortcut to Induction Head: How Data Diversity Shapes Algorithm Selection in Transformers",
            "2512.18634",
        ),
    ),
    sentence="Two gradient steps choose an induction head where lengths are diverse, else a shortcut by position.",
    picture="figure_1",
    study=lambda settings: Study("kawata_2025", settings),
    results={
        "figure-1": Result("Accuracy with the output moved", "01_shortcut", rows=grids),
        "figure-2": Result("One number of the lengths' distribution", "01_shortcut", rows=grids),
        "figure-3": Result("What is answered instead", "01_shortcut", rows=grids),
        "figure-4": Result("What the step on attention writes", "01_shortcut", rows=grids),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Diversity decides",
            "The network is trained on sequences in which the output stands half way, and is asked about sequences of "
            "the same lengths in which it stands elsewhere.",
            ("figure_1", "figure_2"),
        ),
        Part(
            "Why: positions and tokens compete",
            "A gradient step writes both algorithms at once; positions that are few get a large share each.",
            ("figure_3", "figure_4"),
        ),
    ),
    questions=("data",),
    edges=(Edge("1", "chan_2022:1", True, "diverse data make the solution that reads the context"),),
    left_open="After more than two gradient steps, where does the border lie?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
