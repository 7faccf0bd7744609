"""The claims of figures 7, 8, 10 and 15: what happens when parts of the circuit are given throughout training.

Criteria were fixed on the paper's own numbers (its text, its digitised curves) before ours were seen.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import pandas as pd

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.machinery.store import Trained
from induction_heads.papers.singh_2024 import measures
from induction_heads.papers.singh_2024.measures import PLATEAU, Plateau

from ..runs import CONTRASTED
from ..study import Study
from .claim import Claim, learning_time
from .in_the_paper import PublishedStudy, in_the_paper, published_wrong_way

LEARNT = measures.LEARNT * math.log(2)
NEAR_HALF = (0.4, 0.6)  # figure 15: strengths that tell hardly anything; below is the wrong way, above the right way


def plateau(history: pd.DataFrame) -> Plateau:
    return measures.plateau(history["sequences"].to_numpy(), history["train_loss"].to_numpy())


def grafts(study: Study, seed: int) -> Measured:
    """Plateau and learning time of each run of figure 7, the graft of the network's own seed first."""
    rows = study.results("7", seed, until_learnt=True)
    names = {name: name.removeprefix("Layer 1 of ").replace(f"seed {seed}", "own seed") for name in rows}
    shares = {f"{short}: share": plateau(rows[name].history).share for name, short in names.items()}
    return shares | {f"{short}: learnt": learning_time(rows[name]) for name, short in names.items()}


def no_plateau_when_grafted(numbers: Numbers) -> bool:
    shares = {name: number for name, number in numbers.items() if name.endswith("share")}
    unclamped = shares.pop("no clamp: share")
    return max(shares.values()) < PLATEAU <= unclamped


def own_is_fastest(numbers: Numbers) -> bool:
    others = [time for name, time in numbers.items() if name.startswith("seed ") and name.endswith("learnt")]
    return numbers["own seed: learnt"] <= min(others) / 2


def previous_token_clamps(study: Study, seed: int) -> Measured:
    return {name: learning_time(run) for name, run in study.results("8", seed, until_learnt=True).items()}


def which_head_hardly_matters(times: Numbers) -> bool:
    single = [times["strongest previous-token head"], times["weakest previous-token head"]]
    return max(single) < times["no clamp"] and max(single) <= 1.5 * min(single)


def all_heads_are_slowest(times: Numbers) -> bool:
    return times["all heads"] > max(time for name, time in times.items() if name != "all heads")


@lru_cache(maxsize=64)
def clamp_and_progress(study: Study, seed: int) -> Measured:
    """The slowest tenth of the fall: clamped training, and the unclamped run's checkpoints under the same clamp."""
    numbers: dict[str, float] = {}
    rows = study.results("10", seed, until_learnt=True)
    for row, clamp in CONTRASTED.items():
        measured = under_a_clamp(study, rows, row)
        for name, history in (("clamped", rows[row].history), ("measured", measured)):
            found = plateau(history)
            numbers |= {f"{clamp} {name}: share": found.share, f"{clamp} {name}: sequences": found.sequences}
    return numbers


def under_a_clamp(study: Study, rows: Mapping[str, Trained], row: str) -> pd.DataFrame:
    """The history of the unclamped run's checkpoints under the clamps of a row of figure 5b."""
    if isinstance(study, PublishedStudy):
        return study.progress(row)
    return measures.progress(rows["none"], study.exemplars(rows["none"].run), rows[row].run.clamps)


def progress_waits_longer(numbers: Numbers) -> bool:
    return all(
        numbers[f"{clamp} measured: sequences"] >= 1.5 * numbers[f"{clamp} clamped: sequences"]
        and numbers[f"{clamp} measured: share"] > numbers[f"{clamp} clamped: share"]
        for clamp in CONTRASTED.values()
    )


def only_progress_has_a_plateau(numbers: Numbers) -> bool:
    return numbers["match clamped: share"] < PLATEAU <= numbers["match measured: share"]


def by_strength(study: Study, seed: int) -> dict[float, dict[str, float]]:
    """Match strength -> when it is learnt, its plateau's share, and the final losses of its run (figure 15)."""
    found = {}
    for name, trained in study.results("15", seed).items():
        last = trained.history.iloc[-1]
        losses = {key: last[f"{key}_loss"] for key in ("held_out_label_pairs", "unseen_classes")}
        found[float(name)] = {"learnt": learning_time(trained), "share": plateau(trained.history).share} | losses
    return found


def strength_times(study: Study, seed: int) -> Measured:
    found = by_strength(study, seed)
    slowest = max(found, key=lambda strength: found[strength]["learnt"])
    times = {f"learnt at {strength:g}": found[strength]["learnt"] for strength in (0.0, 0.5, 1.0)}
    return {
        "slowest strength": slowest,
        "slowest learnt": found[slowest]["learnt"],
        "share at 0.5": found[0.5]["share"],
    } | times


def slowest_near_half(numbers: Numbers) -> bool:
    low, high = NEAR_HALF
    fast = max(numbers["learnt at 0"], numbers["learnt at 1"]) <= numbers["slowest learnt"] / 2
    return low <= numbers["slowest strength"] <= high and fast and numbers["share at 0.5"] >= PLATEAU


def held_out_by_strength(study: Study, seed: int) -> Measured:
    losses = {strength: found["held_out_label_pairs"] for strength, found in by_strength(study, seed).items()}
    wrong = [loss for strength, loss in losses.items() if strength <= NEAR_HALF[0]]
    right = [loss for strength, loss in losses.items() if strength >= NEAR_HALF[1]]
    return {"wrong way, lowest": min(wrong), "wrong way, highest": max(wrong), "right way, highest": max(right)}


