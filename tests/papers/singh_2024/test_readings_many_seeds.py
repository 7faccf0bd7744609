"""Readings of many seeds call a failed prediction failed, and say what came instead."""

import math

import numpy as np
import pandas as pd

from induction_heads.papers.singh_2024.readings.many_seeds import reading_claims, reading_seeds, reading_strengths


def table(times: list[float], heads: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"change (sequences)": times, "induction heads": heads}, index=range(5, 5 + len(times)))


def test_seeds_that_learn_at_other_times_and_differ_more_in_heads_come_true():
    when, place, heads = reading_seeds(table([2_000.0, 2_200.0, 2_400.0], [2, 5, 8]), 2_100.0)
    assert (
        "**The prediction came true:** all 3 seeds learn, after 2,000 to 2,400 sequences (median 2,200), 20 % apart"
        in when
    )
    assert "2,100 lies within our range: 33 % of our seeds learn before it" in place
    # 2, 5, 8: deviation 3 of a mean of 5; 2,000, 2,200, 2,400: 200 of 2,200
    assert (
        "**The prediction came true:** 2 to 8 heads" in heads and "60 % of the mean; learning times have 9 %" in heads
    )


def test_a_seed_that_never_learns_fails():
    when, place, _ = reading_seeds(table([2_000.0, 2_400.0, math.inf], [2, 5, 0]), 3_000.0)
    assert "**The prediction failed:** 2 of 3 seeds learn" in when and "above our range" in place


def test_seeds_that_all_learn_at_once_fail():
    when, place, _ = reading_seeds(table([2_000.0, 2_100.0], [2, 5]), 1_000.0)
    assert "**The prediction failed:** all 2 seeds learn" in when and "5 % apart" in when and "below our range" in place


def test_seeds_with_as_many_heads_each_fail():
    *_, heads = reading_seeds(table([2_000.0, 2_400.0], [5, 5]), 1_000.0)
    assert "**The prediction failed:** 5 to 5 heads" in heads


def test_nothing_learnt_is_a_failure_and_no_error():
    assert reading_seeds(table([math.inf, math.inf], [0, 0]), 1.0) == [
        "**The prediction failed:** none of 2 seeds learns the task."
    ]


def test_a_sum_that_seeds_agree_on_is_told_from_one_they_do_not():
    competing = np.array([[0.9, 0.1], [0.6, 0.4]])
    assert "agree more on the sum" in " ".join(reading_strengths(competing, competing))
    growing = np.array([[0.9, 0.3], [0.6, 0.2]])
    assert "differ in the sum as much" in " ".join(reading_strengths(growing, growing))


def shares(**held: int) -> pd.DataFrame:
    rows = {name: (h, 5, 0.57 if h == 5 else 0.1) for name, h in held.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["held", "of", "low"])


def test_claims_that_hold_as_predicted_come_true():
    first, second = reading_claims(shares(a=5, b=5, c=3), ["a", "b"], ["c"])
    assert "**The prediction came true:**" in first
    assert "2 of 3 claims hold for every seed" in second and "at least 0.57" in second


def test_a_claim_about_the_whole_that_fails_once_fails_the_prediction():
    first, _ = reading_claims(shares(a=5, b=4, c=3), ["a", "b"], ["c"])
    assert "**The prediction failed:**" in first and "b (4 of 5) falls short" in first


def test_a_sharp_claim_that_holds_for_few_fails_the_prediction():
    first, _ = reading_claims(shares(a=5, b=5, c=1), ["a", "b"], ["c"])
    assert "**The prediction failed:**" in first and "c (1 of 5) holds for half of the seeds or fewer" in first
