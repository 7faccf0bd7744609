"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import FEW, SEEDS, clamp, fragile, layers, minimal, stumbling

INTRODUCTION = (
    "A Markov chain whose transitions are new in every sequence can be learnt in context by counting: tokens, or pairs "
    "of tokens. The paper finds that a network counts tokens first, waits there, and then learns to count pairs all at "
    "once, by a previous-token head and an induction head that form together."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="edelman_2024",
    title="How are Markov chains learnt in context?",
    sources=(
        Source(
            "Edelman, Tsilivis, Edelman, Malach and Goel",
            2024,
            "The Evolution of Statistical Induction Heads: In-Context Learning Markov Chains",
            "2402.11004",
        ),
    ),
    sentence="A network counts tokens before it counts pairs, and the simpler solution delays the better one.",
    picture="figure_2",
    study=lambda settings: Study("edelman_2024", settings),
    results={
        "figure-1": Result("The loss, and three strategies", "01_markov_chains", rows=layers, most=FEW),
        "figure-2": Result("Which strategy is nearest", "01_markov_chains", rows=layers, most=FEW),
        "figure-3": Result("Two heads", "01_markov_chains", rows=layers, most=FEW),
        "figure-4": Result("Where layer 1 looks", "01_markov_chains", rows=layers, most=FEW),
        "figure-5": Result("A stumbling block", "01_markov_chains", rows=stumbling),
        "figure-6": Result("The previous-token step clamped", "01_markov_chains", rows=clamp, most=FEW),
        "figure-7": Result("The minimal model", "01_markov_chains", rows=minimal, most=FEW),
        "figure-8": Result("What the plateau hangs on", "01_markov_chains", rows=fragile, most=1),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Phases",
            "The loss is held against that of three strategies, and the network's answers against theirs.",
            ("figure_1", "figure_2"),
        ),
        Part(
            "The heads behind them",
            "A head that attends to the token before, and one that attends to what came after the same token.",
            ("figure_3", "figure_4"),
        ),
        Part("A stumbling block", "Is the plateau there because counting tokens is worth something?", ("figure_5",)),
        Part("The minimal model", "Do a matrix and a number a lag go through the same phases?", ("figure_7",)),
        Part("What the plateau hangs on", "How lags enter the scores, and the rate.", ("figure_8",)),
        Part(
            "Our clamp on this network",
            "Beyond the paper: the first paper's clamp of the previous-token step, throughout training.",
            ("figure_6",),
        ),
    ),
    questions=("what", "when"),
    edges=(
        Edge("clamp", "singh_2024:10", True, "giving the previous-token step hastens the rest"),
        Edge("clamp", "reddy_2023:clamp", True, "the plateau goes with the previous-token step given"),
        Edge("1", "reddy_2023:1", True, "a simpler strategy first, then the better one abruptly"),
        Edge("4", "singh_2024:3", True, "heads form together, at the change"),
    ),
    left_open="Does a network with MLPs wait at the same strategies?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
