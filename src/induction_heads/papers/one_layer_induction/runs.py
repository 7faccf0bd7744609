"""Every run of these papers: one layer with each attention on repeated blocks (REP), and two plain layers beside it."""

import dataclasses

from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import PLAIN, Momentum, ShiftedKeysAndValues, SmearedKeys, Variant

STEPS, SNAPSHOT = 1_200, 25
LATER, SLOWER = 2 * STEPS, 1e-3  # of the further settings: steps, and a learning rate beside 3e-3
VANILLA, SMEARED, SHIFTED = "vanilla", "smeared keys", "KV shifting"
GAMMAS = (0.5, 1.0, 2.0)
KEYS_ONLY, TWO = "momentum 1, keys only", "vanilla, 2 layers"
LONGER, GENTLER = f"{LATER:,} steps", f"{LATER:,} steps, learning rate {SLOWER:g}"


def momentum(gamma: float) -> str:
    return f"momentum {gamma:g}"


VARIANTS: dict[str, Variant] = {
    VANILLA: PLAIN,
    SMEARED: SmearedKeys(),
    SHIFTED: ShiftedKeysAndValues(),
    **{momentum(gamma): Momentum(gamma) for gamma in GAMMAS},
    KEYS_ONLY: Momentum(1.0, keys_only=True),
}


def models(seed: int) -> dict[str, TokenRun]:
    """What an attention is called -> its run; all of one layer but the last."""
    one = {name: _run(seed, variant) for name, variant in VARIANTS.items()}
    return one | {TWO: TokenRun(seed, REP, layers=2, steps=STEPS, checkpoint_every=SNAPSHOT)}


def further(seed: int) -> dict[str, TokenRun]:
    """The strongest momentum in two further settings."""
    strongest = Momentum(max(GAMMAS))
    return {
        LONGER: _run(seed, strongest, LATER),
        GENTLER: dataclasses.replace(_run(seed, strongest, LATER), learning_rate=SLOWER),
    }


def _run(seed: int, variant: Variant, steps: int = STEPS) -> TokenRun:
    return TokenRun(seed, REP, layers=1, steps=steps, variant=variant, checkpoint_every=SNAPSHOT)
