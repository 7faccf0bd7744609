"""The claims about single heads, their wiring and the seeds: Tables 1 to 3, figures 11 to 14 and 16 to 18.

Criteria were fixed on the paper's own numbers (its text, its tables, its digitised curves) before ours were seen.
"""

import math
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from induction_heads.machinery.ledger import Measured, Numbers
from induction_heads.networks.clamps import PerfectMatch
from induction_heads.networks.model import Sequences
from induction_heads.papers.singh_2024 import measures, wiring
from induction_heads.papers.singh_2024.runs import LAYER_2, OTHERS

from ..study import Study
from .claim import (
    Claim,
    at_the_end,
    choices_at_the_end,
    learning_time,
    main_run,
    rank_correlation,
    training_sequences,
)
from .in_the_paper import PublishedStudy, in_the_paper, published_gains, published_mistakes

THROUGH_TRAINING = 2_000  # of the exhaustive set, at every checkpoint; the same ones, so that differences are smooth
SAMPLE = 8_000  # of the exhaustive set, where there are many conditions; an accuracy is then good to 0.006
CARRIES = 0.05  # accuracy that a wire is worth: nine standard errors of a share of the sample
# what is preserved -> the compositions that are left to carry the effect
SCORES = {"values": ("Q", "K"), "patterns": ("V",)}
EIGHT_HEADS = 0.738  # largest rank correlation of eight pairs that chance gives in 95 % of draws (two-sided)


def sampled(study: Study, seed: int, n: int = SAMPLE) -> Sequences:
    return measures.sample(training_sequences(study, main_run(study, seed).run), n)


@lru_cache(maxsize=64)
def table_1(study: Study, seed: int) -> tuple[tuple[int, ...], pd.DataFrame]:
    """The previous-token heads, found by their attention, and `wiring.table_1`."""
    if isinstance(study, PublishedStudy):
        return study.table_1()
    trained = main_run(study, seed)
    features = study.exemplars(trained.run).train[None]
    attention = measures.previous_token_attention(measures.stack([trained.final]), features, sampled(study, seed))[0]
    heads = wiring.previous_token_heads(attention)
    return heads, wiring.table_1(trained.final, features, training_sequences(study, trained.run), heads)


@lru_cache(maxsize=64)
def wires(study: Study, seed: int) -> pd.DataFrame:
    trained = main_run(study, seed)
    return wiring.wiring(trained.final, study.exemplars(trained.run).train[None], sampled(study, seed))


@lru_cache(maxsize=64)
def direct_effects(study: Study, seed: int) -> pd.DataFrame:
    if isinstance(study, PublishedStudy):
        return study.direct_effects()
    trained = main_run(study, seed)
    return wiring.direct_effects(
        trained, study.exemplars(trained.run).train[None], sampled(study, seed, THROUGH_TRAINING)
    )


@lru_cache(maxsize=64)
def switched_on(study: Study, seed: int) -> tuple[tuple[int, ...], np.ndarray, np.ndarray]:
    """Layer 2 heads by strength, and the loss (nats) as they are switched on: from the strongest, from the second."""
    if isinstance(study, PublishedStudy):
        return study.switched_on()
    trained = main_run(study, seed)
    order = tuple(int(h) for h in at_the_end(study, seed).strength.argsort()[::-1])
    n = len(order)
    chosen = [order[:i] for i in range(1, n + 1)] + [order[1:i] for i in range(2, n + 1)]
    active = torch.tensor([[h in heads for h in range(n)] for heads in chosen])
    keep = torch.stack([torch.ones_like(active), active], 1)
    which = training_sequences(study, trained.run)
    found = measures.direct_paths(
        measures.stack([trained.final]), study.exemplars(trained.run).train[None], which, keep
    )
    loss = measures.loss_and_accuracy(found["logits"][0], which)[:, 0].numpy()
    return order, loss[:n], loss[n:]


