"""Readings of single heads call a failed prediction failed, and say what came instead."""

import numpy as np
import pandas as pd
import torch

from induction_heads.papers.singh_2024 import mistakes
from induction_heads.papers.singh_2024.readings.single_heads import (
    reading_16a,
    reading_16b,
    reading_16c,
    reading_table_2,
)

HEADS = ["L2H0", "L2H1", "L2H2"]
ACCURACY = np.array([0.9, 0.8, 0.5])
PAPER = [0.241, np.nan, 0.717]


def table_2(*corrected: float, all_wrong: float = 0.01, mistakes: int = 2_500) -> str:
    shares = pd.Series([np.nan, *corrected], HEADS)
    return " ".join(reading_table_2(shares, ACCURACY, mistakes, all_wrong, PAPER))


def test_others_that_correct_much_but_less_than_usual_come_true():
    text = table_2(0.6, 0.4)
    assert "**The prediction came true:**" in text and "L2H1, gets 0.60" in text
    assert "2,500 mistakes" in text and "±0.02" in text and "0.24 to 0.72" in text


def test_a_best_corrector_below_a_half_fails():
    assert "**The prediction failed:** the best corrector, L2H1, gets 0.26" in table_2(0.26, 0.12)


def test_correcting_more_than_usual_fails_too():
    assert "**The prediction failed:**" in table_2(0.95, 0.9)


def test_independent_failures_are_told_from_shared_ones():
    # .1 * .2 * .5 = .01
    assert "fail independently" in table_2(0.6, 0.4, all_wrong=0.01)
    assert "hard for all" in table_2(0.6, 0.4, all_wrong=0.03)
    assert "avoid each other's" in table_2(0.6, 0.4, all_wrong=0.001)


def test_a_head_without_mistakes_leaves_nothing_to_correct():
    assert "no mistake" in table_2(np.nan, np.nan, mistakes=0)


def test_two_heads_that_lose_under_a_perfect_match_fail_the_prediction():
    strength = np.linspace(0.1, 0.8, 8)
    computed = np.array([0.5, 0.25] * 4)
    perfect = computed + np.array([-0.25, -0.125, *[0.25] * 6])
    text = " ".join(reading_16a(strength, computed, perfect, (computed, computed + 0.1)))
    assert "**The prediction failed:** 6 of 8 heads gain (the paper: 8)" in text
    assert "L2H0 loses 0.250 and L2H1 loses 0.125" in text
    perfect[1] = 0.625
    assert "**The prediction came true:** 7 of 8 heads" in " ".join(
        reading_16a(strength, computed, perfect, (computed, perfect))
    )


def errors(label: list[float], of_class: list[float], worst: list[int]) -> pd.DataFrame:
    wrong = [0.5] * len(label)
    frame = pd.DataFrame({"wrong": wrong, "V, label": label, "V, class": of_class, "worst label": worst})
    return frame.set_axis([f"L2H{h}" for h in range(len(label))])


def test_heads_that_err_by_class_are_named_and_fail_the_prediction():
    by_class = errors([0.1, 0.4, 0.5], [0.3, 0.2, 0.1], [0, 1, 2])
    text = " ".join(reading_16b(by_class, [0, 1, 2], HEADS))
    assert (
        "**The prediction failed:** mistakes depend more on the label than on the query's class for 2 of 3 heads"
        in text
    )
    assert "L2H0 errs more by class than by label" in text and "No label is the worst for most" in text


def test_one_label_that_is_hard_for_most_heads_fails_the_prediction_of_sharing():
    text = " ".join(reading_16b(errors([0.4, 0.4, 0.5], [0.1, 0.2, 0.1], [4, 4, 2]), [0, 0, 1], HEADS))
    assert "**The prediction failed:** label 4 is the worst for 2 of 3 heads" in text
    assert "L2H0, L2H0 and L2H1, 2 different ones" in text and "do not share the labels out" in text


def test_the_most_one_sided_head_is_named():
    answered = np.array([[0.2, 0.8], [0.5, 0.5]])
    assert "L2H0: label 1 is 0.80" in " ".join(reading_16c(np.array([0.1, 0.3]), answered))


def test_mistakes_that_the_label_decides_have_an_association_of_one():
    target, query = torch.tensor([0, 0, 1, 1] * 5), torch.tensor([0, 1, 2, 3] * 5)
    right = torch.stack([target == 0, query % 2 == 0])
    found = mistakes.associations(right, target, query)
    assert abs(found.loc["L2H0", "V, label"] - 1) < 1e-6 and found.loc["L2H0", "worst label"] == 1
    assert abs(found.loc["L2H1", "V, label"]) < 1e-6 and abs(found.loc["L2H1", "V, class"] - 1) < 1e-6


def test_confusions_add_up_and_foreign_answers_are_counted():
    target, answers = torch.tensor([0, 1, 2, 2]), torch.tensor([[0, 1, 2, 0]])
    assert mistakes.confusions(answers, target)[0].tolist() == [[1, 0, 0], [0, 1, 0], [0.5, 0, 0.5]]
    labels = torch.tensor([[0, 1], [0, 1], [0, 1], [1, 2]])
    assert mistakes.not_in_context(answers, labels).tolist() == [0.5]
