"""The runs of this paper: two layers on repeated blocks (REP), with the network kept every 25 steps."""

from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun

STEPS, SNAPSHOT = 900, 25
NETWORK = "2 layers"


def models(seed: int) -> dict[str, TokenRun]:
    return {NETWORK: TokenRun(seed, REP, layers=2, steps=STEPS, checkpoint_every=SNAPSHOT)}