@lru_cache(maxsize=8)
def answers(study: Study, seed: int) -> dict[str, torch.Tensor]:
    """What each Layer 2 head alone answers to training sequences (head batch), with its own match and a perfect one."""
    trained = main_run(study, seed)
    which, features = training_sequences(study, trained.run), study.exemplars(trained.run).train[None]
    perfect, keep = tuple(PerfectMatch(head) for head in LAYER_2), wiring.heads_alone(trained.final)
    found = measures.direct_paths(measures.stack([trained.final]), features, which, keep, [perfect])
    computed = choices_at_the_end(study, seed).alone
    return {"computed match": computed, "perfect match": found["logits"][0].argmax(-1)}


def right(study: Study, seed: int) -> dict[str, torch.Tensor]:
    """Whether these answers are right."""
    target = training_sequences(study, main_run(study, seed).run).target
    return {match: given == target for match, given in answers(study, seed).items()}


def corrected(correct: torch.Tensor, of: int) -> np.ndarray:
    """Of the sequences that head `of` alone gets wrong, the share that each head alone gets right; NaN if none."""
    return correct[:, ~correct[of]].float().mean(1).numpy()


def association_with(wrong: torch.Tensor, what: torch.Tensor) -> tuple[float, float]:
    """Cramér's V of mistakes and `what` the sequence has, and the p-value of the chi-square test of independence."""
    from scipy.stats import chi2_contingency  # as in claim.rank_correlation
    from scipy.stats.contingency import association

    counts = np.array([np.bincount(what[wrong == w].numpy(), minlength=int(what.max()) + 1) for w in (False, True)])
    counts = counts[:, counts.sum(0) > 0]
    if (counts.sum(1) == 0).any() or counts.shape[1] < 2:
        return math.nan, math.nan
    return float(association(counts, "cramer")), float(chi2_contingency(counts).pvalue)


def dissociation(study: Study, seed: int) -> Measured:
    heads, table = table_1(study, seed)
    return {"previous-token heads": len(heads)} | {
        f"{group}, {kept} preserved": row.accuracy for (group, kept), row in table.iterrows()
    }


def four(n: Numbers) -> tuple[float, float, float, float]:
    """Accuracies as Table 1 has them: previous-token heads ablated, patterns or values preserved; then the others."""
    previous, other = ([n[f"{g}, {kept} preserved"] for kept in wiring.PRESERVED] for g in wiring.GROUPS)
    return previous[0], previous[1], other[0], other[1]


def dissociated(n: Numbers) -> bool:
    previous_patterns, previous_values, other_patterns, other_values = four(n)
    some = 0 < n["previous-token heads"] < 8
    return some and previous_patterns >= previous_values + 0.1 and other_values >= other_patterns + 0.1


def as_published(n: Numbers) -> bool:
    previous_patterns, previous_values, other_patterns, other_values = four(n)
    return 0 < n["previous-token heads"] < 8 and previous_patterns > other_values > previous_values > other_patterns


def many_to_many(study: Study, seed: int) -> Measured:
    table = wires(study, seed)
    found = np.zeros((8, 8), dtype=bool)
    for preserved in wiring.PRESERVED:
        found |= wiring.effect(table, preserved, "all but one").to_numpy() >= CARRIES
    return {
        "Layer 1 heads that feed several": (found.sum(1) >= 2).sum(),
        "Layer 2 heads that are fed by several": (found.sum(0) >= 2).sum(),
        "wires": found.sum(),
    }


def predicted_by_weights(study: Study, seed: int) -> Measured:
    scores = dict(zip("QKV", wiring.composition_scores(main_run(study, seed).final).numpy(), strict=True))
    found = {}
    for preserved, letters in SCORES.items():
        for letter in letters:
            for active in ("all but one", "only one"):
                effect = wiring.effect(wires(study, seed), preserved, active).to_numpy()
                found[f"{letter} score, {active}"] = rank_correlation(scores[letter].ravel(), effect.ravel())
    return found


def layer_1_direct(study: Study, seed: int) -> Measured:
    loss = direct_effects(study, seed)["loss"]
    first = loss["no Layer 1"] - loss["whole"]
    return {
        "peak (nats)": first.max(),
        "at": first.idxmax(),
        "at the end": first.iloc[-1],
        "learnt at": learning_time(main_run(study, seed)),
    }


