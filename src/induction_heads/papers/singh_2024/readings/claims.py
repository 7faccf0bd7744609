"""Readings of `17_claims`: what misses and by how much, and which causes the stored runs confirm."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from induction_heads.machinery.ledger import Verdict
from induction_heads.machinery.reading import in_words, listed, prediction

from ..measures import PLATEAU
from .words import percent

MOST = 0.9  # of the seeds: what holds for as many holds, as in the ledger
SAME = 0.1  # a share of the seeds that changes by less is the same


def reading_grid(found: pd.DataFrame, plateaus: Sequence[str]) -> list[str]:
    """`margins.margins`, and the claims that rest on a plateau's share, which were predicted to miss more often."""
    missed = 1 - found.groupby("claim", sort=False).holds.mean()
    own, rest = missed[missed.index.isin(plateaus)], missed[~missed.index.isin(plateaus)]
    return [
        prediction(
            bool(own.mean() > rest.mean()),
            f"the {len(own)} claims that rest on the share of a plateau miss for {percent(own.mean())} of their seeds "
            f"on average, the {len(rest)} others for {percent(rest.mean())}",
        )
    ]


def reading_margins(found: pd.DataFrame, hair: Sequence[str]) -> list[str]:
    """`margins.margins`, and the claims that miss by a hair."""
    missed = found[~found.holds]
    if missed.empty:
        return ["Every claim that was measured holds for every seed."]
    claims, tight = list(missed.claim.unique()), found[found.holds & (found.margin <= 1.1)].claim.unique()
    far = [claim for claim in claims if claim not in hair]
    return [
        f"{len(claims)} of {found.claim.nunique()} claims miss for some seed.",
        f"{listed(hair)} {'misses' if len(hair) == 1 else 'miss'} by a hair: one number a tenth larger or smaller "
        f"would do."
        if hair
        else "None misses by a hair.",
        f"The others need more in some seed: {listed(far)}." if far else "",
        f"Of those that hold, {listed(tight)} {'does' if len(tight) == 1 else 'do'} so by less than a tenth in some "
        f"seed."
        if len(tight)
        else "",
    ]


def reading_data(shares: pd.DataFrame, here: str, there: str) -> tuple[bool | None, list[str]]:
    """`causes.of_data`: whether the data make the plateau short here (None: not to be said), and the sentences."""
    both = shares.dropna()
    if both.empty:
        return None, [f"No run on {there} is at hand: whether the data are the reason is not known."]
    longer, spread = both["there"] > both["here"], float(shares["here"].max() - shares["here"].min())
    shift = float((both["there"] - both["here"]).median())
    decided, confirmed = abs(shift) > spread / 2, bool(longer.mean() >= MOST and shift > spread / 2)
    reach = (
        in_words(int((both["there"] >= PLATEAU).sum()), len(both)),
        in_words(int((both["here"] >= PLATEAU).sum()), len(both)),
    )
    return confirmed, [
        f"On {here} the slowest tenth takes {shares['here'].min():.2f} to {shares['here'].max():.2f} of the learning "
        f"time, a plateau in {reach[1]}; on {there} {both['there'].min():.2f} to {both['there'].max():.2f}, in "
        f"{reach[0]}.",
        f"The same initialisation waits longer on {there} in {in_words(int(longer.sum()), len(both))}, by {shift:+.2f} "
        f"(median); seeds on {here} differ by {spread:.2f}.",
        f"**Confirmed: {here} makes the plateau short.**"
        if confirmed
        else f"**The data decide, and it is {there} that makes the plateau short.** A miss on {here} has another cause."
        if decided and longer.mean() <= 1 - MOST
        else "**Not confirmed:** the data change less than the seed does.",
    ]


def reading_elsewhere(
    here: Sequence[Verdict], drawn: Sequence[int], there: Sequence[Verdict], plateaus: Sequence[str]
) -> list[str]:
    """Claims without the seeds that figures draw, and on other data, where those about `plateaus` may change."""
    others = [(verdict, verdict.beside(drawn)) for verdict in here if verdict.numbers]
    changes = {one.claim.id: abs(other.share - one.share) for one, other in others if other.numbers}
    said = ["No seed was measured but those that are drawn."]
    if changes:
        most = max(changes, key=changes.__getitem__)
        said = [
            "*Seeds in view.* "
            + prediction(
                changes[most] < SAME,
                f"without the {len(drawn)} seeds drawn no share changes by more than {percent(changes[most])} ({most})",
            )
        ]
    words = {verdict.claim.id: verdict.word for verdict in here}
    moved = [v.claim.id for v in there if v.numbers and v.word != words[v.claim.id]]
    circuit = [claim for claim in moved if claim not in plateaus]
    if not any(verdict.numbers for verdict in there):
        return [*said, "Nothing was measured on other data."]
    told = f"{len(there) - len(moved)} of {len(there)} claims have the same verdict on both data sets"
    told += f"; another one: {listed(moved)}" if moved else ""
    return [*said, "*Other data.* " + prediction(not circuit, told)]


