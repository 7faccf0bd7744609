"""Readings of `circuits_with_transformer_lens`: section 2.1 in the weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from induction_heads.machinery.reading import in_words, listed, number, prediction

from .words import percent

THERE = 0.9  # of the comparisons, or of the eigenvalues' size: a circuit is there
EXPLAINS = 0.7  # a correlation that explains half of the variance, as in claim figure-11-scores
FOLLOWS = 0.9  # rank correlation, as in claim 7
NOTHING = 0.05  # of the whole answer
PATH = 0.1  # of accuracy, as in claim table-1


def reading_patterns(detected: Mapping[str, Sequence[str]], previous: Sequence[str], strongest: str) -> list[str]:
    """The heads that TransformerLens detects, best first ("previous token head", "induction head"), and ours."""
    looking_back, induction = detected["previous token head"], detected["induction head"]
    same = [head for head in looking_back if head in previous]
    return [
        prediction(
            looking_back[0] in previous and induction[0] == strongest,
            f"the detector's best previous-token head is {looking_back[0]}, ours are {listed(previous)}; its best "
            f"induction head is {induction[0]}, ours {strongest}",
        ),
        f"Of its {len(looking_back)} best previous-token heads {len(same)} are among ours by attention.",
        "It gives the share of *all* a head's attention that lies on the pattern, so that an induction head, which "
        "works at one place of a sequence, scores low even where it comes first.",
    ]


def reading_match(
    right: float, measured: float, agree: float, own: float, others: float, classes: int, rank: int
) -> list[str]:
    """Shares of comparisons in which a query prefers its own class, by weights and measured; their correlation."""
    return [
        prediction(
            right > THERE and agree >= EXPLAINS,
            f"by weights a query prefers its own class to another in {percent(right)} of {classes * (classes - 1):,} "
            f"comparisons (measured: {percent(measured)}), and weights and measured scores correlate by {agree:.2f}",
        ),
        f"The mean score is {own:.1f} on the diagonal and {others:.1f} off it. With {classes} classes in {rank} "
        "dimensions they cannot all be orthogonal; the task asks for one of two.",
    ]


def reading_copy(shares: Float[np.ndarray, "2 head"], head: int, embedding: float, layer_1: float) -> list[str]:
    """Own label above another by the embedding alone and with Layer 1, of all heads; sizes at a label token."""
    direct, whole = shares[:, head]
    through = bool(whole > THERE and direct <= THERE)
    return [
        prediction(
            through,
            f"L2H{head} puts a label's own logit above another's in {percent(direct)} of the comparisons by the "
            f"embedding alone and in {percent(whole)} with what Layer 1 copies; over all heads "
            f"{percent(shares[0].mean())} and {percent(shares[1].mean())}",
        ),
        f"At a label token the embedding has size {embedding:.2f}, and Layer 1 adds {layer_1:.2f}.",
        "Figure 1 draws step 3v from the label token straight to the value. In these weights the label takes a way "
        "that is not drawn: Layer 1's heads read it in its own token and write it larger, and that is what the value "
        "holds (*V-composition*)."
        if through
        else "The values need no way that Figure 1 does not draw."
        if direct > THERE
        else "By weights alone this head does not copy.",
    ]


def reading_eigenvalues(positive: Mapping[str, Sequence[float]]) -> list[str]:
    """Sum of the eigenvalues over the sum of their sizes, mean of the heads: circuit -> at the start, at the end."""
    return [
        prediction(
            all(round(end, 1) >= THERE for _, end in positive.values()),
            "; ".join(
                f"{name} {start:+.2f} at the start, {end:+.2f} at the end" for name, (start, end) in positive.items()
            )
            + " (1: all positive)",
        )
    ]


def reading_attribution(layer_1: float, layer_2: Float[np.ndarray, " head"], whole: float, order: float) -> list[str]:
    """Parts of correct less other logit; `order` is the rank correlation of Layer 2's parts with strengths."""
    helping = int((layer_2 > NOTHING * whole).sum())
    return [
        prediction(
            abs(layer_1) <= NOTHING * abs(whole) and order >= FOLLOWS,
            f"of {whole:+.2f} Layer 2 brings {layer_2.sum():+.2f} and Layer 1 {layer_1:+.2f}; the parts of Layer 2's "
            f"heads follow their strengths with a rank correlation of {order:+.2f}",
        ),
        f"{in_words(helping, len(layer_2), 'heads')} of Layer 2 bring more than {percent(NOTHING)} of it each.",
    ]


def reading_composition(
    brought: Mapping[str, float], previous: Sequence[str], by_score: float, by_attention: float
) -> list[str]:
    """What wrote the key that is matched; rank correlations of what a cut costs with scores and with attention."""
    share = sum(brought[head] for head in previous) / sum(brought.values())
    told = abs(by_score) < EXPLAINS
    return [
        prediction(
            bool(share > 0.5 and told),
            f"{listed(previous)} bring {percent(share)} of the match, and over the pairs of heads what a cut costs has "
            f"a rank correlation of {by_score:+.2f} with the composition score (from {EXPLAINS} on it would predict "
            "it)",
        ),
        f"With a Layer 1 head's attention to the previous token its cost, mean over the readers, has "
        f"{by_attention:+.2f}: attention "
        + ("says more than the weights." if abs(by_attention) > abs(by_score) else "says no more than the weights."),
    ]


def reading_patching(at: Float[np.ndarray, "layer token"]) -> list[str]:
    """Share of the answer that is restored at each token, summed over the heads of each layer."""
    labels, query = at[0, 1::2].sum(), at[1, -1]
    elsewhere = at[0].sum() - labels, at[1].sum() - query
    return [
        prediction(
            bool(labels >= THERE * at[0].sum() and query >= THERE * at[1].sum()),
            f"in Layer 1 {labels:.2f} of the answer comes back at the label tokens and {elsewhere[0]:.2f} elsewhere; "
            f"in Layer 2 {query:.2f} at the query and {elsewhere[1]:.2f} elsewhere (sums over heads)",
        )
    ]


def reading_training(
    since: Mapping[str, int], starts: Mapping[str, float], learnt: float, comparisons: Mapping[str, int]
) -> list[str]:
    """From when on match and copy put their own first in three of four comparisons, and where their shares start."""
    early = [name for name, share in starts.items() if share >= 0.75]
    return [
        prediction(
            all(0 < n < learnt for n in since.values()),
            "three of four comparisons come out right from then on: "
            + ", ".join(f"{name} after {n:,}" for name, n in since.items())
            + f" sequences; the task is learnt after {number(learnt)}",
        ),
        f"{listed(early).capitalize()} {'is' if len(early) == 1 else 'are'} there before training, by a share of "
        f"{listed(f'{starts[name]:.2f} of {comparisons[name]} comparisons' for name in early)}: with so few, chance is "
        "enough, and when it is learnt cannot be read off the share, but off its size (dashed)."
        if early
        else "Both begin near guessing: "
        + listed(f"{name} {share:.2f} of {comparisons[name]:,} comparisons" for name, share in starts.items())
        + ".",
    ]


def reading_clamped(whole: float, follows: float, patterns: float, values: float, heads: Sequence[str]) -> list[str]:
    """Accuracy of the whole network, and with previous-token heads ablated: all follows, patterns kept, values kept."""
    return [
        prediction(
            patterns >= values + PATH,
            f"without {listed(heads)} accuracy falls from {whole:.3f} to {follows:.3f}; with Layer 2's patterns kept "
            f"it is {patterns:.3f}, with its values kept {values:.3f}",
        )
    ]
