"""Readings of `13_single_heads`: Tables 2 and 3, Figure 16."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.reading import in_words, listed, prediction

from .words import percent

HALF = 0.5  # of the mistakes: more often right than wrong exactly where another head is wrong
GAINING = 7  # of eight heads: the sign test at 5 %
Heads = Float[np.ndarray, " head"]


def reading_table_2(
    shares: pd.Series, accuracy: Heads, mistakes: int, all_wrong: float, theirs: Sequence[float]
) -> list[str]:
    """`shares` of the strongest head's mistakes that each head gets right (NaN in its own place); all accuracies.

    `all_wrong` is the share of sequences that every head alone gets wrong, `theirs` the paper's Table 2.
    """
    if not mistakes:
        return ["The strongest head alone makes no mistake here, so that there is nothing to correct."]
    others = shares.notna().to_numpy()
    mine, usual = shares[others], accuracy[others]
    worse, independent = int((mine < usual).sum()), float(np.prod(1 - accuracy))
    paper = np.array(theirs)[np.isfinite(theirs)]
    best = mine.idxmax()
    return [
        f"The strongest head alone makes {mistakes:,} mistakes (a share of them is good to "
        f"±{0.98 / np.sqrt(mistakes):.2g}). The others get {mine.min():.2f} to {mine.max():.2f} of these sequences "
        f"right, in the paper {paper.min():.2f} to {paper.max():.2f}.",
        prediction(
            bool(mine.max() >= HALF and mine.mean() < usual.mean()),
            f"the best corrector, {best}, gets {mine.max():.2f} of them right (at least {HALF} was predicted), and "
            f"{in_words(worse, len(mine), 'heads')} get less right of them than of everything, {usual.mean():.2f} "
            f"against {mine.mean():.2f} on average",
        ),
        f"All {len(accuracy)} alone are wrong on {percent(all_wrong)} of the sequences; if they failed independently "
        f"it would be {percent(independent)}: " + _shared_failures(all_wrong, independent),
    ]


def _shared_failures(all_wrong: float, independent: float) -> str:
    if all_wrong > 1.1 * independent:
        return "the same sequences are hard for all."
    return "they avoid each other's mistakes." if all_wrong < independent / 1.1 else "they fail independently."


def reading_16a(strength: Heads, computed: Heads, perfect: Heads, theirs: tuple[Heads, Heads]) -> list[str]:
    """Accuracy of each head alone with its own match and with a perfect one; `theirs` are the paper's two."""
    gain, their_gain = perfect - computed, theirs[1] - theirs[0]
    gaining, losing = int((gain > 0).sum()), np.flatnonzero(gain < 0)
    repaired = gain.sum() / (1 - computed).sum()
    before, after = (float(np.corrcoef(strength, x)[0, 1]) for x in (computed, perfect))
    lost = f"; {listed(f'L2H{h} loses {-gain[h]:.3f}' for h in losing)}" if len(losing) else ""
    return [
        prediction(
            gaining >= GAINING,
            f"{in_words(gaining, len(gain), 'heads')} gain (the paper: {(their_gain > 0).sum()}), {gain.mean():+.3f} "
            f"on average (the paper: {their_gain.mean():+.3f}){lost}",
        ),
        f"The largest gain is L2H{gain.argmax()}'s, {gain.max():.3f}. Of what the heads alone get wrong a perfect "
        f"match repairs {percent(repaired)}; the rest is the copy.",
        f"With a perfect match accuracy still goes with strength: correlation {after:.2f}, {before:.2f} with the "
        f"computed one."
        if after >= HALF
        else f"With a perfect match accuracy hardly goes with strength any more: correlation {after:.2f}, "
        f"{before:.2f} before.",
    ]


def reading_16b(errors: pd.DataFrame, best: Sequence[int], strongest: Sequence[str]) -> list[str]:
    """`errors` under a perfect match (`mistakes.associations`), the `best` head for each label, heads by strength."""
    clear = errors[errors["wrong"] >= 0.01]
    by_label = clear["V, label"] > clear["V, class"]
    worst = clear["worst label"].value_counts()
    four = [head for head in strongest[:4] if head in clear.index]
    by_class = [head for head in four if not by_label[head]]
    return [
        prediction(
            bool(by_label.all()),
            "mistakes depend more on the label than on the query's class for "
            f"{in_words(int(by_label.sum()), len(clear), 'heads')} with at least 1 % of mistakes; Cramér's V has the "
            f"median {clear['V, label'].median():.2f} with the label and {clear['V, class'].median():.2f} with the "
            "class",
        ),
        f"Of their {len(four)} strongest, {listed(by_class)} {'errs' if len(by_class) == 1 else 'err'} more by class "
        f"than by label."
        if by_class
        else f"That holds for the {len(four)} strongest of these heads too.",
        prediction(
            bool(worst.iloc[0] <= len(clear) / 2),
            f"label {worst.index[0]} is the worst for {worst.iloc[0]} of {len(clear)} heads, and the best heads for "
            f"the {len(best)} labels are {listed(f'L2H{h}' for h in best)}, {len(set(best))} different ones",
        ),
        "The heads do not share the labels out: the same one is hard for most."
        if worst.iloc[0] > len(clear) / 2
        else "No label is the worst for most heads.",
    ]


def reading_16c(foreign: Float[np.ndarray, " head"], answered: Float[np.ndarray, "head label"]) -> list[str]:
    """Share of each head's answers that are not in the context, and how often it answers each label."""
    head, label = np.unravel_index(answered.argmax(), answered.shape)
    return [
        f"A head alone answers a label that is not in the context in {foreign.min():.2f} (L2H{foreign.argmin()}) to "
        f"{foreign.max():.2f} (L2H{foreign.argmax()}) of the sequences.",
        f"The most one-sided is L2H{head}: label {label} is {answered.max():.2f} of its answers, "
        f"{1 / answered.shape[1]:.2f} would be even.",
    ]
