"""Readings of figures 3a and 3b and of section 3's direct path (notebook 01_emergence)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float, Num
from numpy import ndarray

from induction_heads.machinery.reading import in_words, listed, number, prediction
from induction_heads.networks.sequences import EVALUATION_SETS

from ..claims.main_text import INDUCTION, LEARNT
from ..measures import PLATEAU, Plateau
from .words import LN_2, NEAR, against_the_paper, beside, near, percent

TEST_SETS = ("held_out_label_pairs", "unseen_classes")
MET = 0.05  # nats between the loss and the one limited to the labels in context: from here on they are one
STAYS = 0.1  # of its final strength: what a head that stays where it is may still gain
PATH_COST = 0.005  # accuracy; the criterion of claim 5


def reading_3a(ours: Plateau, theirs: Plateau, learnt: float, their_learnt: float) -> list[str]:
    """Whether the loss waits at ln 2; the slowest tenths of its fall, and sequences until learnt (NaN where never)."""
    waits, at_ln_2 = ours.share >= PLATEAU, near(ours.level, LN_2)
    bar = f"{'no less' if waits else 'less'} than the {percent(PLATEAU)} from which we speak of a plateau"
    where = f"at {number(ours.level)} nats, {'' if at_ln_2 else 'not '}within a tenth of ln 2 = {number(LN_2)}"
    same_bar = "a plateau" if theirs.share >= PLATEAU else "no plateau"
    return [
        prediction(
            waits and at_ln_2,
            f"the slowest tenth of the fall takes {percent(ours.share)} of the learning time, {bar}, and lies {where}",
        ),
        f"It lasts from {number(ours.begins)} to {number(ours.ends)} sequences.",
        f"The paper's curve, by the same measure, has {percent(theirs.share)} at {number(theirs.level)} nats: "
        f"{same_bar}.",
        f"The training set is learnt after {against_the_paper(learnt, their_learnt)}.",
    ]


def reading_3a_test_sets(history: pd.DataFrame, their_ends: Mapping[str, float]) -> list[str]:
    """Whether the test sets follow the training set; `their_ends` are the paper's final losses (nats) by set."""
    ends = {name: history[f"{name}_loss"].dropna().iloc[-1] for name in EVALUATION_SETS}
    told = [f"{_spelt(name)} end at {beside(ends[name], their_ends[name], 'nats')}" for name in TEST_SETS]
    others = [f"{_spelt(name)} at {number(ends[name])}" for name in ends if name not in (*TEST_SETS, "train")]
    bar = f"the bar is {number(LEARNT)}, below which the training set counts as learnt"
    sentences = [prediction(bool(max(ends[name] for name in TEST_SETS) < LEARNT), f"{listed(told)}; {bar}")]
    last = [f"the training set ends at {number(ends['train'])} nats", *others]
    return [*sentences, f"For comparison, {listed(last)}."]


def reading_3a_in_context(progress: pd.DataFrame) -> list[str]:
    """Whether the loss limited to the labels in context stays at ln 2 until the whole loss meets it."""
    limited, apart = progress.in_context_loss.to_numpy(), (progress.train_loss - progress.in_context_loss).to_numpy()
    if not (apart < MET).any():
        return [prediction(False, f"the two losses stay {number(apart.min())} nats apart or more")]
    meet = int((apart < MET).argmax())
    stays = all(near(loss, LN_2) for loss in limited[: meet + 1])
    furthest = max(limited[: meet + 1], key=lambda loss: abs(loss - LN_2))
    numbers = (
        f"until the two losses are within {MET} nats of each other, after {progress.sequences.iloc[meet]:,} "
        f"sequences, the limited one {'is never further from ln 2 than' if stays else 'has been at'} "
        f"{number(furthest)} nats (ln 2 is {number(LN_2)})"
    )
    return [prediction(stays, numbers), _begins(limited[0]), _overlap(limited[meet])]


def _begins(first: float) -> str:
    if near(first, LN_2):
        return f"Untrained it is {number(first)} nats: a guess between the two."
    return (
        f"Untrained it is {number(first)} nats and not ln 2: random logits prefer one label for no reason, and that "
        "is unlearnt first."
    )


def _overlap(at_the_meeting: float) -> str:
    left = at_the_meeting / LN_2
    if left >= 1 - NEAR:
        return (
            f"When they meet it is {number(at_the_meeting)} nats: there is a stretch in which the network knows its "
            "two candidates and guesses between them."
        )
    return (
        f"When they meet it is {number(at_the_meeting)} nats, {percent(left)} of ln 2: by the time the labels in "
        "context are found, choosing between them has begun. The two overlap, which makes the plateau short."
    )


