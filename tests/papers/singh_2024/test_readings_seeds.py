"""Readings of strength over seeds call a failed prediction failed, and say what came instead."""

import numpy as np
import pandas as pd

from induction_heads.papers.singh_2024.readings.seeds import (
    reading_18,
    reading_18_by_seed,
    reading_18_fastest,
    reading_18_through_training,
)
from induction_heads.papers.singh_2024.strength import by_seed, correlation, summary


def table(accuracy: float, loss: float, speed: float) -> pd.DataFrame:
    rows = []
    for quantity, r in (("accuracy", accuracy), ("loss", loss), ("learning time", speed)):
        rows.append((quantity, "ours", 40, r, r - 0.05, r + 0.05, r * r))
        rows.append((quantity, "the paper", 40, 0.5, 0.4, 0.6, 0.25))
    columns = ["quantity", "of", "heads", "r", "low", "high", "variance explained"]
    return pd.DataFrame(rows, columns=columns).set_index(["quantity", "of"])


def test_a_close_relation_comes_true_and_a_looser_one_fails():
    close = " ".join(reading_18(table(0.95, -0.93, 0.5), 0, 40, 1_000_000))
    assert "came true:** strength correlates with the accuracy alone +0.95 [+0.90, +1.00]" in close
    assert "(the paper: +0.50 [+0.40, +0.60]); with the loss alone" in close
    assert "All 40 heads learn alone" in close and "within the interval" in close and "25 % of the variance" in close
    loose = " ".join(reading_18(table(0.95, -0.89, 0.9), 3, 40, 1_000_000))
    assert "**The prediction failed:**" in loose
    assert "3 of 40 heads do not learn" in loose and "outside the interval" in loose


def test_a_relation_that_chance_would_not_give_fails_hardly():
    ours, theirs = pd.Series({5: -0.9, 6: -0.8, 7: -0.3}), pd.Series({5: -0.3, 6: -0.8})
    text = " ".join(reading_18_by_seed(ours, theirs, 0.738))
    assert "**The prediction failed:** for 2 of 3 seeds" in text and "1 of 2 of them as close" in text
    assert "a strong head is one that learns fast" in text
    text = " ".join(reading_18_by_seed(-ours / 2, theirs, 0.738))
    assert "**The prediction came true:** for none of 3 seeds" in text and "not the same thing" in text


def test_speed_that_shows_only_at_the_end_fails():
    seen, learnt = np.array([0, 100, 200, 300]), {5: 110.0, 6: 210.0}
    early, late = np.array([[0.0, 0.5, 0.9, 0.6]]), np.array([[0.0, 0.25, 0.5, 0.75]])
    text = " ".join(reading_18_through_training(seen, early, late, learnt))
    assert "**The prediction came true:**" in text and "after 200 sequences, +0.90" in text and "ends at +0.75" in text
    assert "before the last of the seeds has learnt the task (110 to 210)" in text
    text = " ".join(reading_18_through_training(seen, late, early, learnt))
    assert "**The prediction failed:**" in text and "when all seeds have learnt" in text


def test_the_place_of_the_fastest_head_is_found():
    heads = pd.DataFrame(
        {
            "seed": [5, 5, 5, 6, 6, 6],
            "strength": [0.1, 0.9, 0.5, 0.2, 0.3, 0.4],
            "learning time": [30.0, 10.0, 20.0, 10.0, 20.0, 30.0],
        }
    )
    (text,) = reading_18_fastest(heads)
    assert "in 1 of 2 seeds: number 1 (seed 5), number 3 (seed 6)" in text


def test_correlations_are_of_ranks_for_times_and_of_values_else():
    heads = pd.DataFrame(
        {
            "seed": [5, 5, 5, 6, 6, 6],
            "strength": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
            "accuracy": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0],
            "loss": [3.0, 2.0, 1.0, 3.0, 2.0, 1.0],
            "learning time": [1e3, 1e2, 1e1, 1e1, 1e2, 1e4],
        }
    )
    assert correlation(heads, "accuracy") == 1 and correlation(heads, "loss") == -1
    assert by_seed(heads, "learning time").round(9).to_dict() == {5: -1.0, 6: 1.0}
    found = summary({"ours": heads})
    assert found.loc[("accuracy", "ours"), ["low", "high"]].tolist() == [1, 1]
