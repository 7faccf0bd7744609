"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "hernandez_2022", "repeated_data"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "How often is too often?",
        "Half of the tokens come from a pool of sequences that is read R times, the other half are always new. "
        "Model, steps and the share of the pool stay the same.",
        ("figure_repeats", "figure_pool"),
    ),
    Part(
        "Do induction heads pay for it?",
        "Copying from the context is what the loss on fresh sequences hangs on. Is more of it lost than of the whole?",
        ("figure_prefix_matching", "figure_share_lost"),
    ),
)
PAPER = Paper(
    key=KEY,
    title="Scaling laws and interpretability of learning from repeated data",
    sources=(
        Source(
            "Hernandez, Brown, Conerly and others",
            2022,
            "Scaling laws and interpretability of learning from repeated data",
            "2205.10487",
        ),
    ),
    sentence="A pool of data that is just small enough to be learnt by heart costs a network its induction heads.",
    picture="figure_repeats",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-repeats": Result("Losses by the number of repeats", NOTEBOOK, runs.models),
        "figure-pool": Result("Test and pool loss through training", NOTEBOOK, runs.models),
        "figure-prefix-matching": Result("Prefix matching by the number of repeats", NOTEBOOK, runs.models),
        "figure-share-lost": Result("The share lost, of test loss and of copying", NOTEBOOK, runs.models),
    },
    claims=claims_of,
    introduction=(
        "What does it cost to repeat a part of the training data? The paper trains language models of up to 800 "
        "million parameters; here networks of two layers read sequences in which copying pays, three seeds of each. "
        "Shares of repeated data are larger here, so that effects may be stronger than the paper's."
    ),
    story=STORY,
    places={"repeats": "figure_repeats", "copying": "figure_share_lost"},
    questions=("data",),
    left_open="Which heads does a network give up for what it learns by heart?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
