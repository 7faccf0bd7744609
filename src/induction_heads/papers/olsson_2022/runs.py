"""Every run of this paper: small networks on repeated blocks of random tokens (REP), of one to three layers."""

from induction_heads.networks.clamps import InductionAttention, PreviousTokenAttention
from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import PLAIN, SmearedKeys, Variant

SNAPSHOT = 25  # steps
ONE, TWO, THREE = "1 layer", "2 layers", "3 layers"
SMEARED_ONE, SMEARED_TWO = "1 layer, smeared", "2 layers, smeared"
SIZES: dict[str, tuple[int, int, Variant]] = {  # layers, steps, attention
    ONE: (1, 900, PLAIN),
    TWO: (2, 900, PLAIN),
    THREE: (3, 650, PLAIN),
    SMEARED_ONE: (1, 600, SmearedKeys()),
    SMEARED_TWO: (2, 600, SmearedKeys()),
}
NOTHING, STEP_1, PATTERN = "nothing", "step 1", "induction pattern"
CLAMPS = {  # what is given to the network throughout training
    NOTHING: (),
    STEP_1: (PreviousTokenAttention("L1H0"),),
    PATTERN: (InductionAttention("L2H0"),),
}
CLAMPED_STEPS, MORE_SEEDS = 1_200, (3, 4)  # longer than the others, for seeds that learn late


def network(seed: int, layers: int, steps: int, variant: Variant = PLAIN) -> TokenRun:
    return TokenRun(seed, REP, layers=layers, steps=steps, variant=variant, checkpoint_every=SNAPSHOT)


def models(seed: int) -> dict[str, TokenRun]:
    return {name: network(seed, *size) for name, size in SIZES.items()}


def clamped(seed: int) -> dict[str, TokenRun]:
    """Layer 1's or Layer 2's head 0 has its pattern given, at every step; else the network is that of `models`."""
    given = {
        name: TokenRun(seed, REP, layers=2, steps=CLAMPED_STEPS, clamps=each) for name, each in CLAMPS.items() if each
    }
    return {NOTHING: network(seed, 2, CLAMPED_STEPS)} | given
