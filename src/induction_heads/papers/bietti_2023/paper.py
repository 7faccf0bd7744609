"""The papers as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, fixed, keys, positions, triggers

INTRODUCTION = (
    "A weight matrix can be read as a memory: a sum of outer products, each of which answers one vector with another. "
    "In a network whose embeddings are fixed and random, what a learnt matrix remembers can be asked item by item. The "
    "first paper follows the memories of an induction head as they are filled; the second asks what becomes of the "
    "previous-token head beyond the places that training has seen."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="bietti_2023",
    title="What do the weights of an induction head remember?",
    sources=(
        Source(
            "Bietti, Cabannes, Bouchacourt, Jegou and Bottou",
            2023,
            "Birth of a Transformer: A Memory Viewpoint",
            "2306.00802",
        ),
        Source("Wang and Sato", 2025, "Rethinking Associative Memory Mechanism in Induction Head", "2412.11459"),
    ),
    sentence="Three matrices are three memories, filled from the top; the one of places ends where training ends.",
    picture="figure_1",
    study=lambda settings: Study("bietti_2023", settings),
    results={
        "figure-1": Result("Which memory is filled first", "01_memories", rows=triggers),
        "figure-2": Result("Attention of both layers", "01_memories", rows=fixed, most=1),
        "figure-3": Result("Which places layer 1 has learnt", "01_memories", rows=triggers),
        "figure-4": Result("Beyond the places of training", "01_memories", rows=positions),
        "figure-5": Result("The output memory without keys", "01_memories", rows=keys),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Three memories",
            "Which output a token has, which key a trigger meets, which place comes before which.",
            ("figure_1", "figure_2"),
        ),
        Part("From the top", "Does the output memory wait for the keys?", ("figure_5",)),
        Part(
            "Places",
            "The memory of places is filled place by place, and no place teaches another.",
            ("figure_3", "figure_4"),
        ),
    ),
    questions=("what", "when"),
    edges=(
        Edge("1", "musat_2025:2", True, "the order: output, match, previous token"),
        Edge("1", "reddy_2023:3", True, "steps of one circuit are learnt one after the other"),
        Edge("1", "edelman_2024:4", False, "both heads form together, or one after the other"),
    ),
    left_open="Are memories filled from the top as well where embeddings are learnt and there are many heads?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
