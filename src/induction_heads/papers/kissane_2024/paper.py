"""The paper as a value, and its story: what stands between its figures in the gallery."""

from collections.abc import Sequence

from induction_heads.machinery.ledger import Claim
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.networks import kernels
from induction_heads.networks.tokens.study import SEEDS, SMOKE_SEEDS, Result, Study

from . import runs

KEY, NOTEBOOK = "kissane_2024", "long_and_short_prefixes"


def claims_of() -> Sequence[Claim]:
    from .claims import CLAIMS

    return CLAIMS


STORY = (
    Part(
        "One token or several",
        "Where blocks are drawn from few symbols, one token does not say what follows; several in a row do. Heads are "
        "tested on sequences of different tokens, in which m of them repeat.",
        ("figure_prefix_lengths", "figure_answer_logit", "figure_through_training"),
    ),
    Part(
        "A token changed",
        "Would a head that needs a long prefix lose its target when the token two before it is another, and a head of "
        "short prefixes keep it?",
        ("figure_corruption",),
    ),
    Part(
        "Other data",
        "The more symbols a block has, the more one token tells. Three further settings ask whether short and long "
        "heads ever stand side by side.",
        ("figure_further",),
    ),
)
PAPER = Paper(
    key=KEY,
    title="Induction heads of long and of short prefixes",
    sources=(
        Source(
            "Kissane, Krzyzanowski, Bloom, Conmy and Nanda",
            2024,
            "Interpreting attention layer outputs with sparse autoencoders",
            "2406.17759",
        ),
    ),
    sentence="Some induction heads need one repeated token, others several; here no network has both.",
    picture="figure_prefix_lengths",
    study=lambda settings: Study(KEY, settings),
    results={
        "figure-prefix-lengths": Result("Attention by the length of the prefix", NOTEBOOK, runs.models),
        "figure-answer-logit": Result("The answer's logit by the length of the prefix", NOTEBOOK, runs.models),
        "figure-through-training": Result("Which prefix comes first in training", NOTEBOOK, runs.models),
        "figure-corruption": Result("A prefix cut to one token", NOTEBOOK, runs.models),
        "figure-further": Result("Other data", NOTEBOOK, runs.further, first_seed_alone=True),
    },
    claims=claims_of,
    introduction=(
        "Why so many induction heads? In GPT-2 small, sparse autoencoders suggested, and tests confirmed, that some "
        "need long prefixes and others one token. Here networks of three layers are trained on blocks in which long "
        "prefixes pay, three seeds."
    ),
    story=STORY,
    places={"prefixes": "figure_prefix_lengths", "corruption": "figure_corruption"},
    questions=("what", "data"),
    edges=(Edge("corruption", "singh_2024:table-2", True, "induction heads of one network do different things"),),
    left_open="Which data make short and long heads in one small network?",
    seeds={"paper": SEEDS, "smoke": SMOKE_SEEDS},
    start_early=kernels.load_in_background,
)
