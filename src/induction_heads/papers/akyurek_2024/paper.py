"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "akyurek_2024", "01_languages"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


PAPER = Paper(
    key=KEY,
    title="How is a new language learnt in context?",
    sources=(
        Source(
            "Akyürek, Wang, Kim and Andreas",
            2024,
            "In-Context Language Learning: Architectures and Algorithms",
            "2401.12973",
        ),
    ),
    sentence="One layer counts symbols; heads that look up what came after the last symbols stand in for depth.",
    picture="figure_1",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-1": Result("How well a new language is known", NOTEBOOK, runs.models),
        "figure-2": Result("What more context is worth", NOTEBOOK, runs.models),
        "figure-3": Result("Through training", NOTEBOOK, runs.models),
        "figure-4": Result("Do heads of layer 2 look up n-grams?", NOTEBOOK, runs.two_layers),
        "figure-5": Result("What is said of a sequence", NOTEBOOK, runs.models, first_seed_alone=True),
    },
    claims=claims_of,
    introduction=(
        "Every sequence holds strings of a regular language that no other sequence has; to go on with a string, the "
        "language has to be inferred from those before it. The paper finds that transformers do it by heads that look "
        "up n-grams, and that such heads, written into a network, help it as more layers do."
    ),
    story=(
        Part(
            "Depth, or heads that are given",
            "A network is held against counting n-grams in the sequence.",
            ("figure_1", "figure_3"),
        ),
        Part(
            "What it does with the context",
            "By place, by where its heads look, and on one sequence.",
            ("figure_2", "figure_4", "figure_5"),
        ),
    ),
    questions=("what", "data"),
    edges=(
        Edge("1", "edelman_2024:3", True, "one layer counts tokens"),
        Edge("2", "olsson_2022:phase-change", True, "two layers learn from the context what one cannot"),
        Edge("4", "kissane_2024:long-head", True, "heads for more than one token"),
        Edge("3", "olsson_2022:smeared", True, "one layer learns it where the look-up is given"),
    ),
    left_open="Which heads do two layers form beyond those of pairs, and why so late?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
