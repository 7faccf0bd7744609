"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "hapax_2025", "without_copying"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "No loss where an induction head would be right",
        "A target is left out where, earlier in the sequence, the same token came after the same token. Inputs stay as "
        "they are.",
        ("figure_suppression", "figure_kept", "figure_heads"),
    ),
    Part(
        "Learning what is not in the context",
        "Each sequence is of one of four classes, which have different frequent tokens. Who reads on can tell.",
        ("figure_abstractive",),
    ),
)
PAPER = Paper(
    key=KEY,
    title="In-context learning without copying",
    sources=(Source("Şahin and others", 2025, "In-context learning without copying", "2511.05743"),),
    sentence="With no loss where an induction head would be right: is there in-context learning without copying?",
    picture="figure_suppression",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-suppression": Result("Induction heads and copying through training", NOTEBOOK, runs.models),
        "figure-kept": Result("Kept and dropped targets", NOTEBOOK, runs.models),
        "figure-heads": Result("Every head", NOTEBOOK, runs.models),
        "figure-abstractive": Result("Inferring the class of a sequence", NOTEBOOK, runs.models),
    },
    claims=claims_of,
    introduction=(
        "Does in-context learning whose answer is *not* in the context need induction heads? The paper trains a model "
        "of a billion parameters on the Pile; here networks of two layers, three seeds with and without."
    ),
    story=STORY,
    places={
        "suppression": "figure_suppression",
        "kept targets": "figure_kept",
        "abstractive": "figure_abstractive",
    },
    questions=("what", "data"),
    edges=(
        Edge("abstractive", "olsson_2022:induction-set", False, "does in-context learning need induction heads?"),
        Edge("suppression", "chan_2022:2", True, "induction is learnt where repetition pays"),
    ),
    left_open="Does a network that must copy some targets and not others keep its heads to those?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
