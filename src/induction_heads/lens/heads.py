"""Every measure of every head of a real model: one that TransformerLens opens by name or from a folder, or our own.

    found = heads.look(heads.open("gpt2"))                # or a folder with config.json and weights, or of a stored run
    found.table.sort_values("prefix_matching")

The measures are those of `networks.tokens.measures`, on the patterns that the model's hooks show.
"""

import logging
import pydoc_data.topics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor, nn

from induction_heads.networks.tokens import evaluate, measures
from induction_heads.networks.tokens.generators import BATCH, Duplicate
from induction_heads.networks.tokens.model import token_losses
from induction_heads.networks.tokens.training import TEST

from . import tokens as ours
from .clamping import network_of

OLSSON_TEST, EXAMPLES = (25, 4), 10  # Olsson et al. 2022: so many tokens, so many times; sequences
TEXTS, TEXT_LENGTH = 16, 512  # sequences of text, and tokens of each at most
LONG = (slice(40, 60), slice(490, 510))  # Olsson's tokens 50 and 500, each with what is about it: texts are few
SHORT = (measures.EARLY, measures.LATE)  # in sequences of 64 tokens
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
TOKENIZER = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")


@dataclass(frozen=True)
class Found:
    """What was measured on a model."""

    model: str  # its name
    table: pd.DataFrame  # as `networks.tokens.evaluate.table` gives it, a row a head
    lags: Float[ndarray, "head lag"]  # lags -6 to 6, heads in the order of the table
    uniform: float  # prefix matching of a head that attends to all tokens alike
    early: float  # loss on early tokens of text, nats; NaN without text that is long enough
    late: float
    test: str  # what the heads were tested on, and what the text was

    @property
    def icl_score(self) -> float:
        """Late less early loss, nats; negative is better."""
        return self.late - self.early


def open(name: str) -> nn.Module:
    """A model by its name on the Hugging Face Hub, or from a folder: of config.json and weights, or of a stored run.

    `FileNotFoundError`, one line, where weights are not at hand: it says which file goes where.
    """
    folder = Path(name).expanduser()
    if (folder / "run.json").is_file():
        return ours.open(folder)
    if folder.is_dir():
        has_weights = any(True for pattern in WEIGHTS for _ in folder.glob(pattern))
        missing = [what for what, there in ((WEIGHTS[0], has_weights), ("config.json", _config(folder))) if not there]
        if missing:
            raise FileNotFoundError(
                f"{folder} lacks {' and '.join(missing)}: put a model's config.json, model.safetensors and, for text, "
                "tokenizer.json there, or give the folder of a stored run"
            )
        return _bridge(str(folder), any((folder / file).is_file() for file in TOKENIZER))
    if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise FileNotFoundError(f"no folder is called {name}: expected one with config.json and model.safetensors")
    try:
        return _bridge(name, True)
    except OSError as error:
        raise FileNotFoundError(
            f"{name} is not at hand and cannot be fetched: put config.json, model.safetensors and tokenizer.json of "
            f"https://huggingface.co/{name} into a folder and give that folder in place of the name"
        ) from error


def _config(folder: Path) -> bool:
    return (folder / "config.json").is_file()


