"""Readings of 00_the_task say that a prediction failed where the numbers fail it."""

import numpy as np
import pandas as pd
import torch

from induction_heads.papers.singh_2024 import published
from induction_heads.papers.singh_2024.fit_data import Point
from induction_heads.papers.singh_2024.readings import the_task

CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"


def cosines(train: float, unseen: float) -> dict[str, np.ndarray]:
    def of(classes: int, apart: float) -> np.ndarray:
        return np.where(np.eye(classes, dtype=bool), 1.0, apart)

    return {"train": of(3, train), "unseen_classes": of(5, unseen)}


def test_classes_that_are_apart_and_alike_in_both_sets_can_be_told_apart():
    assert CAME_TRUE in the_task.reading_features(cosines(0.5, 0.52))[0]


def test_classes_that_nearly_coincide_or_unseen_ones_that_are_closer_fail():
    assert FAILED in the_task.reading_features(cosines(0.97, 0.97))[0]
    found = the_task.reading_features(cosines(0.5, 0.6))
    assert FAILED in found[0] and "0.5 in the mean" in found[0] and "of 0.6" in found[0]


def strategies(guess: float = 0.5) -> pd.DataFrame:
    accuracy = {
        "guess between the labels in context": guess,
        "the label each class had most often": 0.25,
        "match made by hand": 1.0,
    }
    return pd.DataFrame({"accuracy": accuracy})


def test_only_a_match_solves_the_task():
    solved = {"train": torch.tensor([0.9, 0.8]), "unseen_classes": torch.tensor([0.7])}
    assert CAME_TRUE in the_task.reading_chance(strategies(), solved)[0]


def test_a_match_that_misses_a_set_or_a_guess_above_one_half_fails():
    missed = {"train": torch.tensor([0.9, 0.8]), "unseen_classes": torch.tensor([0.7, 0.1])}
    found = the_task.reading_chance(strategies(), missed)[0]
    assert FAILED in found and "50 % of unseen classes" in found
    assert FAILED in the_task.reading_chance(strategies(0.6), {"train": torch.tensor([0.9])})[0]


def fitted(*errors: float) -> list[str]:
    """The reading of choices of these errors, the first one taken."""
    grid = pd.DataFrame({"features": 10, "mean_added": 0.5, "norm": range(len(errors)), "error": errors})
    seeds = pd.DataFrame({"learnt after": [1e5, 3e5], "its share": [0.3, 0.4]})
    theirs = pd.Series({"learnt after": 2e5, "its share": 0.35})
    return the_task.reading_fit(grid, Point(10, 0.5, 0.0), seeds, theirs)


def test_constants_that_hardly_matter_fail_the_prediction():
    assert CAME_TRUE in fitted(0.1, 0.21)[0]
    assert FAILED in fitted(0.1, 0.2)[0]
    assert "of length 0: 0.1 nats" in fitted(0.1, 0.2)[1] and "share of 0.30 to 0.40" in fitted(0.1, 0.2)[-1]


def test_sizes_stand_beside_the_papers():
    ours = {"classes": 242, "exemplars": 5, "features": 640, "training classes": 50, "unseen classes": 100}
    found = " ".join(the_task.reading_characters("characters", ours, published.setting()))
    assert "242 classes (the paper: 1,623)" in found and "640 features (the paper: 512)" in found
    sizes = {"training label pairs": 8, "held-out label pairs": 2, "training classes": 50, "training sequences": 78_400}
    found = " ".join(the_task.reading_sequences(sizes, [[0, 3], [1, 2]], published.setting()))
    assert "0 with 3 and 1 with 2 (the paper: 8 and 2)" in found and "78,400 training sequences" in found
