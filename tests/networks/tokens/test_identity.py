"""What runs are called below a figure: what is common once, what differs by row, data in the papers' words."""

import dataclasses

import pytest

from induction_heads.networks.clamps import PreviousTokenAttention
from induction_heads.networks.tokens.generators import (
    REP,
    REP_W,
    Duplicate,
    Hapax,
    Mixed,
    Pooled,
    Repeat,
    Snippets,
    Span,
)
from induction_heads.networks.tokens.identity import data_name, identity, variant_name
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import PLAIN, Momentum, NGramHeads, ShiftedKeysAndValues, SmearedKeys

NATURAL = Span(0.1, classes=4)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (REP, "REP"),
        (REP_W, "REP-w"),
        (Repeat(12, 32, distinct=False, alphabet=(6, 39)), "REP-w of 12 to 32 tokens from 6 to 39 symbols"),
        (Span(0.3), "SPAN(0.3)"),
        (Pooled(Span(0.3), 2_400), "SPAN(0.3), 50% from a pool of 2,400 sequences"),
        (Mixed(NATURAL, Snippets(NATURAL), 1_200), "SPAN-K(0.1), at first 50% forward snippets of 10"),
        (Snippets(NATURAL, backward=0.5, anywhere=True), "forward and backward snippets of 10 anywhere"),
        (Duplicate(3, 2), "Duplicate(distinct=3, times=2, among=64)"),
    ],
)
def test_data_are_called_as_the_papers_pages_call_them(data, told):
    assert data_name(data) == told


def test_attention_is_called_by_what_keys_see():
    assert [variant_name(v) for v in (PLAIN, SmearedKeys(), ShiftedKeysAndValues())] == [
        "",
        "smeared keys",
        "KV shifting",
    ]
    assert variant_name(Momentum(1.0, keys_only=True)) == "momentum 1, keys only"
    assert variant_name(NGramHeads((1,))) == "NGramHeads(orders=(1,))"


def test_what_rows_share_is_said_once_and_what_their_names_say_is_not_said_again():
    one, two = (TokenRun(0, REP, layers=layers, steps=900) for layers in (1, 2))
    short = dataclasses.replace(two, layers=3, steps=650)
    rows = {"1 layer": {0: one, 1: one}, "2 layers": {0: two, 1: two}, "3 layers": {0: short, 1: short}}
    assert identity(rows) == "seeds 0, 1; REP; 1 layer / 2 layers: 900 steps; 3 layers: 650 steps"
    assert identity({"2 layers": {0: two}}) == "seed 0; REP; 2 layers; 900 steps"


def test_what_data_share_is_said_once():
    data = {"none": Span(0.3), "10": Pooled(Span(0.3), 2_400), "100": Pooled(Span(0.3), 240)}
    told = identity({name: {0: TokenRun(0, each, steps=100)} for name, each in data.items()})
    assert told == (
        "seed 0; SPAN(0.3); 2 layers; 100 steps; 10: 50% from a pool of 2,400 sequences; "
        "100: 50% from a pool of 240 sequences"
    )


def test_seeds_targets_clamps_and_rates_that_differ_are_told_by_row():
    plain = TokenRun(0, REP, layers=2, steps=100)
    given = dataclasses.replace(plain, clamps=(PreviousTokenAttention("L1H0"),))
    slow = dataclasses.replace(plain, learning_rate=1e-3, targets=Hapax())
    told = identity({"nothing": {0: plain, 1: plain}, "step 1": {0: given, 1: given}, "slow": {0: slow}})
    assert told == (
        "REP; 2 layers; 100 steps; nothing: seeds 0, 1; step 1: seeds 0, 1, PreviousTokenAttention(L1H0); "
        "slow: seed 0, Hapax, learning rate 0.001"
    )