def peaks_early(n: Numbers) -> bool:
    early, vanishes = n["at"] < n["learnt at"] / 2, n["at the end"] <= n["peak (nats)"] / 10
    return n["peak (nats)"] >= 0.05 and early and vanishes


def layer_2_direct(study: Study, seed: int) -> Measured:
    loss, learnt = direct_effects(study, seed)["loss"], learning_time(main_run(study, seed))
    second = loss["no Layer 2"] - loss["whole"]
    return {
        "at half the learning time (nats)": np.interp(learnt / 2, second.index, second),
        "at the end": second.iloc[-1],
    }


def additive(study: Study, seed: int) -> Measured:
    """The smallest steps of figure 14, which leaves the weakest head off."""
    _, first, second = switched_on(study, seed)
    return {
        "smallest fall from the strongest (nats)": -np.diff(first[:-1]).max(),
        "from the second": -np.diff(second[:-1]).max(),
        "all heads": first[-1],
    }


def correcting(study: Study, seed: int) -> Measured:
    correct, strongest = right(study, seed)["computed match"], int(at_the_end(study, seed).strength.argmax())
    shares = np.delete(corrected(correct, strongest), strongest)
    return {
        "mistakes of the strongest": (~correct[strongest]).sum(),
        "best other head": shares.max(),
        "worst": shares.min(),
    }


def with_perfect_match(study: Study, seed: int) -> Measured:
    before, after = (correct.float().mean(1).numpy() for correct in right(study, seed).values())
    return {
        "heads that gain": (after > before).sum(),
        "mean gain": (after - before).mean(),
        "largest loss": max(0.0, (before - after).max()),
    }


def label_specific(study: Study, seed: int) -> Measured:
    correct, which = right(study, seed)["perfect match"], training_sequences(study, main_run(study, seed).run)
    wrong = [~head for head in correct if (~head).float().mean() >= 0.01]
    by_label = np.array([association_with(w, which.target[0]) for w in wrong]).reshape(-1, 2)
    by_class = np.array([association_with(w, which.exemplar[0, :, -1]) for w in wrong]).reshape(-1, 2)
    median_label, median_class = (float(np.median(v[:, 0])) if wrong else math.nan for v in (by_label, by_class))
    return {
        "heads": len(wrong),
        "V, label (median)": median_label,
        "V, query's class (median)": median_class,
        "largest p, label": by_label[:, 1].max(initial=0.0),
    }


def specific_to_labels(n: Numbers) -> bool:
    more_than_class = n["V, label (median)"] > n["V, query's class (median)"]
    return n["V, label (median)"] >= 0.3 and more_than_class and n["largest p, label"] < 0.001


def pairs(study: Study, seed: int) -> Measured:
    rows = study.results("17", seed, until_learnt=True)
    every = learning_time(rows["all heads"])
    times = [learning_time(rows[f"with {other}"]) for other in OTHERS]
    strongest = int(at_the_end(study, seed).strength.argmax())
    single = learning_time(study.results("4b", seed, until_learnt=True)[f"head {strongest}"])
    return {
        "slowest pair / all heads": max(times) / every,
        "median pair": float(np.median(times)),
        "strongest alone": single,
        "all heads": every,
    }


@lru_cache(maxsize=64)
def loss_alone(study: Study, seed: int) -> np.ndarray:
    """Loss (nats) of each Layer 2 head alone, exhaustive set."""
    if isinstance(study, PublishedStudy):
        return study.loss_alone()
    return choices_at_the_end(study, seed).loss[-len(LAYER_2) :]


def strength_and_success(study: Study, seed: int) -> Measured:
    end = at_the_end(study, seed)
    return {
        "with accuracy alone": np.corrcoef(end.strength, end.alone)[0, 1],
        "with loss alone": np.corrcoef(end.strength, loss_alone(study, seed))[0, 1],
    }


def strength_and_speed(study: Study, seed: int) -> Measured:
    rows = study.results("4b", seed, until_learnt=True)
    times = [learning_time(rows[f"head {h}"]) for h in range(len(LAYER_2))]
    return {"rank correlation": rank_correlation(at_the_end(study, seed).strength, times)}


