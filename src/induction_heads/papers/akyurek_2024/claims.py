"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

from induction_heads.machinery.ledger import Numbers
from induction_heads.networks.tokens.study import Claim, Study

from . import measures
from .runs import BIGRAM, BOTH, ONE, TWO, models

TWO_GRAMS = "counting pairs"


def distances(study: Study, seed: int) -> dict[str, float]:
    """Mean total variation from the truth at late places, of each network and of counting pairs."""
    found = {name: measures.late(trained)["TVD"] for name, trained in study.rows(models, seed).items()}
    return found | {TWO_GRAMS: measures.counted()["2"]["TVD"]}


def stays_unigram(n: Numbers) -> bool:
    return n[ONE] >= 0.5 and n[ONE] >= 2 * n[TWO_GRAMS]


def depth_helps(n: Numbers) -> bool:
    return n[ONE] - n[TWO] >= 0.15


def one_head_repairs(n: Numbers) -> bool:
    return n[BIGRAM] <= 0.36 and n[BIGRAM] <= n[ONE] - 0.2


def more_adds(n: Numbers) -> bool:
    return n[BOTH] <= n[BIGRAM] - 0.03


def replaces_depth(n: Numbers) -> bool:
    return n[BOTH] <= n[TWO] + 0.02


TVD = "mean total variation from the true distribution, at places from 64 on of 128 languages held out"
CLAIMS = (
    Claim(
        "1",
        "One layer does hardly better than counting symbols.",
        "figure 1",
        f"{TVD}: one layer, and counting pairs",
        "at least 0.5, and twice that of counting pairs",
        "counting symbols has 0.61, counting pairs 0.24",
        stays_unigram,
        distances,
        models,
    ),
    Claim(
        "2",
        "Two layers do better than one.",
        "figure 1, 3",
        f"{TVD}: one layer and two",
        "lower by at least 0.15",
        "beyond what seeds differ by",
        depth_helps,
        distances,
        models,
    ),
    Claim(
        "3",
        "A head that looks up what came after the present symbol repairs one layer.",
        "figure 1",
        f"{TVD}: one layer with such a head before it, and without",
        "at most 0.36, and lower by at least 0.2",
        "more than half way from one layer to counting pairs",
        one_head_repairs,
        distances,
        models,
    ),
    Claim(
        "4",
        "A second head of this kind, for two symbols, adds to the first.",
        "figure 1, 2",
        f"{TVD}: with both heads, and with the first alone",
        "lower by at least 0.03",
        "counting triples is 0.05 better than counting pairs",
        more_adds,
        distances,
        models,
    ),
    Claim(
        "5",
        "Heads that are given replace depth.",
        "figure 1, 3",
        f"{TVD}: one layer with both heads, and two layers",
        "at most 0.02 higher",
        "0.02 is what seeds differ by",
        replaces_depth,
        distances,
        models,
    ),
)
