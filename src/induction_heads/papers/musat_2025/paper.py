"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Paper, Part, Source
from induction_heads.machinery.paper import Result as Drawn
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, networks

INTRODUCTION = (
    "Why does an induction head emerge, and when? The paper follows gradient descent from zero and finds that it stays "
    "in a space of 19 dimensions, of which three matter: one for each step of the circuit. In these three numbers the "
    "dynamics can be solved, and the time that they take grows with the square of the context's length."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="musat_2025",
    title="When do induction heads emerge?",
    sources=(
        Source(
            "Musat, Pimentel, Noci, Stolfo, Sachan and Hofmann",
            2025,
            "On the Emergence of Induction Heads for In-Context Learning",
            "2511.01033",
        ),
    ),
    sentence="Three numbers carry the whole of training, and the time they take grows with the square of the context.",
    picture="figure_2",
    study=lambda settings: Study("musat_2025", settings),
    results={
        "figure-1": Drawn("Three weights, one after the other", "01_emergence"),
        "figure-2": Drawn("The time grows with the square of the context", "01_emergence"),
        "figure-3": Result("The network's 19 coefficients", "01_emergence", rows=networks),
        "figure-4": Result("What 19 directions and three hold", "01_emergence", rows=networks),
        "figure-5": Result("The weights at the end", "01_emergence", rows=networks),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "Three numbers",
            "The label has to attend to the item before it (α₃), the query to the label that has done so (β₂), and "
            "what is read has to be copied (γ₃). Each learns only as fast as the others let it.",
            ("figure_1", "figure_2"),
        ),
        Part(
            "The network",
            "Do the weights of a network, thousands of them, keep to these directions? The network is our "
            "reconstruction from the paper's description.",
            ("figure_3", "figure_4", "figure_5"),
        ),
    ),
    questions=("when", "why"),
    left_open="With the previous-token step given, does the time grow with the context instead of its square?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
