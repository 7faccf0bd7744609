"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "ji_an_2024", "episodic_memory"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "How people recall",
        "After a list, people recall it in any order; but from one item they go on to the next more often than to any "
        "other, and forward more often than back. A drifting context explains it.",
        ("figure_recall",),
    ),
    Part(
        "How heads attend",
        "From a repeated token, attention by the distance from its last occurrence is a curve of the same kind.",
        ("figure_fits", "figure_distance", "figure_other_shapes"),
    ),
    Part(
        "Through training, and without them",
        "Heads come nearer to recall as the loss falls; zeroed, they are missed.",
        ("figure_training", "figure_causal"),
    ),
)
PAPER = Paper(
    key=KEY,
    title="Linking in-context learning in transformers to human episodic memory",
    sources=(
        Source(
            "Ji-An, Zhou, Benna and Mattar",
            2024,
            "Linking in-context learning in transformers to human episodic memory",
            "2405.14992",
        ),
    ),
    sentence="Do induction heads attend to the past as people recall a list?",
    picture="figure_fits",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-recall": Result("The model of recall", NOTEBOOK, runs.models),
        "figure-fits": Result("Lag curves with their fits", NOTEBOOK, runs.models),
        "figure-distance": Result("Distance from recall by prefix matching", NOTEBOOK, runs.models),
        "figure-other-shapes": Result("What else is near to recall", NOTEBOOK, runs.momentum),
        "figure-training": Result("Distance through training", NOTEBOOK, runs.models),
        "figure-causal": Result("Heads zeroed", NOTEBOOK, runs.models),
    },
    claims=claims_of,
    introduction=(
        "Do induction heads resemble human episodic recall? The paper fits a model of free recall to heads of language "
        "models; here to those of two-layer networks on repeated random blocks, three seeds."
    ),
    story=STORY,
    places={
        "lag curves": "figure_fits",
        "fit": "figure_fits",
        "training": "figure_training",
        "causal": "figure_causal",
    },
    questions=("what", "when"),
    edges=(
        Edge("causal", "olsson_2022:induction-set", True, "without these heads copying from the context is lost"),
        Edge("training", "olsson_2022:co-occurrence", True, "the heads come as the loss falls"),
        Edge("asymmetry", "bi_induct_2025:asymmetry", True, "heads attend forward, hardly backward"),
    ),
    left_open="Are heads that attend both ways, as with momentum, recall with another context?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
