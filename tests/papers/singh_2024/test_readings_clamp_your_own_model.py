"""Readings of clamps on a model of tokens call a failed prediction failed; its data are what they say."""

import numpy as np
import torch

from induction_heads.papers.singh_2024 import own_model
from induction_heads.papers.singh_2024.readings.clamp_your_own_model import reading_heads, reading_order
from induction_heads.papers.singh_2024.readings.live_bench import reading_by_hand

TRUE, FALSE = "**The prediction came true:**", "**The prediction failed:**"


def at(left: int, learnt: int, done: int) -> dict[str, int]:
    return {"left": left, "learnt": learnt, "done": done}


WAITING, ONE, FALLING = at(90, 110, 130), at(60, 70, 80), at(10, 40, 90)


def order(none=WAITING, one=ONE, pattern=FALLING) -> str:
    (text,) = reading_order({"no clamp": none, "step 1": one, "induction pattern": pattern})
    return text


def test_the_papers_order_comes_true():
    text = order()
    assert TRUE in text and "110 (no clamp), 70 (step 1) and 40 (induction pattern) sequences" in text
    assert "with a plateau: no clamp and step 1" in text


def test_a_pattern_that_leaves_a_plateau_fails():
    assert FALSE in order(pattern=at(50, 55, 60))


def test_a_step_that_does_not_help_fails():
    assert FALSE in order(one=at(100, 120, 130))


def test_a_fall_without_a_plateau_fails():
    assert FALSE in order(none=at(20, 110, 130))


def heads(*scores: float) -> np.ndarray:
    return np.array([[score, 0.1] for score in scores])


def test_heads_that_form_together_come_true_and_apart_fail():
    seen = [0, 100, 110, 300]
    previous = {"no clamp": heads(0.1, 0.6, 0.7, 0.7), "step 1": heads(1, 1, 1, 1)}
    previous["induction pattern"] = heads(0.1, 0.1, 0.1, 0.1)
    induced = {"no clamp": heads(0.1, 0.1, 0.6, 0.7), "step 1": heads(0.1, 0.6, 0.8, 0.8)}
    induced["induction pattern"] = heads(1, 1, 1, 1)
    first, second = reading_heads(seen, previous, induced)
    assert TRUE in first and "from 100 sequences (Layer 1) and 110 sequences" in first
    assert "ends at 0.10" in second and "nobody else" in second
    induced["no clamp"] = heads(0.1, 0.1, 0.1, 0.6)
    assert FALSE in reading_heads(seen, previous, induced)[0]
    induced["no clamp"] = heads(0.1, 0.1, 0.1, 0.1)
    first, _ = reading_heads(seen, previous, induced)
    assert FALSE in first and "never (Layer 2)" in first


def test_a_bench_on_which_more_given_is_not_sooner_fails():
    (text,) = reading_by_hand({"none": 300.0, "1": 200.0, "more": 100.0}, {"none": 0.3, "1": 0.2, "more": 0.1})
    assert TRUE in text and "1: learnt after 200 sequences" in text and "takes 10 %" in text
    assert FALSE in reading_by_hand({"none": 300.0, "more": 400.0}, {"none": 0.3, "more": 0.1})[0]
    assert FALSE in reading_by_hand({"none": 300.0, "more": 100.0}, {"none": 0.3, "more": 0.3})[0]
    assert "none: never learnt" in reading_by_hand({"none": float("inf"), "more": 100.0}, {"none": 0.3, "more": 0.1})[0]


def test_repeated_blocks_repeat_where_they_say_the_next_token_is_known():
    tokens, known = own_model.repeated(torch.Generator().manual_seed(3))
    for line, marks in zip(tokens.tolist(), known.tolist(), strict=True):
        period = marks.index(True)
        assert 6 <= period <= 12 and len(set(line[:period])) == period
        assert line[period:] == line[: len(line) - period]


def test_times_are_those_of_the_first_loss_below_each_level():
    # ln 12 is 2.48: left below 2.24, learnt below 0.99, done below 0.25
    losses = np.array([2.4, 2.2, 1.5, 0.9, 0.2])
    assert own_model.times(losses) == {"left": 1 * 64, "learnt": 3 * 64, "done": 4 * 64}
    assert own_model.times(losses[:3])["learnt"] == 3 * 64  # never reached: all of them
