"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

import math

import numpy as np

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, recall, runs
from .measures import CLOSE, LIKE

Numbers = dict[str, float]


def best(study: Study, seed: int):
    """The row of the head that matches prefixes most."""
    trained = study.rows(runs.models, seed)[runs.NETWORK]
    return measures.heads(trained).loc[measures.best(trained)]


def asymmetry(study: Study, seed: int) -> Numbers:
    head = best(study, seed)
    return {
        "a(+1)": float(head["next"]),
        "largest at any lag": float(head.largest),
        "sum over lags 1 to 3": float(head.forward),
        "sum over lags -3 to -1": float(head.backward),
    }


def is_asymmetric(numbers) -> bool:
    peak = numbers["a(+1)"] >= numbers["largest at any lag"]
    return peak and numbers["sum over lags 1 to 3"] >= 3 * numbers["sum over lags -3 to -1"]


def fits(study: Study, seed: int) -> Numbers:
    flat, _, _ = recall.fit(measures.nearly_flat(seed))
    return {"distance of the induction head": float(best(study, seed).distance), "of a flat head": flat}


def training(study: Study, seed: int) -> Numbers:
    from scipy.stats import spearmanr  # only who measures waits for it

    trained = study.rows(runs.models, seed)[runs.NETWORK]
    found = measures.through_training(trained)
    loss = dict(zip(trained.history.step, trained.history.copied_loss, strict=True))
    common = [(d, loss[step]) for step, d in zip(found["step"], found["distance"], strict=True) if step in loss]
    return {"Spearman's ρ": float(spearmanr(*zip(*common, strict=True)).statistic)}


def causal(study: Study, seed: int) -> Numbers:
    found = measures.zeroed(study.rows(runs.models, seed)[runs.NETWORK])
    random = float(np.mean(found["random"])) if found["random"] else math.nan
    return {"heads": float(len(found["heads"])), "CMR-like zeroed": found["like"], "random zeroed, mean": random}


CLAIMS = (
    Claim(
        "asymmetry",
        "Induction heads attend like people recall: most to what came next, and forward more than backward.",
        "lag curves",
        "attention by lag (DUP(24, 2)) of the head that matches prefixes most",
        "largest at +1; lags 1 to 3 at least three times lags -3 to -1",
        "the paper's two signs of recall; three is far from the 1 of a symmetric curve",
        is_asymmetric,
        asymmetry,
        runs.models,
    ),
    Claim(
        "fit",
        "A model of free recall fits induction heads, and not heads that attend evenly.",
        "fit",
        "distance from the nearest CMR curve of that head and of a nearly flat one",
        "at most 0.1; above 0.5",
        "the paper's cuts",
        lambda numbers: numbers["distance of the induction head"] <= CLOSE and numbers["of a flat head"] > LIKE,
        fits,
        runs.models,
    ),
    Claim(
        "training",
        "Through training that head comes nearer to CMR as the loss falls.",
        "training",
        "rank correlation of its distance from CMR with the loss on repeated tokens, over snapshots",
        "at least 0.7",
        "a strong rank correlation",
        lambda numbers: numbers["Spearman's ρ"] >= 0.7,
        training,
        runs.models,
    ),
    Claim(
        "causal",
        "CMR-like heads matter for in-context learning.",
        "causal",
        "the loss on repeated tokens with the CMR-like heads zeroed, and with as many at random (nats)",
        "higher than the mean of random sets",
        "only the sign; the paper compares its top 10 % with random heads",
        lambda numbers: numbers["CMR-like zeroed"] > numbers["random zeroed, mean"],
        causal,
        runs.models,
    ),
)
