"""Fits the two constants of the data set `characters` to the training curve of Figure 3a: `make fit-data`.

The constants are how much of the mean is added to the features and how long they are (`data/efficientnet.py`). What is
compared is the loss on the training set, mean of eight runs, with the published curve of one; the error is the root
mean square of their difference, in nats, after 25,000, 50,000, ... 400,000 sequences, when the fall is over. Nothing
else is fitted, to this curve or any other, and the seeds 101 to 108 serve nothing else. That the features are those of
an ImageNet network with part of their mean added was decided before, with the main runs of seeds 5 to 9 in view.

The same is tried with half as many features, the means of two neighbours each: a step costs less. They are taken where
their error is at most `AS_GOOD` more.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Shaped
from tqdm.auto import tqdm

from induction_heads.data import Dataset, characters, efficientnet, fingerprint
from induction_heads.data.dataset import shuffled
from induction_heads.machinery import paths, schedule
from induction_heads.machinery.store import Store
from induction_heads.networks.run import Run

from . import measures
from .published import paper_curve

SEEDS = tuple(range(101, 109))
COMPARED_AT = np.arange(25_000, 400_001, 25_000)  # sequences seen
SHOWN, SHOWN_EVERY = (
    600_000,
    5_000,
)  # sequences: how far, and how closely, the runs of the constants chosen are followed
AS_GOOD = 0.005  # nats
GRID_FILE, SEEDS_FILE = (Path(__file__).with_name(f"fit_data{of}.csv") for of in ("", "_seeds"))


class Point(NamedTuple):
    """A choice that is tried."""

    features: int
    mean_added: float
    norm: float


GRID = (
    *(
        Point(efficientnet.FEATURES, mean_added, norm)
        for mean_added in (0.25, 0.5, 0.75)
        for norm in (22.0, 26.0, 29.0, 33.0, 36.0)
    ),
    *(Point(efficientnet.FEATURES // 2, mean_added, norm) for mean_added in (0.0, 0.25) for norm in (29.0, 36.0)),
)


def pooled(
    raw: Shaped[np.ndarray, "class exemplar channel"], features: int
) -> Float[np.ndarray, "class exemplar feature"]:
    """Means of neighbouring channels, as many as `features`."""
    return raw.astype(np.float64).reshape(*raw.shape[:2], features, -1).mean(-1)


def dataset(point: Point) -> Dataset:
    """The characters with features as this choice makes them; no pictures."""
    names, _, raw = characters.read()
    order = shuffled(len(names))
    features = efficientnet.prepared(pooled(raw[order], point.features), point.mean_added, point.norm)
    return Dataset("characters", features, None, tuple(names[i] for i in order), fingerprint(features))


def histories(point: Point, sequences: int, every: int, workers: int | None = None) -> dict[int, pd.DataFrame]:
    """Seed -> the history of its run on the data of this choice, trained where the store lacks it."""
    data = dataset(point)
    runs = [Run(seed, sequences=sequences, evaluate_every=every) for seed in SEEDS]
    trained = schedule.train(runs, Store(paths.RUNS, data), workers=workers)
    return {run.init_seed: trained[run].history for run in runs}


def train_loss(curves: Iterable[pd.DataFrame]) -> Float[np.ndarray, " 16"]:
    """The mean train loss of several runs at COMPARED_AT; nats."""
    return np.mean([np.interp(COMPARED_AT, h["sequences"], h["train_loss"]) for h in curves], axis=0)


def published() -> Float[np.ndarray, " 16"]:
    """The paper's train loss at COMPARED_AT (Figure 3a); nats."""
    curve = paper_curve("3a", series="train")
    return np.interp(COMPARED_AT, curve["x"], curve["y"])


def error(loss: Float[np.ndarray, " 16"]) -> float:
    """The root mean square of the difference to the published curve; nats."""
    return float(np.sqrt(np.mean((loss - published()) ** 2)))


def best(grid: pd.DataFrame) -> Point:
    """The choice of least error; that with fewer features where it is at most AS_GOOD worse."""
    good = grid[grid["error"] <= grid["error"].min() + AS_GOOD]
    row = good.sort_values(["features", "error"]).iloc[0]
    return Point(int(row["features"]), float(row["mean_added"]), float(row["norm"]))


def fit(points: Iterable[Point] = GRID, workers: int | None = None) -> pd.DataFrame:
    """One row a choice: its error (nats), and its mean train loss at each of COMPARED_AT."""
    rows = []
    for point in tqdm(list(points), desc="choices"):
        loss = train_loss(histories(point, int(COMPARED_AT[-1]), int(COMPARED_AT[0]), workers).values())
        rows.append({**point._asdict(), "error": error(loss), **dict(zip(map(str, COMPARED_AT), loss, strict=True))})
    return pd.DataFrame(rows).round(4)


def by_seed(point: Point, workers: int | None = None) -> pd.DataFrame:
    """Of each seed with this choice: the sequences after which it is learnt and the share of the plateau."""
    found = measures.learning({str(seed): h for seed, h in histories(point, SHOWN, SHOWN_EVERY, workers).items()})
    return (
        found.rename_axis("seed")
        .reset_index()
        .round({"learnt after": 0, "slowest tenth": 0, "its share": 3, "final loss": 4})
    )


def grid() -> pd.DataFrame:
    """The committed result of `fit`."""
    return pd.read_csv(GRID_FILE)


def fitted_seeds() -> pd.DataFrame:
    """The committed result of `by_seed` with the constants chosen."""
    return pd.read_csv(SEEDS_FILE)


def table(grid: pd.DataFrame) -> pd.DataFrame:
    """The errors, nats: a row for each number of features and part of the mean, a column for each norm."""
    return grid.pivot(index=["features", "mean_added"], columns="norm", values="error")


def main() -> None:
    tried = fit()
    tried.to_csv(GRID_FILE, index=False)
    chosen = best(tried)
    seeds = by_seed(chosen)
    seeds.to_csv(SEEDS_FILE, index=False)
    print(tried.iloc[:, :4].to_string(index=False))
    print(seeds.to_string(index=False))
    print(f"chosen: {chosen}; data/efficientnet.py has {efficientnet.MEAN_ADDED} and {efficientnet.NORM}")


if __name__ == "__main__":
    main()
