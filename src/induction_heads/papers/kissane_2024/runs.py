"""Every run of this paper: three layers on blocks in which one token does not say what follows."""

from induction_heads.networks.tokens.generators import REP_W, Repeat
from induction_heads.networks.tokens.training import TokenRun

LAYERS, STEPS = 3, 2_000
AMBIGUOUS = Repeat(shortest=12, longest=32, distinct=False, alphabet=(6, 39))
NETWORK = "6 to 39 symbols a block"
FURTHER = {  # settings beside the page's recipe
    "6 to 12 symbols a block": Repeat(shortest=12, longest=32, distinct=False, alphabet=(6, 12)),
    "all 64 symbols (REP-w)": REP_W,
}


def models(seed: int) -> dict[str, TokenRun]:
    return {NETWORK: TokenRun(seed, AMBIGUOUS, layers=LAYERS, steps=STEPS)}


def further(seed: int) -> dict[str, TokenRun]:
    return {name: TokenRun(seed, data, layers=LAYERS, steps=STEPS) for name, data in FURTHER.items()}