CLAIMS = (
    Claim(
        id="table-1",
        statement="Previous-token heads work through Layer 2's patterns, the other Layer 1 heads through its values.",
        source="table 1",
        quantity=(
            "accuracy with either group ablated, preserving patterns or values; a previous-token head gives the token "
            "before more than half of its attention"
        ),
        criterion=(
            "each group costs at least 0.1 more through its own path than through the other; neither group is empty"
        ),
        reason=(
            "a tenth of all answers is far above noise (78,400 sequences) and a third of the smaller of the paper's "
            "two differences"
        ),
        holds=dissociated,
        measure=dissociation,
        results=("table-1",),
        published=in_the_paper(dissociation),
    ),
    Claim(
        id="table-1-order",
        statement="Of the four ablations, the order of the accuracies is that of Table 1.",
        source="table 1",
        quantity="the same four accuracies",
        criterion=(
            "previous-token heads with patterns preserved > others with values > previous-token heads with values > "
            "others with patterns"
        ),
        reason="the published numbers",
        holds=as_published,
        measure=dissociation,
        results=("table-1",),
        published=in_the_paper(dissociation),
    ),
    Claim(
        id="figure-11",
        statement="Layer 1 and Layer 2 heads are wired many to many.",
        source="figure 11",
        quantity=(
            "wires: pairs where ablating the one Layer 1 head, patterns or values preserved, costs the Layer 2 head "
            "alone 0.05 of accuracy or more"
        ),
        criterion=(
            "at least two Layer 1 heads feed several Layer 2 heads, and at least two Layer 2 heads are fed by several "
            "Layer 1 heads"
        ),
        reason="two on either side is the least that is many to many; 0.05 is nine standard errors of the sample",
        holds=lambda n: n["Layer 1 heads that feed several"] >= 2 and n["Layer 2 heads that are fed by several"] >= 2,
        measure=many_to_many,
        results=("11",),
    ),
    Claim(
        id="figure-11-scores",
        statement="Composition scores of the weights do not predict the functional wiring.",
        source="figure 11",
        quantity=(
            "rank correlation over the 64 pairs of head: Q and K scores with the effect through patterns, V scores "
            "with that through values"
        ),
        criterion="no correlation reaches 0.7 in absolute value",
        reason="a score that predicts the wiring explains at least half of its variance",
        holds=lambda n: max(abs(x) for x in n.values()) < 0.7,
        measure=predicted_by_weights,
        results=("11",),
    ),
    Claim(
        id="figure-12",
        statement="Layer 1's direct effect on the output peaks early in training and vanishes.",
        source="figure 12",
        quantity="train loss without Layer 1's path to the output, minus the loss with it, over the checkpoints",
        criterion=(
            "greatest before half the learning time, at least 0.05 nats there, and at most a tenth of that at the end"
        ),
        reason=(
            "0.05 nats is less than a tenth of what guessing between two loses, and more than noise; the paper's peak "
            "comes long before half its learning time, and far less than a tenth of it is left at the end"
        ),
        holds=peaks_early,
        measure=layer_1_direct,
        results=("12",),
        published=in_the_paper(layer_1_direct),
    ),
    Claim(
        id="figure-12-layer-2",
        statement="Layer 2's direct effect grows with the change.",
        source="figure 12",
        quantity="train loss without Layer 2's path to the output, minus the loss with it",
        criterion="at the end at least twice what it is at half the learning time",
        reason="the doubling has to happen after the plateau has begun; the paper's layer more than doubles it",
        holds=lambda n: n["at the end"] >= 2 * n["at half the learning time (nats)"],
        measure=layer_2_direct,
        results=("12",),
        published=in_the_paper(layer_2_direct),
    ),
    Claim(
        id="figure-14",
        statement="Heads are additive: the loss falls with every head that is switched on.",
        source="figure 14",
        quantity=(
            "train loss as all heads but the weakest are switched on in order of strength, from the strongest and from "
            "the second strongest"
        ),
        criterion="every one of the eleven steps falls",
        reason="every means every; the set is exhaustive, so nothing is left to chance",
        holds=lambda n: n["smallest fall from the strongest (nats)"] > 0 and n["from the second"] > 0,
        measure=additive,
        results=("14",),
        published=in_the_paper(additive),
    ),
    Claim(
        id="table-2",
        statement="Heads make different mistakes: others correct much of what the strongest gets wrong.",
        source="table 2",
        quantity=(
            "of the sequences that the strongest head alone gets wrong, the share that each other head alone gets right"
        ),
        criterion="at least a half for the best other head",
        reason="more often right than wrong exactly where the strongest is wrong",
        holds=lambda n: n["best other head"] >= 0.5,
        measure=correcting,
        results=("table-2",),
        published=published_mistakes,
    ),
    Claim(
        id="figure-16a",
        statement="A perfect match raises the accuracy of heads alone.",
        source="figure 16a, table 3",
        quantity="accuracy of each head alone, with the match it computes and with a perfect one",
        criterion="at least seven of the eight heads gain",
        reason="seven of eight is the sign test at 5 %; in the paper the weakest head does not gain",
        holds=lambda n: n["heads that gain"] >= 7,
        measure=with_perfect_match,
        results=("16",),
        published=published_gains,
    ),
    Claim(
        id="figure-16b",
        statement="Copying is specific to labels: with a perfect match, a head's mistakes fall on particular labels.",
        source="figure 16b, 16c",
        quantity=(
            "Cramér's V of mistakes and the correct label, and of mistakes and the query's class, for heads alone with "
            "at least 1 % mistakes"
        ),
        criterion=(
            "median V with the label at least 0.3 and above that with the class; independence rejected at p < 0.001 "
            "for each head"
        ),
        reason=(
            "0.3 is Cohen's medium effect; with 78,400 sequences the p-value alone would prove little, and the class "
            "is what copying should not mind"
        ),
        holds=specific_to_labels,
        measure=label_specific,
        results=("16",),
    ),
    Claim(
        id="figure-17",
        statement="The strongest head with any other learns nearly as fast as all heads.",
        source="figure 17",
        quantity="sequences until the train loss is below 0.4 ln 2",
        criterion="the slowest pair takes at most 1.5 times as long as all heads",
        reason="a typical head alone takes as much longer in the paper",
        holds=lambda n: n["slowest pair / all heads"] <= 1.5,
        measure=pairs,
        results=("17", "4b"),
        published=in_the_paper(pairs),
        until_learnt=True,
    ),
    Claim(
        id="figure-17-alone",
        statement="A second head speeds the strongest up.",
        source="figure 17",
        quantity="sequences until the train loss is below 0.4 ln 2",
        criterion="the median pair learns before the strongest head does alone",
        reason="the statement itself",
        holds=lambda n: n["median pair"] < n["strongest alone"],
        measure=pairs,
        results=("17", "4b"),
        published=in_the_paper(pairs),
        until_learnt=True,
    ),
    Claim(
        id="figure-18",
        statement="A head's strength in the full network goes with its accuracy and its loss alone.",
        source="figure 18",
        quantity="correlation over the eight heads",
        criterion="above 0.9 with accuracy, below -0.9 with loss",
        reason="each of the paper's five seeds is beyond both",
        holds=lambda n: n["with accuracy alone"] > 0.9 and n["with loss alone"] < -0.9,
        measure=strength_and_success,
        results=("3a",),
        published=in_the_paper(strength_and_success),
    ),
    Claim(
        id="figure-18-speed",
        statement="A head's strength in the full network goes hardly with how fast it learns when trained alone.",
        source="figure 18",
        quantity=(
            "rank correlation over the eight heads of strength and sequences until the train loss of its own run is "
            "below 0.4 ln 2"
        ),
        criterion="below 0.738 in absolute value",
        reason="what chance gives eight heads in 95 % of draws; four of the paper's own five seeds are below it",
        holds=lambda n: abs(n["rank correlation"]) < EIGHT_HEADS,
        measure=strength_and_speed,
        results=("18",),
        published=in_the_paper(strength_and_speed),
        until_learnt=True,
    ),
)
