"""The map of the field: what two verdicts say of two claims, and a page that holds what the ledgers hold."""

import dataclasses
import json

import pytest

from induction_heads.machinery import field
from induction_heads.machinery.field import AGREE, CONTRADICT, OPEN, PARTLY
from induction_heads.machinery.paper import Edge
from induction_heads.papers.singh_2024.paper import PAPER

HOLDS, FAILS = "holds", "does not hold here"
ONE = dataclasses.replace(PAPER, key="one", title="The one", questions=("what", "when"), edges=(), left_open="")
OTHER = dataclasses.replace(
    ONE,
    key="other",
    title="The other",
    questions=("why",),
    edges=(Edge("a", "one:1", True, "falling"), Edge("b", "one:1", False, "rising"), Edge("c", "one:none", True, "")),
    left_open="Why at all?",
)


@pytest.mark.parametrize(
    ("same", "one", "other", "relation"),
    [
        (True, HOLDS, HOLDS, AGREE),
        (True, FAILS, FAILS, AGREE),
        (True, HOLDS, FAILS, CONTRADICT),
        (False, HOLDS, FAILS, AGREE),
        (False, HOLDS, HOLDS, CONTRADICT),
        (True, HOLDS, "holds in part", PARTLY),
        (True, "not measured", "holds in part", OPEN),
    ],
)
def test_claims_agree_where_their_verdicts_fit_what_they_say(same, one, other, relation):
    assert field.relation(same, one, other) == relation


def ledgers(folder):
    for key, claims in (("one", {"1": HOLDS}), ("other", {"a": HOLDS, "b": HOLDS})):
        rows = [{"id": name, "statement": f"{key} {name}", "verdict": word} for name, word in claims.items()]
        (folder / key).mkdir()
        (folder / key / "claims.json").write_text(json.dumps({"claims": rows}))


def test_the_page_has_every_edge_of_the_ledgers_and_what_is_open(tmp_path):
    ledgers(tmp_path)
    assert field.write([ONE, OTHER], tmp_path) == str(tmp_path / "FIELD.md")
    text = (tmp_path / "FIELD.md").read_text()
    assert "1 agree here, 1 contradict each other here" in text and "- Why at all?" in text
    assert "[The other](other/README.md): other a *holds*" in text and text.count("\n| ") == 3
    assert all((tmp_path / name).stat().st_size > 1000 for name in field.PICTURES)


def test_without_ledgers_there_is_no_page(tmp_path):
    assert field.write([ONE, OTHER], tmp_path) == "" and not list(tmp_path.iterdir())


def test_papers_stand_from_left_to_right_by_their_questions():
    third = dataclasses.replace(OTHER, key="third", questions=("what",))
    asks_nothing = dataclasses.replace(OTHER, key="nothing", questions=())
    assert [paper.key for paper in field.columns([OTHER, ONE, asks_nothing, third])] == ["third", "one", "other"]
