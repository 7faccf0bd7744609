"""What the paper states, as claims on three seeds, and two of ours on clamps over five; nothing is trained here.

Criteria are those of the page of facts that the project was given, fixed before any network was trained for them.
"""

import math

from induction_heads.networks.tokens import evaluate
from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .measures import LAYER_2, PREVIOUS_SET
from .runs import NOTHING, ONE, PATTERN, SMEARED_ONE, SMEARED_TWO, STEP_1, TWO

Numbers = dict[str, float]
SAME_WINDOW = 1.25  # how much later the later of two half-rises may be
ACCELERATES = 0.9  # of the steps that the other takes


def phase_change(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    found: Numbers = {}
    for name in (TWO, ONE):
        end = rows[name].history.iloc[-1]
        found |= {f"prefix matching, {name}": end.prefix_matching, f"repeat loss, {name}": end.copied_loss}
    return found


def changed(numbers) -> bool:
    two = numbers[f"prefix matching, {TWO}"] >= 0.6 and numbers[f"repeat loss, {TWO}"] < 0.5
    return two and numbers[f"prefix matching, {ONE}"] < 0.1 and numbers[f"repeat loss, {ONE}"] > 3


def co_occurrence(study: Study, seed: int) -> Numbers:
    history = study.rows(runs.models, seed)[TWO].history
    return {
        "half-rise of prefix matching (step)": evaluate.half_way(history.step, history.prefix_matching),
        "half-rise of in-context learning (step)": evaluate.half_way(history.step, measures.in_context(history)),
    }


def in_one_window(numbers) -> bool:
    first, last = sorted(numbers.values())
    return last <= SAME_WINDOW * first


def smeared(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {
        f"repeat loss, {SMEARED_ONE}": rows[SMEARED_ONE].history.copied_loss.iloc[-1],
        f"half-rise, {SMEARED_TWO} (step)": measures.half_step(rows[SMEARED_TWO]),
        f"half-rise, {TWO} (step)": measures.half_step(rows[TWO]),
    }


def smearing_helps(numbers) -> bool:
    sooner = numbers[f"half-rise, {SMEARED_TWO} (step)"] < numbers[f"half-rise, {TWO} (step)"]
    return numbers[f"repeat loss, {SMEARED_ONE}"] < 0.5 and sooner


def previous_set(study: Study, seed: int) -> Numbers:
    found = measures.ablations(study.rows(runs.models, seed)[TWO])
    without, intact = found.get(PREVIOUS_SET), found["intact"]["repeat"]
    if without is None:
        return {"heads": 0.0, "repeat loss without them": math.nan, "change, patterns preserved": math.nan}
    return {
        "heads": without["heads"],
        "repeat loss without them": without["repeat"],
        "change, patterns preserved": without["repeat, preserved"] - intact,
    }


def induction_set(study: Study, seed: int) -> Numbers:
    return {"repeat loss without Layer 2": measures.ablations(study.rows(runs.models, seed)[TWO])[LAYER_2]["repeat"]}


def copying_circuit(study: Study, seed: int) -> Numbers:
    heads = measures.heads(study.rows(runs.models, seed)[TWO])
    layer_2 = heads[heads.layer == 2]
    return {
        "OV score of the induction head": layer_2.ov_score[layer_2.prefix_matching.idxmax()],
        "highest OV score in Layer 1": heads[heads.layer == 1].ov_score.max(),
    }


def clamped(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.clamped, seed)
    return {f"half-rise, {name} given (step)": measures.half_step(one) for name, one in rows.items()}


def accelerates(name: str, other: str):
    """Whether the network that is given one thing is half way in nine tenths of the other's steps, or fewer."""

    def holds(numbers) -> bool:
        steps, others = (numbers[f"half-rise, {given} given (step)"] for given in (name, other))
        return math.isfinite(steps) and steps <= ACCELERATES * others

    return holds


CLAIMS = (
    Claim(
        "phase-change",
        "Networks of two layers change abruptly, and become able to copy from the context; one layer never does.",
        "argument 1",
        "at the end, the largest prefix matching of a head (DUP(20, 3)) and the loss on repeated tokens (nats)",
        "2 layers: prefix matching at least 0.6 and loss below 0.5; 1 layer: below 0.1 and above 3",
        "between what one seed measured earlier and chance: 0.04 and 4.16 nats untrained",
        changed,
        phase_change,
        runs.models,
    ),
    Claim(
        "co-occurrence",
        "Induction heads and in-context learning appear in the same window of training.",
        "argument 1, the window",
        "the steps at which prefix matching and the in-context-learning score are half way to their greatest, 2 layers",
        "the later is at most 25 % later",
        "the paper's window spans a factor of two",
        in_one_window,
        co_occurrence,
        runs.models,
    ),
    Claim(
        "smeared",
        "Smeared keys let one layer learn induction, and two layers learn it sooner.",
        "argument 2",
        "the final loss on repeated tokens (nats), and the steps at which it is half of chance",
        "1 layer below 0.5 nats; 2 layers half way sooner than vanilla",
        "0.5 is far from the 3.7 nats of one vanilla layer; the second part is a sign",
        smearing_helps,
        smeared,
        runs.models,
    ),
    Claim(
        "previous-token-set",
        "Previous-token heads matter through the patterns of later heads alone.",
        "argument 3, Layer 1",
        f"the loss on repeated tokens with the Layer 1 heads of previous-token attention {measures.PREVIOUS_TOKEN} or "
        "more zeroed, and how much it changes when all patterns are kept (nats)",
        "at least 3 without them; changed by at most 0.1 where patterns are kept",
        "3 is near chance, 4.16; 0.1 is small beside what full ablation costs",
        lambda numbers: numbers["repeat loss without them"] >= 3 and abs(numbers["change, patterns preserved"]) <= 0.1,
        previous_set,
        runs.models,
    ),
    Claim(
        "induction-set",
        "Induction heads do nearly all in-context learning.",
        "argument 3, Layer 2",
        "the loss on repeated tokens with all of Layer 2 zeroed (nats)",
        "above 4",
        "chance is 4.16 nats",
        lambda numbers: numbers["repeat loss without Layer 2"] > 4,
        induction_set,
        runs.models,
    ),
    Claim(
        "copying-circuit",
        "The output circuit of induction heads has positive eigenvalues: they copy.",
        "argument 5",
        "the OV score of the Layer 2 head that matches prefixes most, and the highest of Layer 1",
        "at least 0.9; below 0",
        "1 is a perfect copy, 0 neither copies nor suppresses",
        lambda numbers: numbers["OV score of the induction head"] >= 0.9 and numbers["highest OV score in Layer 1"] < 0,
        copying_circuit,
        runs.models,
    ),
    Claim(
        "clamp-step-1",
        "Given attention to the previous token in one Layer 1 head, the network learns to copy sooner.",
        "beyond the paper",
        "the steps at which the loss on repeated tokens is half of chance, with step 1 given and with nothing given",
        "at most 0.9 of the steps",
        "the bar of the page for what accelerates; evaluations are 25 steps apart",
        accelerates(STEP_1, NOTHING),
        clamped,
        runs.clamped,
        more_seeds=runs.MORE_SEEDS,
    ),
    Claim(
        "clamp-pattern",
        "Given the induction pattern in one Layer 2 head it learns sooner still: only copying is left.",
        "beyond the paper",
        "the same, with the induction pattern given and with step 1 given",
        "at most 0.9 of the steps",
        "the order that Singh et al. 2024 (figure 5b) found in another task; the bar is that of step 1",
        accelerates(PATTERN, STEP_1),
        clamped,
        runs.clamped,
        more_seeds=runs.MORE_SEEDS,
    ),
)
