"""The papers as a value, and their story: what stands between their figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "one_layer_induction", "one_layer"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "One layer, five kinds of attention",
        "An induction head matches the present token with the predecessor of a key. Plain attention needs a layer "
        "before to tell a key its predecessor; these mix it in.",
        ("figure_losses", "figure_gamma", "figure_strongest"),
    ),
    Part(
        "How they do it",
        "Which terms of the attention scores are tied to each other decides how well it goes.",
        ("figure_lag_curves", "figure_shares"),
    ),
)
PAPER = Paper(
    key=KEY,
    title="Induction in one layer",
    sources=(
        Source("Xu, Cheng, Wang and Chen", 2024, "KV shifting attention enhances language modeling", "2411.19574"),
        Source(
            "Maitra",
            2026,
            "Momentum attention: the physics of in-context learning and spectral forensics for mechanistic "
            "interpretability",
            "2602.04902",
        ),
    ),
    sentence="Momentum, KV shifting and smeared keys: what one layer needs to complete A B … A with B.",
    picture="figure_losses",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-losses": Result("Losses through training", NOTEBOOK, runs.models),
        "figure-gamma": Result("Loss by the strength of momentum", NOTEBOOK, runs.models),
        "figure-lag-curves": Result("Lag curves", NOTEBOOK, runs.models),
        "figure-strongest": Result("The strongest momentum in further settings", NOTEBOOK, runs.further),
        "figure-shares": Result("What heads with KV shifting learn", NOTEBOOK, runs.models),
    },
    claims=claims_of,
    introduction=(
        "Can one layer do induction? Three ways to let a key see its predecessor, on repeated blocks of random tokens, "
        "three seeds of each."
    ),
    story=STORY,
    places={
        "one layer": "figure_losses",
        "momentum": "figure_gamma",
        "lags": "figure_lag_curves",
        "shares": "figure_shares",
    },
    questions=("what",),
    edges=(
        Edge(
            "one-layer-suffices", "olsson_2022:smeared", True, "one layer does induction if a key sees the token before"
        ),
        Edge("one-layer-suffices", "olsson_2022:phase-change", True, "one plain layer does not do induction"),
    ),
    left_open="Does momentum catch up in deeper networks, where its best strength is said to be smaller?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