def reading_3a_seeds(learning: pd.DataFrame) -> list[str]:
    """Whether seeds wait at one height for different times; `measures.learning` with a row a seed."""
    levels, lengths, shares = (learning[name] for name in ("its level", "slowest tenth", "its share"))
    one_height, differ = levels.max() <= (1 + NEAR) * levels.min(), lengths.max() > (1 + NEAR) * lengths.min()
    plateaus, times = int((shares >= PLATEAU).sum()), learning["learnt after"]
    return [
        prediction(
            bool(one_height and differ),
            f"the slowest tenth lies between {number(levels.min())} and {number(levels.max())} nats, and takes from "
            f"{number(lengths.min())} to {number(lengths.max())} sequences",
        ),
        f"It is a plateau by the bar of {percent(PLATEAU)} in {in_words(plateaus, len(learning))} "
        f"({percent(shares.min())} to {percent(shares.max())} of the learning time).",
        f"They are learnt after {_range(times)} sequences.",
    ]


def _range(times: pd.Series) -> str:
    never = int(times.isna().sum())
    within = f"{number(times.min())} to {number(times.max())}"
    return within if not never else f"{within} ({in_words(never, len(times))} never)"


def reading_3b(
    end: Float[ndarray, " head"],
    their_end: Float[ndarray, " head"],
    halves: Num[ndarray, " head"],
    fall: tuple[float, float],
    gained: Float[ndarray, " head"],
) -> list[str]:
    """Whether heads rise together while the loss falls, and whether the weak ones then stay.

    `end` is each head's final strength and `their_end` the paper's, `halves` when each has half of its greatest
    (sequences), `gained` what it gains after the fall.
    """
    strong = end >= INDUCTION
    inside = (halves >= fall[0]) & (halves <= fall[1])
    rose, many = int((strong & inside).sum()), int(strong.sum())
    outside = [f"L2H{h} after {halves[h]:,.0f}" for h in np.flatnonzero(strong & ~inside)]
    numbers = (
        f"{in_words(rose, many, 'heads')} that end with a strength of {INDUCTION} or more have half of their greatest "
        f"strength while the loss falls from 0.9 to 0.1 ln 2, between {number(fall[0])} and {number(fall[1])} "
        "sequences"
    )
    sentences = [prediction(many >= 3 and rose == many, numbers)]
    sentences += [f"Outside: {listed(outside)} sequences."] if outside else []
    sentences += [
        f"At the end the strongest has {beside(end.max(), their_end.max())}, the weakest "
        f"{beside(end.min(), their_end.min())}."
    ]
    return [*sentences, *_after_the_fall(end, strong, gained)]


def _after_the_fall(end: ndarray, strong: ndarray, gained: ndarray) -> list[str]:
    weak = np.flatnonzero(~strong)
    if not len(weak):
        return [f"No head ends below {INDUCTION}, so that there is no weak one to stay where it is."]
    stay = bool((abs(gained[weak]) <= STAYS * abs(end[weak])).all())
    told = [f"L2H{h} gains {gained[h]:+.2f} of its {end[h]:.2f}" for h in weak]
    strongest = (
        f"the strong ones gain {gained[strong].min():+.2f} to {gained[strong].max():+.2f}" if strong.any() else ""
    )
    numbers = f"after the fall {listed(told)}" + (f"; {strongest}" if strongest else "")
    return ["That weak heads then stay where they are:", prediction(stay, numbers)]


def reading_direct_path(ours: pd.DataFrame, theirs: pd.DataFrame, answers: int) -> list[str]:
    """Whether hardly an answer needs Layer 1's direct path; accuracies `whole` and `without`, index seed."""
    lost, their_lost = ours.whole - ours.without, theirs.whole - theirs.without
    held = int((lost < PATH_COST).sum())
    wrong = {name: (answers * (1 - ours[name])).round().astype(int) for name in ("whole", "without")}
    told = [f"{wrong['whole'][s]} and {wrong['without'][s]} (seed {s})" for s in ours.index]
    return [
        prediction(
            held == len(ours),
            f"without the path less than {percent(PATH_COST)} of accuracy is lost in {in_words(held, len(ours))}",
        ),
        f"Wrong answers of {answers:,}, of the whole network and without the path: {listed(told)}.",
        f"At most {percent(max(lost.max(), 0))} of accuracy is lost; in the paper's five seeds "
        f"{percent(their_lost.min())} to {percent(their_lost.max())}.",
        "This is the end of training; `10_direct_effects` (Figure 12) follows the path from the beginning.",
    ]


def _spelt(name: str) -> str:
    return name.replace("held_out", "held-out").replace("_", " ")
