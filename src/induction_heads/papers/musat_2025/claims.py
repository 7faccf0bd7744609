"""What the paper states, and what is measured for it; criteria are from its own statements and from derivations."""

import math
from collections.abc import Mapping, Sequence

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.remembered import remembered
from induction_heads.machinery.short import Claim, ExactClaim, rows_of
from induction_heads.machinery.store import Trained
from induction_heads.machinery.study import Study

from . import flow
from .network import ALPHA_3, BETA_2, GAMMA_3
from .runs import CONTEXTS, SLOPES_FROM, networks

HALF_LEARNT = 0.25  # of the loss, half of what it is at first
FIRST_SIGHT = 0.1  # of a coefficient: with eight pairs two of them pass a half almost together
NAMES = {"gamma": "γ₃", "beta": "β₂", "alpha": "α₃", "attention": "attention"}


def times(contexts: Sequence[int]) -> dict[str, dict[str, float]]:
    """When each quantity of the flow reaches a half, by the context's pairs (as text)."""
    return {str(pairs): flow.times(pairs) for pairs in contexts}


def times_of(profile: str) -> dict[int, dict[str, float]]:
    """The same for the contexts of a profile; kept."""
    contexts = CONTEXTS[profile]
    return {int(pairs): found for pairs, found in remembered(["musat 2025 flow", *contexts], times, contexts).items()}


def slopes(found: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """Of log time against log N, over the longer contexts."""
    pairs = [n for n in found if n >= SLOPES_FROM]
    return {name: flow.slope(pairs, [found[n][name] for n in pairs]) for name in flow.QUANTITIES}


def quadratic(study: Study, seed: int) -> Measured:
    return {f"slope of T({NAMES[name]})": slope for name, slope in slopes(times_of(study.profile)).items()}


def grows_with_the_square(n: Numbers) -> bool:
    first, *others = n.values()
    return abs(first - 1) <= 0.05 and all(abs(slope - 2) <= 0.05 for slope in others)


def order(study: Study, seed: int) -> Measured:
    found = times_of(study.profile)
    kept = [n for n, t in found.items() if t["gamma"] < t["beta"] < t["alpha"]]
    return {"contexts": len(found), "in this order": len(kept)}


def in_order(n: Numbers) -> bool:
    return n["in this order"] == n["contexts"]


def shares(study: Study, seed: int) -> Measured:
    found: dict[str, float] = {}
    for name, trained in rows_of(study, networks, seed).items():
        last = trained.history.iloc[-1]
        found |= {f"19 directions, {name}": last.nineteen, f"three, {name}": last.three}
    return found


def nineteen_hold(n: Numbers) -> bool:
    return min(x for name, x in n.items() if name.startswith("19")) >= 0.93


def three_hold(n: Numbers) -> bool:
    return min(x for name, x in n.items() if name.startswith("three")) >= 0.85


def time_to_learn(trained: Trained) -> float:
    """Steps times rate until the loss is half of what it was at first; infinite where it never is."""
    below = trained.history[trained.history.loss <= HALF_LEARNT]
    return float(below.steps.iloc[0] * trained.run.rate) if len(below) else math.inf


def seen_at(trained: Trained) -> dict[str, float]:
    """Steps times rate until each of the three coefficients is first seen; infinite where it never is."""
    found = {}
    for name, coefficient in (("gamma", GAMMA_3), ("beta", BETA_2), ("alpha", ALPHA_3)):
        there = trained.history[trained.history[coefficient] >= FIRST_SIGHT]
        found[name] = float(there.steps.iloc[0] * trained.run.rate) if len(there) else math.inf
    return found


def network_time(study: Study, seed: int) -> Measured:
    found = {name: time_to_learn(trained) for name, trained in rows_of(study, networks, seed).items()}
    four, eight = found.values()
    exponent = math.log2(eight / four) if math.isfinite(four) and math.isfinite(eight) else math.inf
    return {f"time, {name}": time for name, time in found.items()} | {"exponent": exponent}


def about_two(n: Numbers) -> bool:
    return 1.5 <= n["exponent"] <= 2.3


CLAIMS = (
    ExactClaim(
        "1",
        "The time until the induction weights have formed grows with the square of the context, that of copying with "
        "the context alone.",
        "figure 2",
        "slopes of log time against log N of the flow, N from 16 to 256",
        "T(γ₃) 1 ± 0.05; T(β₂), T(α₃) and T(attention) 2 ± 0.05",
        "the exponents are whole; a context of 16 pairs biases them by less than 0.02",
        grows_with_the_square,
        quadratic,
    ),
    ExactClaim(
        "2",
        "The three steps form one after the other: copying, then matching, then the previous token.",
        "figure 1",
        "times at which the three weights of the flow reach a half",
        "T(γ₃) < T(β₂) < T(α₃) in every context",
        "the order is stated for all contexts",
        in_order,
        order,
    ),
    Claim(
        "3",
        "Training from zero stays in a space of 19 dimensions.",
        "figure 4",
        "share of the squared weights that lies in it at the end",
        "at least 0.93 with four and with eight pairs",
        "of the population's gradient all lies in it; the rest is the noise of sampled batches",
        nineteen_hold,
        shares,
        rows=networks,
    ),
    Claim(
        "4",
        "Three of the 19 directions are the induction head: previous token, match and copy.",
        "figure 3",
        "share of the squared weights that lies along the three at the end",
        "at least 0.85 with four and with eight pairs",
        "one of the others also grows in our reconstruction, and decays",
        three_hold,
        shares,
        rows=networks,
    ),
    Claim(
        "5",
        "The network, too, takes a time that grows with the square of the context.",
        "figure 3",
        "steps times rate until the loss is halved, and log2 of the ratio from four to eight pairs",
        "the exponent lies between 1.5 and 2.3",
        "two contexts only, and small ones, of which the flow's own exponent is below 2",
        about_two,
        network_time,
        rows=networks,
    ),
)
