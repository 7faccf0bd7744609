"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.paper import Result as Drawn
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, abrupt, clamp, data, equal

INTRODUCTION = (
    "A network may answer from its context or from its weights. The paper asks which data make it use the context, and "
    "why it learns to do so abruptly: three logits, one inside the other, of which the outer must be there before the "
    "inner is pulled."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="reddy_2023",
    title="Why does in-context classification come abruptly?",
    sources=(
        Source(
            "Reddy",
            2023,
            "The mechanistic basis of data dependence and abrupt learning in an in-context classification task",
            "2312.03002",
        ),
    ),
    sentence="Three nested logits, learnt one after the other, make in-context learning slow and then abrupt.",
    picture="figure_1",
    study=lambda settings: Study("reddy_2023", settings),
    results={
        "figure-1": Result("Slow, then abrupt", "01_abrupt", rows=abrupt),
        "figure-2": Result("Measures of progress", "01_abrupt", rows=equal),
        "figure-3": Result("Patterns before and after", "01_abrupt", rows=abrupt),
        "figure-4": Drawn("Three nested logits", "01_abrupt"),
        "figure-5": Result("Which data favour context", "02_data", rows=data),
        "figure-6": Result("The previous-token step clamped", "01_abrupt", rows=clamp),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Slow, then abrupt",
            "Eight pairs of an item and a label, then an item again. At first the network learns to answer with some "
            "label of the context; then, within a few hundred steps, with the right one.",
            ("figure_1", "figure_2", "figure_3"),
        ),
        Part(
            "Three nested logits",
            "The account in three numbers: readout, match, previous token.",
            ("figure_4",),
        ),
        Part("Which data", "Classes, bursts, and what is answered from weights.", ("figure_5",)),
        Part(
            "Our clamp on this network",
            "Beyond the paper: the first paper's clamp of the previous-token step, throughout training.",
            ("figure_6",),
        ),
    ),
    questions=("why", "data"),
    edges=(
        Edge("1", "singh_2024:1", True, "a plateau, then an abrupt fall"),
        Edge("clamp", "singh_2024:10", True, "giving the previous-token step hastens the rest"),
        Edge("clamp", "singh_2024:figure-8-all", False, "a previous-token pattern at every token"),
        Edge("3", "musat_2025:2", True, "the order: copy, match, previous token"),
    ),
    left_open="Which step is waited for, if the plateau stays with the previous-token step given?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
