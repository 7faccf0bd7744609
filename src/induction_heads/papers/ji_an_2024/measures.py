"""What is measured on this paper's networks: lag curves of heads, their fits by CMR, and heads zeroed by their fit."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.store import Trained
from induction_heads.networks.clamps import Ablate
from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.generators import BATCH, REP
from induction_heads.networks.tokens.measures import LAGS
from induction_heads.networks.tokens.training import EVALUATION_SEQUENCES

from . import recall
from .recall import FIT_LAGS

FITTED = slice(LAGS.index(FIT_LAGS[0]), LAGS.index(FIT_LAGS[-1]) + 1)
NEXT = FIT_LAGS.index(1)
LIKE, CLOSE = 0.5, 0.1  # the paper's cuts: distances below them are CMR-like, and closely so
RANDOM_SETS = 20


def lag_curves(learnt: dict) -> Float[ndarray, "head lag"]:
    """Attention of every head at lags -5 to 5 (DUP(24, 2))."""
    return evaluate.lag_curves(learnt)[:, FITTED]


def heads(trained: Trained) -> Any:
    """At the end, of every head: prefix matching, distance from CMR and the setting that fits; and of its curve
    attention at +1 and in sum at lags 1 to 3 and -3 to -1."""
    import pandas as pd  # only who shows it waits for it

    text = REP.held_out(trained.run.evaluation_seed, BATCH).tokens
    table = evaluate.heads(trained.final, text)[["layer", "prefix_matching"]]
    rows = []
    for curve in lag_curves(trained.final):
        distance, memory, _ = recall.fit(curve)
        sums = {"forward": curve[NEXT : NEXT + 3].sum(), "backward": curve[NEXT - 4 : NEXT - 1].sum()}
        rows.append({"distance": distance} | vars(memory) | {"next": curve[NEXT], "largest": curve.max()} | sums)
    return table.join(pd.DataFrame(rows, index=table.index))


def through_training(trained: Trained) -> dict[str, list]:
    """At every snapshot, of the head that matches prefixes most at the end: its distance from CMR and the setting."""
    return remembered(["through training", trained.folder.name, trained.run.length], _through_training, trained)


def _through_training(trained: Trained) -> dict[str, list]:
    head = list(heads(trained).index).index(heads(trained).prefix_matching.idxmax())
    found: dict[str, list] = {name: [] for name in ("step", "distance", "beta_enc", "beta_rec", "gamma")}
    for step, learnt in trained.networks():
        distance, memory, _ = recall.fit(lag_curves(learnt)[head])
        for name, number in ({"step": float(step), "distance": distance} | vars(memory)).items():
            found[name].append(number)
    return found


def zeroed(trained: Trained) -> dict[str, Any]:
    """Repeat loss intact, with the CMR-like heads zeroed, and with as many random ones, several times. Remembered."""
    return remembered(["zeroed", trained.folder.name, trained.run.length], _zeroed, trained)


def _zeroed(trained: Trained) -> dict[str, Any]:
    drawn = REP.held_out(trained.run.evaluation_seed, EVALUATION_SEQUENCES)
    table = heads(trained)
    like = tuple(table.index[table.distance < LIKE])

    def loss(off: tuple[str, ...]) -> float:
        given = (Ablate(off),) if off else ()
        return evaluate.mean(evaluate.losses(trained.final, drawn.tokens, given=given), drawn.copied)

    rng, names = np.random.default_rng(0), list(table.index)
    sets = [tuple(sorted(rng.choice(names, len(like), replace=False))) for _ in range(RANDOM_SETS if like else 0)]
    known = {each: loss(each) for each in dict.fromkeys([(), like, *sets])}
    return {"heads": list(like), "intact": known[()], "like": known[like], "random": [known[each] for each in sets]}
