"""Every run of this paper: half of the tokens come from a pool of sequences that is read R times."""

from induction_heads.networks.tokens.generators import BATCH, Generator, Pooled, Span
from induction_heads.networks.tokens.training import TokenRun

STEPS, LEARNT = 1_500, 0.6  # steps are doubled if the loss on repeats of unrepeated training is above 0.6 nats then
SHARE = 0.5  # of the tokens that come from the pool; the paper: 0.1, mainly
FRESH = Span(0.3)
NONE, REPEATS = "none", (10, 100, 1_000, 10_000)
SNAPSHOT = 100  # steps


def name(repeats: int) -> str:
    return f"{repeats:,}"


NAMES = (NONE, *map(name, REPEATS))


def data(repeats: int | None) -> Generator:
    """The pool has as many sequences as are read so often in training: share x steps x batch / repeats."""
    if repeats is None:
        return FRESH
    return Pooled(FRESH, pool=max(1, round(SHARE * STEPS * BATCH / repeats)), share=SHARE)


def models(seed: int) -> dict[str, TokenRun]:
    """What each run is called (how often its pool is read) -> the run; steps and the share of the pool are the same."""
    return {
        called: TokenRun(seed, data(repeats), layers=2, steps=STEPS, checkpoint_every=SNAPSHOT)
        for called, repeats in zip(NAMES, (None, *REPEATS), strict=True)
    }
