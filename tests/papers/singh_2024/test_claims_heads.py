"""The criteria of the appendix's claims on the paper's own numbers, and the arithmetic behind them by hand."""

import math

import numpy as np
import pytest
import torch

from induction_heads.papers.singh_2024.claims import heads

CLAIM = {claim.id: claim for claim in heads.CLAIMS}
TABLE_1 = {
    "previous-token heads": 3.0,
    "previous-token heads, patterns preserved": 0.9985,
    "previous-token heads, values preserved": 0.699,
    "other heads, patterns preserved": 0.343,
    "other heads, values preserved": 0.993,
}
PUBLISHED = {
    "table-1": TABLE_1,
    "table-1-order": TABLE_1,
    "figure-12": {"peak (nats)": 0.165, "at": 5_024, "at the end": 0.0013, "learnt at": 273_000},
    "figure-12-layer-2": {"at half the learning time (nats)": 0.41, "at the end": 1.89},
    "figure-14": {"smallest fall from the strongest (nats)": 0.0003, "from the second": 0.0057, "all heads": 0.0016},
    "table-2": {"mistakes of the strongest": 1_553, "best other head": 0.717, "worst": 0.166},
    "figure-16a": {"heads that gain": 7, "mean gain": 0.086, "largest loss": 0.007},
    "figure-17": {"slowest pair / all heads": 1.19},
    "figure-17-alone": {"median pair": 291e3, "strongest alone": 310e3},
    "figure-18": {"with accuracy alone": 0.959, "with loss alone": -0.971},
    "figure-18-speed": {"rank correlation": -0.26},
}


@pytest.mark.parametrize("claim", PUBLISHED)
def test_the_papers_own_numbers_meet_the_criterion(claim):
    assert CLAIM[claim].holds(PUBLISHED[claim])


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        ("table-1", {"previous-token heads": 8.0}),
        ("table-1", {"previous-token heads, values preserved": 0.95}),
        ("table-1-order", {"other heads, values preserved": 0.9990}),
        ("figure-12", {"at": 200_000}),
        ("figure-12", {"at the end": 0.02}),
        ("figure-12", {"learnt at": math.nan}),
        ("figure-14", {"from the second": -1e-6}),
        ("table-2", {"best other head": math.nan}),
        ("figure-16a", {"heads that gain": 6}),
        ("figure-17", {"slowest pair / all heads": math.inf}),
        ("figure-18", {"with loss alone": -0.5}),
        ("figure-18-speed", {"rank correlation": -0.83}),
    ],
)
def test_numbers_that_say_otherwise_do_not(claim, changed):
    assert not CLAIM[claim].holds(PUBLISHED[claim] | changed)


def test_a_mistake_is_corrected_by_the_heads_that_get_it_right():
    correct = torch.tensor([[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [1, 0, 0, 0, 1]]).bool()
    np.testing.assert_allclose(heads.corrected(correct, 0), [0, 2 / 3, 1 / 3])  # head 0 is wrong on the last three


def test_mistakes_on_one_label_alone_are_fully_associated_with_it():
    label = torch.tensor([0, 1, 2] * 40)
    v, p = heads.association_with(label == 1, label)
    assert v == pytest.approx(1) and p < 1e-20


def test_mistakes_spread_evenly_over_labels_are_independent_of_them():
    label = torch.arange(60) % 3
    v, p = heads.association_with(torch.arange(60) < 30, label)
    assert v == pytest.approx(0, abs=1e-9) and p == pytest.approx(1)


def test_a_head_without_mistakes_has_no_association():
    label = torch.arange(60) % 3
    assert math.isnan(heads.association_with(torch.zeros(60, dtype=torch.bool), label)[0])
