"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "olsson_2022", "in_context_learning"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "A change in a narrow window",
        "Sequences are a block of random tokens, repeated. Only what the context says can be predicted, and only from "
        "the second time on.",
        ("figure_phase_change", "figure_loss_paths", "figure_depth"),
    ),
    Part(
        "One layer, when keys see their predecessor",
        "A smeared key is a mixture of a token's key and its predecessor's, in a proportion that is learnt. It stands "
        "in for a previous-token head in a layer before.",
        ("figure_smeared",),
    ),
    Part(
        "What is lost without them",
        "A head is zeroed, and the rest of the network computed anew; or all patterns are held as they were, so that "
        "only what the head itself says is lost.",
        ("figure_ablations", "figure_heads"),
    ),
    Part(
        "Beyond the paper: parts given throughout training",
        "The interventions of *What needs to go right for an induction head?* on these networks: one part of the "
        "circuit is given at every step of training, the rest is learnt.",
        ("figure_clamped",),
    ),
)
RESULTS = {
    "figure-phase-change": Result("The phase change", NOTEBOOK, runs.models),
    "figure-loss-paths": Result("Losses through training, in a plane", NOTEBOOK, runs.models),
    "figure-depth": Result("Prefix matching by depth", NOTEBOOK, runs.models),
    "figure-smeared": Result("Smeared keys", NOTEBOOK, runs.models),
    "figure-ablations": Result("Heads ablated", NOTEBOOK, runs.models),
    "figure-heads": Result("Prefix matching, copying and the QK trace", NOTEBOOK, runs.models),
    "figure-clamped": Result("Parts given throughout training", NOTEBOOK, runs.clamped, more_seeds=runs.MORE_SEEDS),
}
PAPER = Paper(
    key=KEY,
    title="In-context learning and induction heads",
    sources=(
        Source(
            "Olsson, Elhage, Nanda, Joseph and others", 2022, "In-context learning and induction heads", "2209.11895"
        ),
    ),
    sentence="Networks of two layers learn to copy from the context in a narrow window, as induction heads form.",
    picture="figure_phase_change",
    study=lambda settings: Study(KEY, settings),
    results=RESULTS,
    claims=claims_of,
    introduction=(
        "Do induction heads cause in-context learning? The paper follows 34 language models through training; here "
        "networks of one to three layers are trained on repeated blocks of random tokens, three seeds of each."
    ),
    story=STORY,
    places={
        "argument 1": "figure_phase_change",
        "argument 1, the window": "figure_phase_change",
        "argument 2": "figure_smeared",
        "argument 3, Layer 1": "figure_ablations",
        "argument 3, Layer 2": "figure_ablations",
        "argument 5": "figure_heads",
        "beyond the paper": "figure_clamped",
    },
    questions=("what", "when"),
    edges=(
        Edge("phase-change", "singh_2024:1", True, "the loss falls abruptly"),
        Edge("co-occurrence", "singh_2024:3", True, "heads form while the loss falls"),
        Edge("previous-token-set", "singh_2024:table-1", True, "previous-token heads act through later patterns"),
        Edge("induction-set", "singh_2024:5", True, "Layer 2 alone gives the answer"),
        Edge("clamp-step-1", "singh_2024:10", True, "giving the previous-token step hastens the rest"),
        Edge("clamp-step-1", "edelman_2024:clamp", True, "giving the previous-token step hastens the rest"),
    ),
    left_open="Do induction heads carry learning in context in networks with MLPs, on text?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
