"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "bi_induct_2025", "induction_curricula"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "Snippets to be copied",
        "Early in training, half of the sequences are snippets: a span, a separator, and the span again or backwards. "
        "Their share falls to nothing; what is held out is natural.",
        ("figure_activity", "figure_copying", "figure_further"),
    ),
    Part(
        "Forward and backward",
        "No key knows its successor, so that a head which attends to what stood *before* an earlier occurrence cannot "
        "be built from a previous-token head. Positions can tell it where to look, where snippets always begin alike.",
        ("figure_lag_curves", "figure_backward"),
    ),
    Part(
        "Are such heads useful?",
        "What snippets cost on natural data, and how much of copying hangs on the top head.",
        ("figure_natural_loss", "figure_load"),
    ),
)
PAPER = Paper(
    key=KEY,
    title="Induction signatures are not enough",
    sources=(Source("Sabry and Belz", 2025, "Induction signatures are not enough", "2509.22947"),),
    sentence="Do snippets to be copied, mixed into training, bring induction heads sooner, and useful ones?",
    picture="figure_activity",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-activity": Result("Prefix matching through training", NOTEBOOK, runs.models),
        "figure-copying": Result("Copying, forward and backward", NOTEBOOK, runs.models),
        "figure-lag-curves": Result("Lag curves on reversed copies", NOTEBOOK, runs.models),
        "figure-backward": Result("Attention to the answer, going backward", NOTEBOOK, runs.models),
        "figure-natural-loss": Result("Loss on natural data", NOTEBOOK, runs.models),
        "figure-load": Result("The load on the top head", NOTEBOOK, runs.models),
        "figure-further": Result("Further settings", NOTEBOOK, runs.further, first_seed_alone=True),
    },
    claims=claims_of,
    introduction=(
        "Do copy snippets in pretraining give useful induction heads? The paper trains language models of 0.13 to 1 "
        "billion parameters; here networks of two layers, three seeds of each arm."
    ),
    story=STORY,
    places={
        "activity": "figure_activity",
        "asymmetry": "figure_lag_curves",
        "guardrail": "figure_natural_loss",
        "load": "figure_load",
    },
    questions=("when", "data"),
    edges=(Edge("forward-accelerates", "chan_2022:2", True, "repetition in the context brings learning in context"),),
    left_open="Why do heads that reverse by position stand in the way of induction heads?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