def reading_strongest(alone: pd.DataFrame, places: pd.Series) -> tuple[bool, list[str]]:
    """`causes.of_strongest` and the strongest head's place by learning time in each seed."""
    strongest, others = alone[alone.strongest], alone[~alone.strongest]
    shorter = [
        float(row.share) < float(others.share[others.seed == row.seed].median()) for row in strongest.itertuples()
    ]
    fast, confirmed = int((places <= 2).sum()), bool(np.mean(shorter) >= MOST and (places <= 2).mean() >= MOST)
    return confirmed, [
        f"Alone from the first step on, {_waiting(others.share)} of the other heads wait {percent(PLATEAU)} of their "
        f"time or more, and {_waiting(strongest.share)} of the strongest.",
        f"The strongest waits a shorter share than the median of the others in {in_words(sum(shorter), len(shorter))}, "
        f"and is the first or second to learn in {in_words(fast, len(places))} (places {', '.join(map(str, places))} "
        f"of {alone.groupby('seed').size().max()}).",
        "**Confirmed: to keep the strongest head is to select short waits.**"
        if confirmed
        else "**Not confirmed:** the strongest head is not the one that waits least in nine tenths of the seeds.",
    ]


def _waiting(shares: pd.Series) -> str:
    return f"{int((shares >= PLATEAU).sum())} of {len(shares)}"


def reading_grouping(
    groups: pd.DataFrame, tests: Iterable[str], missed: Mapping[str, Sequence[int]]
) -> tuple[bool, list[str]]:
    """`causes.of_grouping` of every seed; `missed` are the seeds for which the ledger's grouping misses each test."""
    sentences, explained, asked = [], 0, 0
    for test in tests:
        told = [(seed, *_other_lines(groups[groups.seed == seed], test)) for seed in missed.get(test, ())]
        mended = [f"{s} ({takes} → {sizes})" for s, takes, sizes in told if sizes]
        left = [f"seed {s} ({takes} heads)" for s, takes, sizes in told if not sizes]
        asked, explained = asked + len(told), explained + len(mended)
        if mended:
            sentences.append(
                f"{test} misses for {_seeds(len(told))}; heads that the threshold takes → with which the criterion is "
                f"met, by seed: {', '.join(mended)}."
            )
        if left:
            sentences.append(f"{test} is met with no number of heads for {listed(left)}.")
    if not asked:
        return False, ["The ledger's own grouping meets the criteria for every seed: there is nothing to explain."]
    confirmed = explained == asked
    return confirmed, [
        *sentences,
        f"Another line between the groups mends {explained} of {asked} misses.",
        "**Confirmed: the threshold decides.**"
        if confirmed
        else "**Not confirmed for all:** what no line mends has another cause, which is not known.",
    ]


def _seeds(n: int) -> str:
    return f"{n} seed{'' if n == 1 else 's'}"


def _other_lines(rows: pd.DataFrame, test: str) -> tuple[int, str]:
    """How many heads the threshold takes in a seed, and with how many the criterion is met: `4`, `2, 3`."""
    own = rows.heads[rows.chosen]
    return int(own.iloc[0]) if len(own) else 0, ", ".join(map(str, rows.heads[rows[test]]))


def reading_unknown(missed: Sequence[str], explained: Iterable[str], hair: Sequence[str]) -> list[str]:
    """What is left when every confirmed cause has had its claims."""
    covered = [claim for claim in missed if claim in set(explained)]
    left = [claim for claim in missed if claim not in covered]
    if not left:
        return ["Every claim that misses belongs to a cause that the stored runs confirm."]
    close = [claim for claim in left if claim in hair]
    return [
        f"A confirmed cause covers {listed(covered)}." if covered else "No cause is confirmed.",
        f"Not known is why {listed(left)} {'misses' if len(left) == 1 else 'miss'}: no experiment here confirms a "
        f"cause.",
        f"Of these {listed(close)} {'does' if len(close) == 1 else 'do'} so by a hair, where another draw may decide."
        if close
        else "",
    ]
