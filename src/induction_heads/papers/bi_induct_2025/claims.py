"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

import math

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .runs import BALANCED, FORWARD, NATURAL, REVERSE

Numbers = dict[str, float]


def steps(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"step to prefix matching 0.3, {name}": measures.step_to(rows[name]) for name in (FORWARD, NATURAL)}


def accelerates(numbers) -> bool:
    forward, natural = (numbers[f"step to prefix matching 0.3, {name}"] for name in (FORWARD, NATURAL))
    return math.isfinite(forward) and forward <= measures.ACCELERATES * natural


def backward_heads(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"a(-1), {name}": float(measures.lag_curves(one)[:, measures.BACK].max()) for name, one in rows.items()}


def natural_losses(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"natural loss, {name}": float(one.history.loss.iloc[-1]) for name, one in rows.items()}


def guarded(numbers) -> bool:
    natural = numbers[f"natural loss, {NATURAL}"]
    return all(numbers[f"natural loss, {name}"] <= natural + measures.GUARD for name in (FORWARD, REVERSE, BALANCED))


def loads(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"share lost, {name}": measures.load(rows[name])["top"] for name in (NATURAL, FORWARD)}


CLAIMS = (
    Claim(
        "forward-accelerates",
        "Forward snippets bring induction heads sooner.",
        "activity",
        "the step at which a head has prefix matching 0.3 (DUP(20, 3))",
        "with forward snippets at most 0.9 of the natural arm's",
        "a tenth is what snapshots 25 steps apart can tell",
        accelerates,
        steps,
        runs.models,
    ),
    Claim(
        "asymmetry",
        "Heads that attend to what stood before the last occurrence hardly form, whatever is trained.",
        "asymmetry",
        "the largest attention of a head at lag -1 on reversed copies, in each arm",
        "at most 0.1 in all",
        "0.03 was measured earlier; the paper: near zero",
        lambda numbers: max(numbers.values()) <= measures.ANTI,
        backward_heads,
        runs.models,
    ),
    Claim(
        "guardrail",
        "Snippets cost little of the loss on natural data.",
        "guardrail",
        "the loss on natural sequences at the end, in each arm (nats)",
        "at most 0.05 above the natural arm in all",
        "the noise between seeds; in the paper the cost shrinks with scale",
        guarded,
        natural_losses,
        runs.models,
    ),
    Claim(
        "load",
        "Natural heads carry more: without its top head the natural arm loses more of what copying gains.",
        "load",
        "the share of the gain from copying on natural data that is lost with the top head zeroed",
        "larger in the natural arm than in the forward arm",
        "only the sign",
        lambda numbers: numbers[f"share lost, {NATURAL}"] > numbers[f"share lost, {FORWARD}"],
        loads,
        runs.models,
    ),
)
