"""Every run of this paper: natural sequences, of which a falling share becomes snippets to be copied."""

from induction_heads.networks.tokens.generators import Generator, Mixed, Snippets, Span
from induction_heads.networks.tokens.training import TokenRun

STEPS, SNAPSHOT = 1_200, 100
SHARE = 0.5  # of snippets at the first step; it falls to 0 at the last
NATURAL_DATA = Span(0.1, classes=4)
NATURAL, FORWARD, REVERSE, BALANCED = "natural", "forward", "reverse", "balanced"
BACKWARD = {FORWARD: 0.0, REVERSE: 1.0, BALANCED: 0.5}  # probability that a snippet is backward
ANYWHERE, HALF = "forward anywhere", "forward with half the share"
REVERSE_HALF, REVERSE_LONG, NATURAL_LONG = (
    "reverse with half the share",
    "reverse twice as long",
    "natural twice as long",
)


def snippets(backward: float, anywhere: bool = False) -> Snippets:
    return Snippets(NATURAL_DATA, backward=backward, anywhere=anywhere)


def mixed(backward: float, anywhere: bool = False, share: float = SHARE, steps: int = STEPS) -> Generator:
    return Mixed(NATURAL_DATA, snippets(backward, anywhere), steps=steps, share=share)


def run(seed: int, data: Generator, steps: int = STEPS) -> TokenRun:
    return TokenRun(seed, data, layers=2, steps=steps, checkpoint_every=SNAPSHOT)


def models(seed: int) -> dict[str, TokenRun]:
    """What an arm is called -> its run; what is held out is natural in all."""
    arms = {name: run(seed, mixed(backward)) for name, backward in BACKWARD.items()}
    return {NATURAL: run(seed, NATURAL_DATA)} | arms


def further(seed: int) -> dict[str, TokenRun]:
    """Settings beside the recipe: snippets that positions do not give away, fewer of them, and a longer training."""
    return {
        ANYWHERE: run(seed, mixed(0.0, anywhere=True)),
        HALF: run(seed, mixed(0.0, share=SHARE / 2)),
        REVERSE_HALF: run(seed, mixed(1.0, share=SHARE / 2)),
        REVERSE_LONG: run(seed, mixed(1.0, steps=2 * STEPS), 2 * STEPS),
        NATURAL_LONG: run(seed, NATURAL_DATA, 2 * STEPS),
    }
