"""Every run of this paper: all targets count, or none that an induction head would get right."""

from induction_heads.networks.tokens.generators import EVERY_TARGET, Hapax, Span, Targets
from induction_heads.networks.tokens.training import TokenRun

STEPS, SNAPSHOT = 1_200, 100
TRAINING = Span(0.3, classes=4)
WITHOUT_COPIES = Span(0.0, classes=4)  # the abstractive test: nothing but the class of a sequence can be inferred
VANILLA, HAPAX = "vanilla", "Hapax"
TARGETS: dict[str, Targets] = {VANILLA: EVERY_TARGET, HAPAX: Hapax()}


def models(seed: int) -> dict[str, TokenRun]:
    return {
        name: TokenRun(seed, TRAINING, layers=2, steps=STEPS, targets=targets, checkpoint_every=SNAPSHOT)
        for name, targets in TARGETS.items()
    }
