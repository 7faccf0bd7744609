"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Paper, Part, Source
from induction_heads.machinery.short import Result
from induction_heads.machinery.study import Study

from .runs import SEEDS, TWO_LAYER_SEEDS, one_layer, two_layers

INTRODUCTION = (
    "What does attention compute that has learnt to learn in context? On linear regression, with linear attention, the "
    "paper can say it exactly: one layer takes one step of gradient descent on the examples in its context, and "
    "stacked layers take several, with inputs transformed between them."
)


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key="oswald_2022",
    title="Do transformers learn in context by gradient descent?",
    sources=(
        Source(
            "von Oswald, Niklasson, Randazzo, Sacramento, Mordvintsev, Zhmoginov and Vladymyrov",
            2022,
            "Transformers Learn In-Context by Gradient Descent",
            "2212.07677",
        ),
    ),
    sentence="A trained layer of linear attention takes one step of gradient descent on the examples in its context.",
    picture="figure_3",
    study=lambda settings: Study("oswald_2022", settings),
    results={
        "figure-1": Result("The loss of one layer", "01_gradient_descent", rows=one_layer),
        "figure-2": Result("The same linear model", "01_gradient_descent", rows=one_layer),
        "figure-3": Result("The same weights", "01_gradient_descent", rows=one_layer),
        "figure-4": Result("Inputs of other sizes", "01_gradient_descent", rows=one_layer),
        "figure-5": Result("Two layers", "01_gradient_descent", rows=two_layers, most=TWO_LAYER_SEEDS),
    },
    claims=claims_of,
    introduction=INTRODUCTION,
    story=(
        Part(
            "One layer is one step",
            "The construction writes a step of gradient descent into the weights of a layer. Does training find it?",
            ("figure_1", "figure_2", "figure_3", "figure_4"),
        ),
        Part(
            "Two layers are more than two steps",
            "Stacked layers may also change the inputs between steps, which makes the problem easier for the next.",
            ("figure_5",),
        ),
    ),
    questions=("what",),
    left_open="What lies between a softmax that picks one token and a sum over all?",
    seeds={"paper": SEEDS, "smoke": SEEDS[:2]},
)