def _bridge(name: str, has_tokenizer: bool) -> nn.Module:
    """A Hugging Face model with hooks. Patterns are shown only by attention that is computed as it is written."""
    from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
    from transformers import AutoModelForCausalLM, AutoTokenizer

    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    logger.setLevel(logging.ERROR)  # five retries need not be told
    try:
        model = AutoModelForCausalLM.from_pretrained(name, attn_implementation="eager", dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(name) if has_tokenizer else None
    finally:
        logger.setLevel(level)
    kind = type(model).__name__
    return build_bridge_from_module(model, kind, hf_config=model.config, tokenizer=tokenizer, model_name=name)


@torch.no_grad()
def look(model: Any, name: str = "", text: str | Int[Tensor, "batch token"] | None = None) -> Found:
    """Every measure of every head of a TransformerLens model.

    Prefix matching, lag curve and copying are taken on random tokens that repeat: 25 of the whole vocabulary four times
    after a start token, as Olsson et al. 2022 have it, or 20 of ours three times where there are fewer than 101
    positions. Previous-token attention and the in-context-learning score are taken on `text`: by default the held-out
    sequences of a run of ours, or the reference manual that comes with Python; without a tokenizer, which leaves no
    text, on the repeats, and without a score.
    """
    start = _start(model)
    test = _test(model)
    tokens = test.held_out(0, EXAMPLES if test.distinct == OLSSON_TEST[0] else BATCH).tokens
    first_query = test.distinct
    if start is not None:
        tokens = torch.nn.functional.pad(tokens, (1, 0), value=start)
        first_query += 1
    heads = network_of(model).heads
    hooks = [f"blocks.{layer}.attn.hook_{part}" for layer in range(len(heads)) for part in ("pattern", "v")]
    cache = model.run_with_cache(tokens, names_filter=lambda hook: hook in hooks)[1]
    sequences, what = _text(model, text, start)
    read = tokens if sequences is None else sequences
    previous, losses = _read(model, read, len(heads))
    every = list(_layers(model, cache, previous))
    table = evaluate.table(every, model.W_E, model.W_U, tokens, first_query)
    twice = slice(first_query + test.distinct)  # with one earlier occurrence, attention has one place to go
    lags = torch.cat([measures.lag_curve(layer.pattern[..., twice, twice], tokens[:, twice]) for layer in every])
    early, late = (np.nan, np.nan) if sequences is None else early_and_late(losses)
    told = (
        f"{test.distinct} of {test.vocabulary:,} tokens, {test.times} times{'' if start is None else ' after a start'}"
    )
    return Found(
        name or type(model).__name__,
        table,
        lags.numpy(),
        uniform_attention(tokens, first_query),
        early,
        late,
        f"{told}; text: {what}",
    )


def uniform_attention(tokens: Int[Tensor, "batch token"], first_query: int) -> float:
    """Prefix matching of a head that attends to all tokens alike."""
    return float(measures.prefix_matching(measures.even(tokens), tokens, first_query))


def early_and_late(losses: Float[Tensor, "batch token"]) -> tuple[float, float]:
    """Mean loss on early and on late tokens, whose difference is the in-context-learning score; NaN in short text."""
    for early, late in (LONG, SHORT):
        if losses.shape[1] >= late.stop:
            return float(losses[:, early].mean()), float(losses[:, late].mean())
    return np.nan, np.nan


def _test(model: Any) -> Duplicate:
    distinct, times = OLSSON_TEST
    vocabulary = model.cfg.d_vocab
    if _positions(model) > distinct * times and vocabulary > distinct:
        return Duplicate(distinct, times, among=vocabulary)
    return Duplicate(TEST.distinct, TEST.times, among=vocabulary)


def _positions(model: Any) -> int:
    return getattr(model.cfg, "n_ctx", None) or TEXT_LENGTH


def _start(model: Any) -> int | None:
    return getattr(getattr(model, "tokenizer", None), "bos_token_id", None)


def _text(model: Any, text: str | Tensor | None, start: int | None) -> tuple[Tensor | None, str]:
    """Sequences to read, and what they are; None where there is nothing."""
    tokenizer = getattr(model, "tokenizer", None)
    if isinstance(text, Tensor):
        return text, "as given"
    if text is None and getattr(model, "run", None) is not None:
        return model.run.data.held_out(model.run.evaluation_seed, 4 * BATCH).tokens, f"held-out {model.run.data}"
    if tokenizer is None:
        if text is not None:
            raise ValueError(
                "this model has no tokenizer, so that it reads no text: put tokenizer.json into its folder"
            )
        return None, "none, since there is no tokenizer"
    written = "\n".join(pydoc_data.topics.topics.values()) if text is None else text
    length = min(TEXT_LENGTH, _positions(model)) - (start is not None)
    # A tokenizer warns of texts longer than the model's; they are cut here.
    read = torch.tensor(
        tokenizer(written[: 20 * TEXTS * TEXT_LENGTH], add_special_tokens=False, verbose=False)["input_ids"]
    )
    n = min(TEXTS, len(read) // length)
    if n == 0:
        raise ValueError(f"expected text of at least {length} tokens, got {len(read)}: give a longer one")
    sequences = read[: n * length].view(n, length)
    if start is not None:
        sequences = torch.nn.functional.pad(sequences, (1, 0), value=start)
    what = "Python's reference manual" if text is None else "as given"
    return sequences, f"{what}, {n} of {sequences.shape[1]} tokens"


def _read(
    model: Any, sequences: Int[Tensor, "batch token"], layers: int
) -> tuple[list[Float[Tensor, " head"]], Float[Tensor, "batch token"]]:
    """Previous-token attention of each layer's heads, and losses in nats; a sequence at a time, patterns are large."""
    found: list[list[Tensor]] = [[] for _ in range(layers)]

    def visit(pattern: Tensor, hook: Any, layer: int) -> None:
        found[layer].append(measures.previous_token(pattern))

    hooks = [(f"blocks.{layer}.attn.hook_pattern", partial(visit, layer=layer)) for layer in range(layers)]
    losses = []
    for one in sequences.split(1):
        logits = model.run_with_hooks(one, fwd_hooks=hooks)
        losses.append(token_losses(logits[None], one[None])[0])
    return [torch.stack(each).mean(0) for each in found], torch.cat(losses)


def _layers(model: Any, cache: Any, previous: list[Tensor]) -> Iterator[evaluate.Layer]:
    """What the model shows of each layer. Keys and values that several heads share are told for each of them."""
    names = ("W_Q", "W_K", "W_V", "W_O")
    stacked = {name: getattr(model, name) for name in names}
    for layer, scores in enumerate(previous):
        pattern, v = (cache[f"blocks.{layer}.attn.hook_{part}"] for part in ("pattern", "v"))
        heads = pattern.shape[1]
        weights = {name: _for_each(stacked[name][layer], heads, 0) for name in names}
        yield evaluate.Layer(pattern, _for_each(v, heads, 2), scores, weights)


def _for_each(x: Tensor, heads: int, axis: int) -> Tensor:
    return x.repeat_interleave(heads // x.shape[axis], axis)
