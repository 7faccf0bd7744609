"""The paper's numbers for each claim: by the measures of ours, under their names; and the table of changes."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

from induction_heads.machinery import ledger
from induction_heads.papers.singh_2024 import claims
from induction_heads.papers.singh_2024.claims import changes, heads, in_the_paper

BY_ID = {claim.id: claim for claim in claims.LEDGER}
GIVES_NONE = {"figure-11", "figure-11-scores", "figure-15", "figure-15-unseen", "figure-16b"}
GIVES_SOME = {"figure-15-held-out"}  # and not all that the criterion asks for
STUDY = in_the_paper.PAPER


def test_the_paper_gives_numbers_for_all_claims_but_five():
    assert {claim.id for claim in claims.LEDGER if not claim.paper} == GIVES_NONE


@pytest.mark.parametrize("claim", [claim for claim in claims.LEDGER if claim.published], ids=lambda claim: claim.id)
def test_the_papers_numbers_meet_the_criterion_and_are_numbers(claim):
    theirs = claim.theirs
    assert all(np.isfinite(float(x)) for x in theirs.values())
    if claim.id not in GIVES_SOME:
        assert claim.holds(theirs)


@pytest.mark.parametrize(
    ("claim", "expected"),  # as its text, tables and captions have them
    [
        ("1", {"plateau share": 0.35, "plateau level (nats)": 0.72, "final loss": 0.0014}),
        ("2", {"held-out label pairs": 0.026, "unseen classes": 0.124}),
        ("4", {"strongest": 0.845, "weakest": 0.104}),
        ("5", {"accuracy lost": 0.00013, "whole": 0.99999}),
        ("7", {"best head alone": 0.980, "worst": 0.292}),
        ("table-1", {"previous-token heads": 3, "previous-token heads, values preserved": 0.699}),
        ("figure-12", {"peak (nats)": 0.165, "at": 5_024, "at the end": 0.0013}),
        ("figure-14", {"smallest fall from the strongest (nats)": 0.0003, "from the second": 0.0057}),
        ("figure-15-held-out", {"wrong way, lowest": 1}),
        ("table-2", {"mistakes of the strongest": 1_553, "best other head": 0.717, "worst": 0.166}),
        ("figure-16a", {"heads that gain": 7, "largest loss": 0.007}),
        ("figure-18", {"with accuracy alone": 0.959, "with loss alone": -0.971}),
    ],
)
def test_they_are_what_the_paper_says(claim, expected):
    theirs = BY_ID[claim].theirs
    assert {name: float(theirs[name]) for name in expected} == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("measure", "published"),
    [
        (heads.correcting, in_the_paper.published_mistakes),
        (heads.with_perfect_match, in_the_paper.published_gains),
        (BY_ID["figure-15-held-out"].measure, in_the_paper.published_wrong_way),
    ],
)
def test_what_is_not_measured_by_our_measure_has_its_names(measure, published):
    tree = ast.parse(textwrap.dedent(inspect.getsource(measure)))
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(published()) <= names


def test_its_heads_come_in_their_order():
    """Figure 14's own axis: 3, 1, 2, 7, 5, 0, 4, then the one that it leaves off; figure 17's pairs leave 3 out."""
    order, first, second = STUDY.switched_on()
    assert order == (3, 1, 2, 7, 5, 0, 4, 6)
    assert first.shape == (8,) and second.shape == (7,) and np.isnan(second[-1])
    assert (np.diff(first[:-1]) < 0).sum() + (np.diff(second[:-1]) < 0).sum() == 11
    assert set(STUDY.results("17")) == {"all heads", *(f"with other {i}" for i in range(1, 8))}


def test_its_strengths_through_training_end_at_those_of_figure_4a():
    seen, strengths = STUDY.strengths()
    assert strengths.shape == (100, 8) and seen[0] == 0 and (np.diff(seen) > 0).all()
    np.testing.assert_allclose(strengths[-1], STUDY.at_the_end()["strength"], atol=0.02)


def test_a_figure_that_is_not_digitised_is_refused():
    with pytest.raises(ValueError, match="expected a digitised figure"):
        STUDY.results("15")


def test_a_change_names_what_was_and_gives_the_present_criterion():
    last = {change.claim_id: change for change in changes.CHANGES}
    for claim, change in last.items():
        assert change.new_criterion == BY_ID[claim].criterion != change.old_criterion
        assert change.old_verdict.startswith(tuple(ledger.MARKS)) and change.reason_in_the_paper


def test_the_table_of_changes_has_a_row_for_each_and_empty_cells_nowhere():
    table = changes.frame()
    assert list(table.index) == [change.claim_id for change in changes.CHANGES]
    assert list(table.columns) == ["date", "old criterion", "old verdict", "new criterion", "reason in the paper"]
    assert (table != "").all(axis=None)
