"""What a head's induction strength goes with: its accuracy and loss alone, and how fast it learns alone (Figure 18)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import spearmanr

from .published import paper_curve

COLUMNS = {"accuracy": "pearson", "loss": "pearson", "learning time": "spearman"}  # quantity -> its correlation
DRAWS = 2_000  # of a bootstrap


def published_heads() -> pd.DataFrame:
    """The paper's forty heads: seed, strength, and what `COLUMNS` names; loss in nats, learning time in sequences."""
    found = {quantity: paper_curve("18", quantity).x.to_numpy() for quantity in COLUMNS}
    accuracy = paper_curve("18", "accuracy")
    seeds = accuracy.series.str.removeprefix("seed ").astype(int).to_numpy()
    return pd.DataFrame(found).assign(strength=accuracy.y.to_numpy(), seed=seeds)


def correlation(heads: pd.DataFrame, quantity: str) -> float:
    """Of strength with a quantity, over all heads given; of ranks for learning times."""
    return heads["strength"].corr(heads[quantity], method=COLUMNS[quantity])


def by_seed(heads: pd.DataFrame, quantity: str) -> pd.Series:
    """`correlation` over the eight heads of each seed."""
    return pd.Series({seed: correlation(rows, quantity) for seed, rows in heads.groupby("seed")})


def interval(heads: pd.DataFrame, quantity: str) -> tuple[float, float]:
    """95 % bootstrap interval of `correlation`; whole seeds are drawn, since the heads of one share their training."""
    each, rng = [rows for _, rows in heads.groupby("seed")], np.random.default_rng(0)
    drawn = [pd.concat([each[i] for i in rng.integers(len(each), size=len(each))]) for _ in range(DRAWS)]
    low, high = np.quantile([correlation(rows, quantity) for rows in drawn], [0.025, 0.975])
    return float(low), float(high)


def summary(groups: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row a quantity and group of heads: correlation with strength, its interval, the variance explained."""
    rows = []
    for quantity, method in COLUMNS.items():
        for name, heads in groups.items():
            r = correlation(heads, quantity)
            rows.append((quantity, name, method, len(heads), r, *interval(heads, quantity), r * r))
    columns = ["quantity", "of", "correlation", "heads", "r", "low", "high", "variance explained"]
    return pd.DataFrame(rows, columns=columns).set_index(["quantity", "of"])


def through_training(
    strengths: Mapping[int, Float[np.ndarray, "checkpoint head"]], heads: pd.DataFrame, quantity: str
) -> Float[np.ndarray, "seed checkpoint"]:
    """Rank correlation of the heads' strengths at each checkpoint with what they are alone at the end, seed by seed."""
    final = {seed: rows[quantity] for seed, rows in heads.groupby("seed")}
    return np.array([[spearmanr(now, final[seed]).statistic for now in found] for seed, found in strengths.items()])
