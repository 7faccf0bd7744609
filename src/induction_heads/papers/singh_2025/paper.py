"""The papers as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.paper import Result as Drawn
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, networks

INTRODUCTION = (
    "Learning in context may come and then go again while the loss falls on. The first of the two papers finds it, the "
    "second explains it: another strategy, weights constrained to the labels in context, shares two of three parts "
    "with it, which helps it to come, and competes with it, which makes it go."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="singh_2025",
    title="Does in-context learning last?",
    sources=(
        Source(
            "Singh, Chan, Moskovitz, Grant, Saxe and Hill",
            2023,
            "The Transient Nature of Emergent In-Context Learning in Transformers",
            "2311.08360",
        ),
        Source(
            "Singh, Moskovitz, Dragutinović, Hill, Chan and Saxe",
            2025,
            "Strategy Coopetition Explains the Emergence and Transience of In-Context Learning",
            "2503.05631",
        ),
    ),
    sentence="Two strategies share parts and compete: one helps the other to come, and makes it go.",
    picture="figure_1",
    study=lambda settings: Study("singh_2025", settings),
    results={
        "figure-1": Drawn("It comes and goes", "01_coopetition"),
        "figure-2": Drawn("Twelve starts, three conditions", "01_coopetition"),
        "figure-3": Result("What networks rely on", "01_coopetition", rows=networks),
        "figure-4": Result("Where the query looks", "01_coopetition", rows=networks),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "A toy model of coopetition",
            "Two products that share two factors; either alone would do, one of them not quite.",
            ("figure_1", "figure_2"),
        ),
        Part("Networks", "What do they rely on, on two data sets, and by which heads?", ("figure_3", "figure_4")),
    ),
    questions=("when", "why"),
    edges=(Edge("4", "chan_2024:2", True, "what is left in the end is weights"),),
    left_open="In which small network does learning in context emerge and then fade?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