def only_the_right_way_generalises(numbers: Numbers) -> bool:
    return numbers["wrong way, lowest"] > math.log(2) and numbers["right way, highest"] < LEARNT


def unseen_by_strength(study: Study, seed: int) -> Measured:
    losses = {strength: found["unseen_classes"] for strength, found in by_strength(study, seed).items()}
    worst = max(losses, key=lambda strength: losses[strength])
    return {"highest": losses[worst], "at strength": worst, "at 0": losses[0.0], "at 1": losses[1.0]}


CLAIMS = (
    Claim(
        id="figure-7",
        statement="With a trained Layer 1 grafted and frozen there is no plateau, whichever seed it comes from.",
        source="figure 7",
        quantity="the slowest tenth of the fall, its share of the learning time",
        criterion="below 0.25 for each of the three grafts, at least 0.25 with no clamp",
        reason="the bar of claim 11: an exponential fall has at most 0.115, a straight line 0.167",
        holds=no_plateau_when_grafted,
        measure=grafts,
        results=("7",),
        published=in_the_paper(grafts),
        until_learnt=True,
    ),
    Claim(
        id="figure-7-own",
        statement="The Layer 1 that the rest was trained with is learnt from much faster than another seed's.",
        source="figure 7",
        quantity="sequences until the train loss is below 0.4 ln 2",
        criterion="own Layer 1: at most half as many as either other",
        reason="much faster is at least twice as fast",
        holds=own_is_fastest,
        measure=grafts,
        results=("7",),
        published=in_the_paper(grafts),
        until_learnt=True,
    ),
    Claim(
        id="figure-8",
        statement="Which Layer 1 head is given the previous-token pattern hardly matters.",
        source="figure 8",
        quantity=(
            "sequences until the train loss is below 0.4 ln 2: clamping the head that attends to the previous token "
            "most, and the one that does least"
        ),
        criterion="both earlier than with no clamp, and the later at most 1.5 times the earlier",
        reason="less than one of the paper's clamps gains over the next, twice or more",
        holds=which_head_hardly_matters,
        measure=previous_token_clamps,
        results=("8",),
        published=in_the_paper(previous_token_clamps),
        until_learnt=True,
    ),
    Claim(
        id="figure-8-all",
        statement=(
            "Giving all Layer 1 heads the previous-token pattern slows learning: values of Layer 2 then cannot read "
            "the present label."
        ),
        source="figure 8",
        quantity="sequences until the train loss is below 0.4 ln 2",
        criterion="later than with no clamp, and than with one or three heads clamped",
        reason="the statement itself",
        holds=all_heads_are_slowest,
        measure=previous_token_clamps,
        results=("8",),
        published=in_the_paper(previous_token_clamps),
        until_learnt=True,
    ),
    Claim(
        id="figure-10",
        statement="A progress measure moves on another schedule than training under the same clamp.",
        source="figure 10",
        quantity=(
            "the slowest tenth of the fall, in sequences and as a share of the learning time: training under a clamp "
            "(step 1; match), and the loss of the unclamped run's checkpoints under it"
        ),
        criterion=(
            "under both clamps, at least 1.5 times as many sequences for the progress measure, and a larger share"
        ),
        reason=(
            "both would be the same if they told the same thing; 1.5 is beyond what the two grids of evaluation can do"
        ),
        holds=progress_waits_longer,
        measure=clamp_and_progress,
        results=("10",),
        published=in_the_paper(clamp_and_progress),
        until_learnt=True,
    ),
    Claim(
        id="figure-10-plateau",
        statement="Under the match clamp a progress measure still shows a plateau, and clamped training does not.",
        source="figure 10",
        quantity="the slowest tenth of the fall, its share of the learning time",
        criterion="at least 0.25 for the progress measure, below 0.25 for the clamped training",
        reason="the bar of claim 11",
        holds=only_progress_has_a_plateau,
        measure=clamp_and_progress,
        results=("10",),
        published=in_the_paper(clamp_and_progress),
        until_learnt=True,
    ),
    Claim(
        id="figure-15",
        statement=(
            "The stronger a match clamp, the right way or the wrong way, the faster the training set is learnt; near "
            "one half there is a plateau."
        ),
        source="figure 15",
        quantity=(
            "sequences until the train loss is below 0.4 ln 2 at 21 strengths, and the plateau's share of them at 0.5"
        ),
        criterion=(
            "the slowest strength between 0.4 and 0.6; strengths 0 and 1 at most half as long; share at 0.5 at least "
            "0.25"
        ),
        reason=(
            "between 0.4 and 0.6 the clamp tells at most a fifth of what a perfect one does; a head that tells nothing "
            "leaves the whole circuit to the others"
        ),
        holds=slowest_near_half,
        measure=strength_times,
        results=("15",),
    ),
    Claim(
        id="figure-15-held-out",
        statement="Match clamps the right way generalise to held-out label pairs, clamps the wrong way do not.",
        source="figure 15",
        quantity="final loss on held-out label pairs",
        criterion="above ln 2 at every strength up to 0.4, below 0.4 ln 2 at every strength from 0.6",
        reason=(
            "above ln 2 is worse than guessing between the labels in context, below 0.4 ln 2 is learnt; strengths "
            "nearer one half leave it to other heads"
        ),
        holds=only_the_right_way_generalises,
        measure=held_out_by_strength,
        results=("15",),
        published=published_wrong_way,
    ),
    Claim(
        id="figure-15-unseen",
        statement="On unseen classes every strength behaves as on the training set: wrong-way clamps generalise there.",
        source="figure 15",
        quantity="final loss on unseen classes",
        criterion="below 0.4 ln 2 at every strength",
        reason="the bar by which the training set counts as learnt, and of claim 2",
        holds=lambda n: n["highest"] < LEARNT,
        measure=unseen_by_strength,
        results=("15",),
    ),
)
