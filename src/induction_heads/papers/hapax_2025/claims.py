"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .runs import HAPAX, VANILLA

Numbers = dict[str, float]
LEARNS, NEAR_BAYES = -0.1, 0.1  # nats


def suppression(study: Study, seed: int) -> Numbers:
    found: Numbers = {}
    for name, one in study.rows(runs.models, seed).items():
        end = one.history.iloc[-1]
        found |= {
            f"prefix matching, {name}": float(end.prefix_matching),
            f"loss on repeats, {name}": float(end.test_loss),
        }
    return found


def suppressed(numbers) -> bool:
    hapax = numbers[f"prefix matching, {HAPAX}"] <= 0.1 and numbers[f"loss on repeats, {HAPAX}"] >= 3.5
    return hapax and numbers[f"prefix matching, {VANILLA}"] >= 0.5 and numbers[f"loss on repeats, {VANILLA}"] <= 0.6


def kept(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"loss on kept targets, {n}": measures.kept_and_dropped(one)["kept"][-1] for n, one in rows.items()}


def kept_are_better(numbers) -> bool:
    return numbers[f"loss on kept targets, {HAPAX}"] <= numbers[f"loss on kept targets, {VANILLA}"] - 0.2


def abstractive(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    found: Numbers = {}
    for name, one in rows.items():
        early, late = measures.early_and_late(measures.abstractive(one))
        found |= {f"early, {name}": early, f"late, {name}": late}
    return found | {"late, Bayes": measures.early_and_late(measures.bayes())[1]}


def infers(numbers) -> bool:
    late = numbers[f"late, {HAPAX}"]
    return late - numbers[f"early, {HAPAX}"] <= LEARNS and late <= numbers["late, Bayes"] + NEAR_BAYES


CLAIMS = (
    Claim(
        "suppression",
        "Without loss on what an induction head gets right, induction heads are fewer and weaker.",
        "suppression",
        "the largest prefix matching of a head and the loss on repeats of DUP(20, 3) at the end (nats)",
        "Hapax: at most 0.1 and at least 3.5; vanilla: at least 0.5 and at most 0.6",
        "between what one seed measured earlier (0.04 and 4.04; 0.66 and 0.31)",
        suppressed,
        suppression,
        runs.models,
    ),
    Claim(
        "kept-targets",
        "What is not copied is predicted better.",
        "kept targets",
        "the loss on the targets that Hapax keeps at the end (nats)",
        "lower by at least 0.2 with Hapax",
        "one seed measured earlier differed by 0.6",
        kept_are_better,
        kept,
        runs.models,
    ),
    Claim(
        "abstractive",
        "In-context learning whose answer is not in the context survives.",
        "abstractive",
        "the loss on targets 1 to 4 and on 48 to 63 of sequences without copies (nats), and the best possible",
        "Hapax: late at least 0.1 below early, and within 0.1 of Bayes' rule",
        "who infers the class goes from 3.97 to 3.81",
        infers,
        abstractive,
        runs.models,
    ),
)
