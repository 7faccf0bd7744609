"""The readings of figures 13 and 14 name the heads that do not add."""

import numpy as np

from induction_heads.papers.singh_2024.readings.ablations import reading_13, reading_14

STRENGTH = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
FALLING = np.array([0.1, 0.05, 0.02, 0.01, 0.008, 0.005, 0.002, 0.001])
ORDER = (7, 6, 5, 4, 3, 2, 1, 0)


def test_a_falling_line_and_dear_strong_heads_come_true():
    text = " ".join(reading_13(STRENGTH, 2 - 2 * STRENGTH, 0.01 * STRENGTH, 0.0005, theirs=-0.97))
    assert text.count("came true") == 2 and "every one of the heads" in text and "0 of 7 cost nothing" in text


def test_no_line_no_order_and_spares_are_told():
    alone, without = np.full(8, 1.0) - [0, 0.9] * 4, np.array([3.0, 1, 1, 1, 1, 1, 1, 2]) * 0.001
    sentences = reading_13(STRENGTH, alone, without, 0.001, theirs=-0.97)
    assert "failed" in sentences[0] and "failed" in sentences[1]
    assert "6 of 7 cost nothing" in sentences[-1] and "raises the loss" in sentences[2] and "2 of 8" in sentences[2]


def test_thirteen_falling_steps_come_true():
    text = " ".join(reading_14(ORDER, FALLING, 2 * FALLING[:7], STRENGTH))
    assert "came true:** 13 of 13 steps" in text and "11 steps that the paper shows" in text


def test_a_weak_head_that_raises_the_loss_is_named_and_the_papers_steps_counted_apart():
    first = FALLING.copy()
    first[-1] = 0.003
    sentences = reading_14(ORDER, first, 2 * FALLING[:7], STRENGTH)
    assert (
        "failed:** 12 of 13 steps lower the loss; raised by L2H0 from the strongest (strength 0.10, 8 of 8)"
        in sentences[0]
    )
    assert "11 fall here" in sentences[1]


def test_without_the_strongest_head_the_others_make_up_for_much_or_all():
    assert "4 times as high" in reading_14(ORDER, FALLING, 2 * FALLING[:7], STRENGTH)[2]
    assert "make up for all" in reading_14(ORDER, FALLING, 0.1 * FALLING[:7], STRENGTH)[2]
