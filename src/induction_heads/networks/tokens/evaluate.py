"""Trained token models looked at: sites and losses under clamps, and every measure of every head.

Parameters come as a run has learnt them, without run axis, and so does what is found.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Num
from numpy import ndarray
from torch import Tensor

from induction_heads.machinery.curves import first_at
from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained

from .. import clamps
from ..clamps import Clamp, Clamps, Network, head_name
from ..model import Parameters, Sites, n_layers, parameters_of
from . import kernels, measures, model
from .generators import BATCH, Duplicate
from .kernels import Flat
from .training import TEST
from .variants import PLAIN, Variant

if TYPE_CHECKING:
    import pandas as pd

LAG_TEST = Duplicate(24, 2)


def _combined(learnt: Parameters, given: Sequence[Clamp]) -> Clamps:
    network = Network.of({name: p[None] for name, p in learnt.items()})
    return clamps.combine([tuple(given)], [network]) if given else clamps.NO_CLAMPS


@torch.no_grad()
def sites(
    learnt: Parameters, tokens: Int[Tensor, "batch token"], variant: Variant = PLAIN, given: Sequence[Clamp] = ()
) -> Sites:
    """Every site of one pass, `batch …`."""
    parameters = {name: p[None] for name, p in learnt.items()}
    found = model.clamped(parameters, tokens[None], _combined(learnt, given), variant)
    return {name: site[0] for name, site in found.items()}


def losses(
    learnt: Parameters, tokens: Int[Tensor, "batch token"], variant: Variant = PLAIN, given: Sequence[Clamp] = ()
) -> Float[Tensor, "batch token"]:
    """`model.token_losses`: nats, number t is the loss on token t."""
    found, _ = kernels.losses(Flat([learnt]), tokens[None], variant, _combined(learnt, given))
    return found[0]


def remembered_of(what: str, compute: Callable[[Trained], Mapping[str, Any]], trained: Trained) -> dict[str, Any]:
    """`compute(trained)`, kept by this name for the run, its length and the code."""
    return remembered([what, trained.folder.name, trained.run.length], compute, trained)


Read = tuple[Int[Tensor, "batch token"], Bool[Tensor, "batch token"]]  # sequences, and the targets that count


def through_training(trained: Trained, each: Mapping[str, Read]) -> dict[str, list[float]]:
    """The steps of a run's snapshots, as "step", and the mean loss on each of these sequences there, nats."""
    found: dict[str, list[float]] = {name: [] for name in ("step", *each)}
    for step, learnt in trained.networks():
        found["step"].append(float(step))
        for name, (tokens, counted) in each.items():
            found[name].append(mean(losses(learnt, tokens, trained.run.variant), counted))
    return found


def mean(losses: Float[Tensor, "batch token"], counted: Bool[Tensor, "batch token"]) -> float:
    """Nats, over the targets that count."""
    return float(losses[counted].mean())


def loss_without(learnt: Parameters, read: Read, off: Sequence[str] = ()) -> float:
    """Mean loss with these heads zeroed, nats; a network of plain attention."""
    tokens, counted = read
    given = (clamps.Ablate(tuple(off)),) if off else ()
    return mean(losses(learnt, tokens, given=given), counted)


class Layer(NamedTuple):
    """The heads of a layer as every measure wants them."""

    pattern: Float[Tensor, "batch head query key"]  # on the test
    v: Float[Tensor, "batch key head d_head"]
    previous_token: Float[Tensor, " head"]  # on text
    weights: Parameters  # W_Q, W_K, W_V and W_O, a row a head


def heads(
    learnt: Parameters,
    text: Int[Tensor, "batch token"],
    variant: Variant = PLAIN,
    test: Duplicate = TEST,
) -> "pd.DataFrame":
    """`table` of a trained network: prefix matching and copying on `test`, previous token on `text`."""
    tokens = test.held_out(0, BATCH).tokens
    tested, read = sites(learnt, tokens, variant), sites(learnt, text, variant)
    layers = []
    for layer in range(n_layers(learnt)):
        pattern, v = (f"blocks.{layer}.attn.hook_{name}" for name in ("pattern", "v"))
        previous = measures.previous_token(read[pattern])
        layers.append(Layer(tested[pattern], tested[v], previous, parameters_of(learnt, layer)))
    return table(layers, learnt["W_E"], learnt["W_U"], tokens, test.distinct)


