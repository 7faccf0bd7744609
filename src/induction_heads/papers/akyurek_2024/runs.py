"""Every run: one layer and two, and one with n-gram heads before it; a name of a figure -> the run."""

from induction_heads.networks.tokens.languages import Languages, Symbols
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import PLAIN, NGramHeads, Variant

ONE, TWO = "1 layer", "2 layers"
BIGRAM, BOTH = "NGH1 + 1 layer", "NGH1, NGH2 + 1 layer"
SHORT, LONG = 600, 1_500  # steps; two layers take longer
SNAPSHOT = 100  # steps


def _run(seed: int, layers: int, steps: int, variant: Variant = PLAIN) -> TokenRun:
    return TokenRun(
        seed,
        Languages(),
        layers,
        steps,
        variant,
        Symbols(),
        evaluate_every=SNAPSHOT,
        checkpoint_every=SNAPSHOT,
        stream_seed=seed,
    )


def models(seed: int) -> dict[str, TokenRun]:
    return {
        ONE: _run(seed, 1, SHORT),
        BIGRAM: _run(seed, 1, SHORT, NGramHeads((1,))),
        BOTH: _run(seed, 1, SHORT, NGramHeads((1, 2))),
        TWO: _run(seed, 2, LONG),
    }


def two_layers(seed: int) -> dict[str, TokenRun]:
    return {TWO: models(seed)[TWO]}
