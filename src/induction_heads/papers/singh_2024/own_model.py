"""The paper's clamps on a plain model of tokens (`clamp_your_own_model`): its data, and what is measured on it.

Nothing here knows of exemplars and labels: tokens in, next token out. In every sequence the tokens whose successor
can be known from the context are marked; a loss counts those alone.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

BATCH, LENGTH = 64, 24  # sequences of a step, tokens of a sequence
WORDS = 32  # different tokens in repeated blocks
SHORTEST, LONGEST = 6, 12  # tokens of a block
LEVELS = {"left": 0.9, "learnt": 0.4, "done": 0.1}  # of the loss of who knows a block's tokens but not their order

LEARNT = LEVELS["learnt"] * float(np.log(LONGEST))  # nats

Drawn = tuple[Int[Tensor, "batch token"], Bool[Tensor, "batch token-1"]]


def repeated(generator: torch.Generator) -> Drawn:
    """A block of 6 to 12 different tokens, again and again. For a block of 3: a b c a b c a -> . . . b c a b"""
    period = torch.randint(SHORTEST, LONGEST + 1, (BATCH, 1), generator=generator)
    block = torch.rand(BATCH, WORDS, generator=generator).argsort(1)[:, :LONGEST]
    return block.gather(1, torch.arange(LENGTH) % period), torch.arange(LENGTH - 1) >= period


@torch.no_grad()
def attention_scores(model, tokens: Int[Tensor, "batch token"]) -> dict[str, Float[np.ndarray, "layer head"]]:
    """Mean attention to the `previous` token, and to the `induced` one: after the previous occurrence, if any."""
    cache = model.run_with_cache(tokens)[1]
    patterns = torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"] for layer in range(model.cfg.n_layers)])
    every = torch.arange(tokens.shape[1])
    earlier = (tokens[:, :, None] == tokens[:, None]) & (every < every[:, None])  # batch query key
    after = earlier.mul(every + 1).amax(-1)  # batch query; 0 where the token is new
    induced = (every == after[..., None]) & (after[..., None] > 0)  # batch query key
    on_induced = (patterns * induced[None, :, None]).sum((1, 3, 4)) / induced.sum()
    return {"previous": patterns.diagonal(-1, -2, -1).mean((1, 3)).numpy(), "induced": on_induced.numpy()}


def times(losses: Float[np.ndarray, " step"]) -> dict[str, int]:
    """Sequences seen when the loss is first below each of `LEVELS` of ln 12; a level never reached counts as all."""
    below = {name: losses < share * np.log(LONGEST) for name, share in LEVELS.items()}
    return {name: BATCH * (int(np.argmax(here)) if here.any() else len(losses)) for name, here in below.items()}
