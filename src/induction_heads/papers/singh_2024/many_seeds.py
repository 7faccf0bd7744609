"""What is asked of the main runs of many seeds: when each changes, its heads, and the share that meets a claim."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from induction_heads.machinery.ledger import Verdict

from .claims.claim import End
from .claims.main_text import INDUCTION
from .published import paper_curve


def by_seed(ends: Mapping[int, End], learnt: Mapping[int, float]) -> pd.DataFrame:
    """A row a seed: sequences to learn, heads of strength INDUCTION or more, extreme strengths, final accuracy."""
    rows = {
        seed: {
            "change (sequences)": learnt[seed],
            "induction heads": int((end.strength >= INDUCTION).sum()),
            "strongest": end.strength.max(),
            "weakest": end.strength.min(),
            "accuracy": end.whole,
        }
        for seed, end in ends.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"induction heads": int})


def ranked(strengths: Sequence[Float[np.ndarray, " head"]]) -> Float[np.ndarray, "seed rank"]:
    """The strengths of each seed's heads from the greatest to the least."""
    return np.stack([np.sort(strength)[::-1] for strength in strengths])


def ranked_in_the_paper() -> Float[np.ndarray, "seed rank"]:
    """The same of the paper's five seeds, read off Figure 18."""
    return ranked([rows.y.to_numpy() for _, rows in paper_curve("18", "accuracy").groupby("series")])


def shares(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """A row a claim: verdict, how many seeds meet it of how many, the 95 % interval, those that do not."""
    rows = {}
    for verdict in verdicts:
        held, of = sum(verdict.by_seed.values()), len(verdict.by_seed)
        low, high = verdict.interval
        missing = ", ".join(str(seed) for seed, yes in verdict.by_seed.items() if not yes)
        words = f"{verdict.claim.statement}  [{verdict.claim.source}]"
        rows[verdict.claim.id] = (words, verdict.word, held, of, low, high, missing)
    columns = ["claim", "verdict", "held", "of", "low", "high", "not for seeds"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def compared(here: Sequence[Verdict], drawn: Iterable[int], elsewhere: Sequence[Verdict]) -> pd.DataFrame:
    """A row a claim: in how many seeds it holds here, beside those that figures draw, and on other data."""
    others, drawn = {verdict.claim.id: verdict for verdict in elsewhere}, tuple(drawn)
    rows = {}
    for verdict in here:
        each = (verdict, verdict.beside(drawn), others.get(verdict.claim.id))
        told = [f"{one.word}: {one.seeds}" if one and one.numbers else "–" for one in each]
        rows[verdict.claim.id] = (verdict.claim.statement, *told)
    columns = ["the paper states", "all seeds", "without the seeds drawn", "on other data"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("claim")
