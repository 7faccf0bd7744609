"""Kissane et al. 2024: the cases are what they say, kinds of heads by hand, figures and readings go by the numbers."""

import math

import matplotlib
import pytest
import torch

from drawn import checked
from induction_heads.networks.tokens import evaluate, model
from induction_heads.papers.kissane_2024 import figures, measures, readings
from induction_heads.papers.kissane_2024.claims import CLAIMS
from induction_heads.papers.kissane_2024.measures import cases
from induction_heads.papers.kissane_2024.runs import BOTH, LONGER, PLAIN

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
KNOWN = {claim.id: claim for claim in CLAIMS}


def test_attention_is_that_from_each_query_to_its_key():
    given, pattern = cases(2, 3), torch.zeros(3, 4, 64, 64)
    for case, (query, key) in enumerate(zip(given.query, given.key, strict=True)):
        pattern[case, 1, query, key] = 0.5
    found = measures.attention({"blocks.0.attn.hook_pattern": pattern}, given)
    assert found.tolist() == [[0, 0, 0], [0.5, 0.5, 0.5], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("m", [1, 4, 6])
def test_m_tokens_before_the_query_are_those_before_the_key_and_the_answer_is_not_there_yet(m):
    tokens, query, key = cases(m, 50)
    for row, q, k in zip(tokens, query, key, strict=True):
        assert row[q - m + 1 : q + 1].tolist() == row[k - m : k].tolist()
        assert k < q - m + 1 and (row == row[k]).sum() == 1
        assert len(set(row.tolist())) == 64 - m


def test_a_corrupted_case_has_one_token_of_its_prefix_left():
    given = cases(4, 20)
    changed = measures.corrupted(given)
    differ = changed.tokens != given.tokens
    assert differ.sum(1).tolist() == [1] * 20
    assert torch.equal(differ.int().argmax(1), given.key - 2)


def test_the_logits_of_all_heads_and_of_the_embedding_are_those_of_the_network():
    learnt, given = model.initial(0, layers=2), cases(2, 7)
    row = torch.arange(7)
    seen = {name: p[None] for name, p in learnt.items()}
    whole = model.forward(seen, given.tokens[None])
    logits = whole["logits"][0, row, given.query]
    stream = whole["blocks.1.hook_resid_post"][0, row, given.query]
    embedded = learnt["W_E"][given.tokens[row, given.query]]
    scaled = (embedded - embedded.mean(-1, keepdim=True)) / stream.std(-1, correction=0, keepdim=True)
    own = scaled @ learnt["W_U"]
    answer = given.tokens[row, given.key]
    expected = ((logits - own)[row, answer] - (logits - own).mean(-1)).mean()
    found = measures.answer_logits(learnt, evaluate.sites(learnt, given.tokens), given)
    torch.testing.assert_close(found.sum(), expected, rtol=1e-3, atol=1e-3)


def head(strength: list[float], corruption=(0.5, 0.5)) -> dict:
    return {"attention": strength, "logit": [2 * s for s in strength], "corruption": list(corruption)}


FOUND = {
    0: {
        "L1H0": head([0.02] * 6, (math.nan, math.nan)),
        "L2H0": head([0.7] * 6, (0.8, 0.5)),
        "L2H1": head([0.4, 0.7, 0.7, 0.7, 0.7, 0.7]),
        "L3H1": head([0.2, 0.4, 0.6, 0.7, 0.7, 0.7], (0.6, 0.1)),
    }
}


def test_kinds_of_heads():
    each = FOUND[0]
    assert [measures.kind(one["attention"]) for one in each.values()] == ["none", "short", "between", "long"]
    assert measures.kind([0.3, 0.4, 0.5]) == "long" and measures.kind([0.3, 0.4, 0.49]) == "none"
    assert (measures.short_head(each), measures.long_head(each)) == ("L2H0", "L3H1")


def test_criteria():
    assert KNOWN["short-head"].holds({"s(1)": 0.45}) and not KNOWN["short-head"].holds({"s(1)": 0.44})
    assert KNOWN["long-head"].holds({"s(1)": 0.21, "s(3)": 0.67})
    assert not KNOWN["long-head"].holds({"s(1)": 0.21, "s(3)": 0.45})
    names = ("long, intact", "long, corrupted", "short, intact", "short, corrupted", "s(1), long", "s(3), long")

    def holds(*numbers: float) -> bool:
        return KNOWN["corruption"].holds(dict(zip(names, numbers, strict=True)))

    assert holds(0.55, 0.05, 0.5, 0.43, 0.2, 0.6)
    assert not holds(0.55, 0.3, 0.5, 0.43, 0.2, 0.6) and not holds(0.55, 0.05, 0.5, 0.3, 0.2, 0.6)
    assert not holds(math.nan, math.nan, 0.5, 0.5, 0.2, 0.1)


THROUGH = {
    0: {
        "steps": [0, 200, 400],
        "one": [[0.02, 0.02], [0.5, 0.1], [0.3, 0.1]],
        "three": [[0.02, 0.02], [0.45, 0.1], [0.7, 0.2]],
    }
}


def test_figures_tell_the_numbers():
    checked(figures.figure_prefix_lengths(FOUND), figures.figure_prefix_lengths, "seed 0: 1 short, 1 between, 1 long")
    checked(figures.figure_answer_logit(FOUND), figures.figure_answer_logit, "m = 1 1.4")
    checked(figures.figure_through_training(THROUGH), figures.figure_through_training, "seed 0 0.5, 0.3")
    checked(figures.figure_corruption(FOUND), figures.figure_corruption, "long 0.6 to 0.1")
    checked(figures.figure_further({"a": FOUND}), figures.figure_further, "a: 1 short, 1 between, 1 long")


def test_readings_tell_the_numbers():
    assert "Seed 0: 1 short, 1 between, 1 long, 1 none; L2H0, of largest s(1), goes" in readings.kinds(FOUND)[0]
    true, told = readings.logits(FOUND)
    assert "came true:** 3 of the 3 heads" in true and "L2H0 +1.40, +1.40 and +1.40 (seed 0)" in told
    true, told = readings.through_training(THROUGH)
    assert "came true" in true and "step 200, with 0.5 beside 0.45; 0.3 and 0.7 at the end" in told
    assert readings.corruption(FOUND) == ["The head of largest s(1) loses 0.3."]


def test_short_and_long_heads_are_looked_for_in_one_network():
    short = {0: {name: FOUND[0][name] for name in ("L1H0", "L2H0")}}
    long = {0: {name: FOUND[0][name] for name in ("L1H0", "L3H1")}}
    true, told = readings.further({BOTH: FOUND, PLAIN: short, LONGER: FOUND})
    assert "came true" in true and "64 symbols: 1 short, 1 none" in told
    failed, _ = readings.further({BOTH: FOUND, PLAIN: short, LONGER: long})
    assert "failed:** heads of 64 symbols are short, and" in failed and "in 1 of 3 networks" in failed
    assert "not all short" in readings.further({BOTH: FOUND, PLAIN: long, LONGER: FOUND})[0]


def test_each_criterion_is_told_in_each_setting_with_its_numbers():
    short, long, corruption = readings.in_each_setting({"a": FOUND, "b": {0: {"L1H0": FOUND[0]["L1H0"]}}})
    assert "a: in the one seed (s(1) 0.7); b: in none of 1 seeds (s(1) 0.02)" in short
    assert "a: in the one seed (s(1) 0.2, s(3) 0.6)" in long
    assert "long, intact 0.6, long, corrupted 0.1" in corruption and "b: in none of 1 seeds" in corruption
