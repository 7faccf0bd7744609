"""Every run of this paper: three layers on blocks in which one token does not say what follows."""

from induction_heads.networks.tokens.generators import Repeat
from induction_heads.networks.tokens.training import TokenRun

LAYERS, STEPS, SNAPSHOT = 3, 2_000, 200


def blocks(alphabet: tuple[int, int] | None) -> Repeat:
    """12 to 32 tokens drawn with replacement from so many symbols, or from all 64; the fewer, the less one tells."""
    return Repeat(shortest=12, longest=32, distinct=False, alphabet=alphabet)


AMBIGUOUS = blocks((6, 39))
NETWORK, BOTH, PLAIN, LONGER = "6 to 39 symbols", "6 to 64 symbols", "64 symbols", "6 to 39 symbols, 4,000 steps"


def _run(seed: int, data: Repeat, steps: int = STEPS) -> TokenRun:
    return TokenRun(seed, data, layers=LAYERS, steps=steps, checkpoint_every=SNAPSHOT)


def models(seed: int) -> dict[str, TokenRun]:
    """The page's recipe."""
    return {NETWORK: _run(seed, AMBIGUOUS)}


def further(seed: int) -> dict[str, TokenRun]:
    """Three settings beside it: other data twice, and the same for twice the steps."""
    other = {BOTH: _run(seed, blocks((6, 64))), PLAIN: _run(seed, blocks(None))}
    return other | {LONGER: _run(seed, AMBIGUOUS, 2 * STEPS)}
