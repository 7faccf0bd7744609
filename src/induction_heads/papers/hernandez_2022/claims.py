"""What the paper states, as claims on three seeds; criteria are those of the page of facts the project was given."""

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .runs import NONE

Numbers = dict[str, float]
WORSE, SAME = 0.5, 0.05  # nats


def fresh_losses(study: Study, seed: int) -> Numbers:
    found = measures.ends(study.rows(runs.models, seed))
    return {f"test loss, {name}": each["test"] for name, each in found.items()}


def middle_is_worst(numbers) -> bool:
    loss = {name: numbers[f"test loss, {name}"] for name in runs.NAMES}
    middle = max(loss["100"], loss["1,000"]) - loss[NONE] >= WORSE
    return middle and loss["10"] - loss[NONE] <= SAME and loss["10,000"] < loss["1,000"]


def shares_at_the_worst(study: Study, seed: int) -> Numbers:
    found = measures.ends(study.rows(runs.models, seed))
    repeats = measures.worst(found)
    lost = measures.shares_lost(found)[repeats]
    return {
        "repeats that are worst": float(repeats.replace(",", "")),
        "share lost, test": lost["test"],
        "share lost, copying": lost["copy"],
    }


CLAIMS = (
    Claim(
        "middle-worst",
        "An intermediate number of repeats hurts most: few are harmless, many are learnt by heart and left behind.",
        "repeats",
        "the loss on fresh sequences at the end (nats), by how often half of the tokens are repeated",
        "at 100 or 1,000 repeats at least 0.5 above unrepeated, at 10 at most 0.05 above; 10,000 below 1,000",
        "between what one seed measured earlier (gaps of 1.0 and 0.0) and no effect",
        middle_is_worst,
        fresh_losses,
        runs.models,
    ),
    Claim(
        "copying-hit-harder",
        "Copying suffers more than the loss as a whole.",
        "copying",
        "at the worst number of repeats, the share of what unrepeated training learns that is lost, of test loss "
        "(floor 3.81 nats) and of the loss on the repeats of DUP(20, 3) (floor 4.16)",
        "a larger share of copying",
        "only the sign: the paper's effective model size falls to a third in copying and by at most 15 % in test loss",
        lambda numbers: numbers["share lost, copying"] > numbers["share lost, test"],
        shares_at_the_worst,
        runs.models,
    ),
)
