"""The paper as a value."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Paper, Source
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.study import Study
from induction_heads.networks import kernels

from .runs import RESULTS, SEEDS, SMOKE_SEEDS
from .story import INTRODUCTION, STORY


def study_of(settings: Settings) -> Study:
    from .study import Study  # which loads the data

    return Study.of(settings)


def claims_of() -> Sequence[Claim]:
    from .claims import LEDGER

    return LEDGER


PAPER = Paper(
    key="singh_2024",
    title="What needs to go right for an induction head?",
    sources=(
        Source(
            "Singh, Moskovitz, Hill, Chan and Saxe",
            2024,
            "What needs to go right for an induction head? A mechanistic study of in-context learning circuits and "
            "their formation",
            "2404.07129",
        ),
    ),
    sentence="Clamped throughout training, three smoothly learnt subcircuits show why induction heads appear abruptly.",
    picture="figure_5b",
    study=study_of,
    results=RESULTS,
    claims=claims_of,
    introduction=INTRODUCTION,
    story=STORY,
    places={"section 3": "figure_3_direct_path"},
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
    questions=("what", "why"),
    left_open="Is a plateau there because subcircuits wait for each other in any network, or in this one?",
    rank=0,
)
