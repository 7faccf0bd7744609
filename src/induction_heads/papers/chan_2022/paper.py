"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, by_classes, by_shown, by_zipf

INTRODUCTION = (
    "Language has many rare words, they come in bursts, and few are frequent. The paper asks which of these properties "
    "make a network learn in context instead of in its weights, and which let it do both."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="chan_2022",
    title="Which data make a network learn in context?",
    sources=(
        Source(
            "Chan, Santoro, Lampinen, Wang, Singh, Richemond, McClelland and Hill",
            2022,
            "Data Distributional Properties Drive Emergent In-Context Learning in Transformers",
            "2205.05055",
        ),
    ),
    sentence="Many classes and bursts make a network learn in context, few classes make it learn in its weights.",
    picture="figure_1",
    study=lambda settings: Study("chan_2022", settings),
    results={
        "figure-1": Result("The number of classes", "01_data", rows=by_classes),
        "figure-2": Result("Bursts", "01_data", rows=by_shown),
        "figure-3": Result("Classes by Zipf's law", "01_data", rows=by_zipf, most=1),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Classes and bursts", "One property at a time, on a task of two labelled items.", ("figure_1", "figure_2")
        ),
        Part("Both at once", "Frequent classes are worth remembering, rare ones are not.", ("figure_3",)),
    ),
    questions=("data",),
    edges=(Edge("1", "reddy_2023:4", True, "many classes favour context, few favour weights"),),
    left_open="Which of the properties matter to models of language?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