def table(
    layers: Iterable[Layer],
    W_E: Float[Tensor, "vocabulary d_model"],
    W_U: Float[Tensor, "d_model vocabulary"],
    tokens: Int[Tensor, "batch token"],
    first_query: int,
) -> "pd.DataFrame":
    """Every measure of every head, index "L2H3", of networks or of any model that has these layers.

    `tokens` are those of the test, `first_query` the first that repeats. The OV score comes from weights alone; the QK
    trace too but for which heads attend to the previous token, and is NaN in Layer 1.
    """
    import pandas as pd  # only who shows it waits for it

    rows: list[dict[str, Any]] = []
    earlier: list[tuple[Tensor, Tensor, Tensor]] = []  # W_V, W_O and previous-token score of each layer so far
    for layer, (pattern, v, previous, weights) in enumerate(layers):
        columns = {
            "prefix_matching": measures.prefix_matching(pattern, tokens, first_query),
            "previous_token": previous,
            "copying": measures.copying(pattern, v, weights["W_O"], W_U, tokens),
            "ov_score": measures.ov_score(W_E, weights["W_V"], weights["W_O"], W_U),
            "qk_trace": _qk_trace(W_E, weights, earlier),
        }
        for h in range(len(previous)):
            row: dict[str, float | int | str] = {"head": head_name(layer, h), "layer": layer + 1}
            row |= {name: float(each[h]) for name, each in columns.items()}
            rows.append(row)
        earlier.append((weights["W_V"], weights["W_O"], previous))
    return pd.DataFrame(rows).set_index("head")


def _qk_trace(W_E: Tensor, block: Parameters, earlier: Sequence[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    if not earlier:
        return torch.full((len(block["W_Q"]),), math.nan)
    W_V, W_O, previous = (torch.cat(each) for each in zip(*earlier, strict=True))
    return measures.qk_trace(W_E, block["W_Q"], block["W_K"], W_V, W_O, previous)


def lag_curves(
    learnt: Parameters, variant: Variant = PLAIN, tokens: Int[Tensor, "batch token"] | None = None
) -> Float[ndarray, "head lag"]:
    """`measures.lag_curve` of every head, layer after layer, on DUP(24, 2) or on other tokens; lags -6 to 6."""
    tokens = LAG_TEST.held_out(0, BATCH).tokens if tokens is None else tokens
    seen = sites(learnt, tokens, variant)
    each = [measures.lag_curve(site, tokens) for name, site in seen.items() if name.endswith("hook_pattern")]
    return torch.cat(each).numpy()


def head_names(learnt: Parameters) -> list[str]:
    """ "L1H0" and so on, layer after layer."""
    each = range(learnt["blocks.0.W_Q"].shape[0])
    return [head_name(layer, h) for layer in range(n_layers(learnt)) for h in each]


def half_way(steps: Num[ndarray, " time"] | Iterable, values: Num[ndarray, " time"] | Iterable) -> float:
    """The step at which a curve is half way from its first value to the one that is furthest from it, interpolated."""
    values = np.asarray(values, dtype=float)
    furthest = values[np.abs(values - values[0]).argmax()]
    return crossing(steps, values, (values[0] + furthest) / 2)


def crossing(steps: Num[ndarray, " time"] | Iterable, values: Num[ndarray, " time"] | Iterable, level: float) -> float:
    """The first step at which a curve reaches a level, interpolated between evaluations; infinite if it never does."""
    steps, values = np.asarray(steps, dtype=float), np.asarray(values, dtype=float)
    way = 1 if values[0] < level else -1
    return first_at(steps, way * values, way * level)
