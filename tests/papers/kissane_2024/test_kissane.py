"""Kissane et al. 2024: the cases are what they say, kinds of heads by hand, figures and readings go by the numbers."""

import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from drawn import checked
from induction_heads.machinery import plots
from induction_heads.networks.tokens import model
from induction_heads.papers.kissane_2024 import figures, measures, readings
from induction_heads.papers.kissane_2024.claims import CLAIMS
from induction_heads.papers.kissane_2024.measures import cases

matplotlib.use("Agg")
KNOWN = {claim.id: claim for claim in CLAIMS}


@pytest.fixture(autouse=True)
def style():
    plots.style()
    yield
    plt.close("all")


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
    torch.testing.assert_close(measures.answer_logits(learnt, given).sum(), expected, rtol=1e-3, atol=1e-3)


def head(strength: list[float], corruption=(0.5, 0.5)) -> dict:
    return {"attention": strength, "logit": [2 * s for s in strength], "corruption": list(corruption)}


FOUND = {
    0: {
        "L1H0": head([0.02] * 6, (math.nan, math.nan)),
        "L2H0": head([0.7] * 6),
        "L3H1": head([0.2, 0.4, 0.6, 0.7, 0.7, 0.7], (0.6, 0.1)),
    }
}


def test_kinds_of_heads():
    each = FOUND[0]
    assert [measures.kind(np.array(one["attention"])) for one in each.values()] == ["neither", "short", "long"]
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


def test_figures_and_readings_tell_the_numbers():
    checked(figures.figure_prefix_lengths(FOUND), figures.figure_prefix_lengths, "seed 0: 1 short, 1 long")
    checked(figures.figure_answer_logit(FOUND), figures.figure_answer_logit, "m = 1 1.4")
    checked(figures.figure_corruption(FOUND), figures.figure_corruption, "long 0.6 to 0.1")
    checked(figures.figure_further({"a": FOUND[0]}), figures.figure_further, "a 0.6")
    assert "short: L2H0; long: L3H1. L2H0 goes from 0.7" in readings.kinds(FOUND)[0]
    assert "L2H0 +1.40 and +1.40 (seed 0)" in readings.logits(FOUND)[0]
    assert "a: L3H1 with s(1) 0.2 and s(3) 0.6, long" in readings.further({"a": FOUND[0]})[0]
