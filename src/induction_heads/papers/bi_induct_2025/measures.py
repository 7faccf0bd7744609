"""What is measured on this paper's networks: copying forward and backward, lag curves, and the load on the top head."""

import math

import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.evaluate import LAG_TEST
from induction_heads.networks.tokens.generators import BATCH, repeats_a_bigram
from induction_heads.networks.tokens.measures import LAGS
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES

from . import runs

FREE = 3.806  # nats: the entropy of a free token
BACK = LAGS.index(-1)
ANTI = 0.1  # attention from which a head counts as a backward head
MOVED = 5  # places
PLAIN_COPIES, SNIPPETS, MOVED_SNIPPETS = "24 tokens, reversed", "snippets as trained", f"snippets {MOVED} places on"
GUARD = 0.05  # nats, above natural training: the noise between seeds
ACCELERATES = 0.9  # of the natural arm's steps
FORMED = 0.3  # prefix matching from which an induction head counts as formed


def step_to(trained: Trained, level: float = FORMED) -> float:
    """The step at which the largest prefix matching reaches a level; infinite if it never does."""
    return evaluate.crossing(trained.history.step, trained.history.prefix_matching, level)


def reversed_copies(n: int = BATCH) -> Int[Tensor, "batch token"]:
    """24 different tokens, then the same backwards: what comes next is what stood *before* the last occurrence."""
    once = LAG_TEST.held_out(0, n).tokens[:, : LAG_TEST.distinct]
    return torch.cat([once, once.flip(1)], 1)


def lag_curves(trained: Trained) -> Float[ndarray, "head lag"]:
    """Of every head on reversed copies, lags -6 to 6; -1 is an anti-induction head."""
    return evaluate.lag_curves(trained.final, trained.run.variant, reversed_copies())


def answer_attention(trained: Trained, moved: int = 0) -> float:
    """Attention to the answer at the copied tokens of backward snippets, in [0, 1], of the head that has most.

    The answer stands before the last occurrence, as at lag -1 of reversed copies. `moved` puts so many natural tokens
    before the snippets, which then stand at other places than in training.
    """
    drawn = runs.snippets(1.0)
    before = runs.NATURAL_DATA.held_out(3, BATCH).tokens[:, :moved]
    tokens = torch.cat([before, drawn.held_out(3, BATCH).tokens], 1)[:, : drawn.length]
    begin = torch.arange(moved, drawn.length - drawn.size + 1, drawn.size)[:, None]  # of each whole snippet
    query = drawn.span + 1 + torch.arange(drawn.span - 1)
    answer = 2 * drawn.span - 1 - query
    seen = evaluate.sites(trained.final, tokens, trained.run.variant)
    patterns = [site for name, site in seen.items() if name.endswith("hook_pattern")]
    return max(float(p[:, :, begin + query, begin + answer].mean((0, 2, 3)).max()) for p in patterns)


def backward_attention(trained: Trained) -> dict[str, float]:
    """The largest attention of a head to the answer on three kinds of reversed copies."""
    return {
        PLAIN_COPIES: float(lag_curves(trained)[:, BACK].max()),
        SNIPPETS: answer_attention(trained),
        MOVED_SNIPPETS: answer_attention(trained, MOVED),
    }


def copy_losses(trained: Trained) -> dict[str, list[float]]:
    """Loss on the copied tokens of forward and of backward snippets at every snapshot, nats. Remembered."""
    return evaluate.remembered_of("copy losses", _copy_losses, trained)


def _copy_losses(trained: Trained) -> dict[str, list[float]]:
    each = {name: runs.snippets(runs.BACKWARD[name]).held_out(3, BATCH) for name in (runs.FORWARD, runs.REVERSE)}
    return evaluate.through_training(trained, {name: (drawn.tokens, drawn.copied) for name, drawn in each.items()})


def load(trained: Trained) -> dict[str, float]:
    """How much of what copying gains is lost without the head of most prefix matching, and without others on average.

    Copying gains the entropy of a free token less the loss on natural targets that an induction head gets right.
    Remembered.
    """
    return evaluate.remembered_of("load", _load, trained)


def _load(trained: Trained) -> dict[str, float]:
    tokens = runs.NATURAL_DATA.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES).tokens
    read = tokens, repeats_a_bigram(tokens)
    table = evaluate.heads(trained.final, tokens)
    intact = evaluate.loss_without(trained.final, read)
    gain = FREE - intact
    without = {head: evaluate.loss_without(trained.final, read, (head,)) for head in table.index}
    lost = {head: (loss - intact) / gain if gain > 0 else math.nan for head, loss in without.items()}
    top = table.prefix_matching.idxmax()
    others = [share for head, share in lost.items() if head != top]
    return {"gain": gain, "top": lost[top], "others": sum(others) / len(others)}
