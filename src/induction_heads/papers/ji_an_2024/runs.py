"""The runs of this paper: two layers on repeated blocks (REP), with the network kept every 25 steps; and momentum."""

from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import Momentum

STEPS, SNAPSHOT = 900, 25
NETWORK = "2 layers"
MOMENTUM = "1 layer, momentum 1"
MOMENTUM_STEPS = 1_200


def models(seed: int) -> dict[str, TokenRun]:
    return {NETWORK: TokenRun(seed, REP, layers=2, steps=STEPS, checkpoint_every=SNAPSHOT)}


def momentum(seed: int) -> dict[str, TokenRun]:
    """One layer whose heads attend forward and backward at once, so that no clean spike is fitted (2602.04902)."""
    run = TokenRun(seed, REP, layers=1, steps=MOMENTUM_STEPS, variant=Momentum(1.0), checkpoint_every=SNAPSHOT)
    return {MOMENTUM: run}
