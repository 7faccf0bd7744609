"""What is measured on this paper's networks: lag curves of heads, their fits by CMR, and heads zeroed by their fit."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import BATCH, REP
from induction_heads.networks.tokens.measures import lag_curve
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES
from induction_heads.networks.tokens.variants import PLAIN, Variant

from . import recall
from .recall import FIT_LAGS

if TYPE_CHECKING:
    import pandas as pd

NEXT = FIT_LAGS.index(1)
LIKE, CLOSE = 0.5, 0.1  # the paper's cuts: distances below them are CMR-like, and closely so
RANDOM_SETS = 20
PATTERN, SCORES = "pattern", "attn_scores"  # attention after softmax, and before it


class Fitted(NamedTuple):
    """A head's curve over lags -5 to 5, the curve of recall that is nearest, and how far that is."""

    head: str
    curve: Float[ndarray, " lag"]
    nearest: Float[ndarray, " lag"]
    distance: float


def lag_curves(learnt: dict, variant: Variant = PLAIN, of: str = PATTERN) -> Float[ndarray, "head lag"]:
    """Attention of every head at lags -5 to 5 (DUP(24, 2)), or its scores, which are not in [0, 1]."""
    tokens = evaluate.LAG_TEST.held_out(0, BATCH).tokens
    seen = evaluate.sites(learnt, tokens, variant)
    sites = [site for name, site in seen.items() if name.endswith(f"hook_{of}")]
    # Scores of keys after the query are -inf; no lag reads them.
    each = [lag_curve(site.nan_to_num(neginf=0), tokens, FIT_LAGS) for site in sites]
    return torch.cat(each).numpy()


def heads(trained: Trained) -> "pd.DataFrame":
    """Of every head prefix matching, `distance` from CMR and the setting that fits; of its curve what the claims read.

    That is attention at +1, the most at any lag, and the sums over lags 1 to 3 and -3 to -1; `distance_of_scores` is
    the distance of its scores before softmax. Remembered.
    """
    import pandas as pd  # only who shows it waits for it

    found = evaluate.remembered_of("heads", _heads, trained)
    return pd.DataFrame(found["rows"]).set_index("head")


def _heads(trained: Trained) -> dict[str, list]:
    learnt, variant = trained.final, trained.run.variant
    text = REP.held_out(trained.run.evaluation_seed, BATCH).tokens
    table = evaluate.heads(learnt, text, variant)
    both = zip(lag_curves(learnt, variant), lag_curves(learnt, variant, SCORES), strict=True)
    rows = []
    for name, (curve, scores) in zip(table.index, both, strict=True):
        distance, memory, _ = recall.fit(curve)
        row = {"head": name, "layer": int(table.layer[name]), "prefix_matching": float(table.prefix_matching[name])}
        row |= {"distance": distance, "distance_of_scores": recall.fit(scores)[0]} | vars(memory)
        row |= {"next": curve[NEXT], "largest": curve.max()}
        row |= {"forward": curve[NEXT : NEXT + 3].sum(), "backward": curve[NEXT - 4 : NEXT - 1].sum()}
        rows.append(row)
    return {"rows": rows}


def best(trained: Trained) -> str:
    """The head that matches prefixes most at the end."""
    return str(heads(trained).prefix_matching.idxmax())


def fitted(trained: Trained, of: str = PATTERN) -> Fitted:
    """Of the head that matches prefixes most, the curve and its fit."""
    name = best(trained)
    curve = lag_curves(trained.final, trained.run.variant, of)[evaluate.head_names(trained.final).index(name)]
    distance, _, nearest = recall.fit(curve)
    return Fitted(name, curve, nearest, distance)


def untrained(trained: Trained) -> list[float]:
    """Distances of all heads before training."""
    _, learnt = next(iter(trained.networks()))
    return [recall.fit(curve)[0] for curve in lag_curves(learnt, trained.run.variant)]


def ideal() -> dict[str, float]:
    """Distances of heads that attend to one lag alone, and of one that attends nearly evenly."""
    spikes = {f"spike at {lag:+d}" if lag else "spike at 0": (np.array(FIT_LAGS) == lag) * 1.0 for lag in (1, 0, -1)}
    return {name: recall.fit(curve)[0] for name, curve in (spikes | {"nearly flat": nearly_flat(0)}).items()}


def nearly_flat(seed: int) -> Float[ndarray, " lag"]:
    """Even attention over half of DUP(24, 2) and the second half up to there, with a little noise."""
    return 1 / 36 + 0.002 * np.random.default_rng(seed).standard_normal(len(FIT_LAGS))


def through_training(trained: Trained) -> dict[str, list]:
    """At every snapshot, of the head that matches prefixes most at the end: its distance from CMR and the setting."""
    return evaluate.remembered_of("through training", _through_training, trained)


def _through_training(trained: Trained) -> dict[str, list]:
    head = evaluate.head_names(trained.final).index(best(trained))
    found: dict[str, list] = {name: [] for name in ("step", "distance", "beta_enc", "beta_rec", "gamma")}
    for step, learnt in trained.networks():
        distance, memory, _ = recall.fit(lag_curves(learnt)[head])
        for name, number in ({"step": float(step), "distance": distance} | vars(memory)).items():
            found[name].append(number)
    return found


def zeroed(trained: Trained) -> dict[str, Any]:
    """Repeat loss intact, with the CMR-like heads zeroed, and with as many random ones, several times. Remembered."""
    return evaluate.remembered_of("zeroed", _zeroed, trained)


def _zeroed(trained: Trained) -> dict[str, Any]:
    drawn = REP.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES)
    table = heads(trained)
    like = tuple(table.index[table.distance < LIKE])
    read = drawn.tokens, drawn.copied
    rng, names = np.random.default_rng(0), list(table.index)
    sets = [tuple(sorted(rng.choice(names, len(like), replace=False))) for _ in range(RANDOM_SETS if like else 0)]
    known = {each: evaluate.loss_without(trained.final, read, each) for each in dict.fromkeys([(), like, *sets])}
    return {"heads": list(like), "intact": known[()], "like": known[like], "random": [known[each] for each in sets]}
