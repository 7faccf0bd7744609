"""The ledger in a lesson: found in the repository, or beside the students' lessons; else named with what to do."""

import json
import re

import pytest

from induction_heads.course import claims, earlier


@pytest.mark.parametrize(
    "paper, name, verdict",
    [
        ("singh_2024", "12", "holds in part"),  # lesson 10, its model answer and its teacher's page
        ("singh_2024", "9", "holds in part"),
        ("singh_2024", "figure-10-plateau", "does not hold here"),
        ("reddy_2023", "2", "does not hold here"),
        ("singh_2024", "13", "holds"),  # lesson 9's model answer
        ("singh_2024", "14", "holds"),
        ("singh_2024", "figure-8-all", "holds in part"),  # lesson 12's questions
        ("reddy_2023", "clamp", "does not hold here"),
        ("edelman_2024", "clamp", "holds"),
    ],
)
def test_the_ledger_says_what_lessons_say_of_it(paper, name, verdict):
    """Whoever changes a verdict changes the lesson."""
    assert claims.claims(paper)[name]["verdict"] == verdict


def test_the_teachers_page_gives_the_seeds_of_the_three_claims_as_the_ledger_does():
    page = (earlier.COURSE / "guide" / "lesson_10.md").read_text(encoding="utf-8")
    found = claims.claims("singh_2024")
    for name in ("12", "9", "figure-10-plateau"):
        said = re.search(rf"\b{name} [a-z ]+\((\d+ of \d+)", page)
        assert said and found[name]["seeds"].startswith(said[1])


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A student's folder of lessons, without the repository."""
    (tmp_path / "zip" / "course").mkdir(parents=True)
    monkeypatch.setattr(claims, "FIGURES", tmp_path / "figures")
    monkeypatch.chdir(tmp_path / "zip" / "course")
    return tmp_path


def test_the_committed_ledger_is_there_by_the_ids_of_its_claims():
    found = claims.claims("singh_2024")
    assert found["12"]["source"] == "figure 6" and len(found) > 30
    assert "singh_2024" in claims.papers()


def test_it_is_packed_beside_the_lessons_and_found_there(elsewhere):
    ledger = elsewhere / "figures" / "tiny_2026" / "claims.json"
    ledger.parent.mkdir(parents=True)
    ledger.write_text(json.dumps({"claims": [{"id": "7", "verdict": "holds"}]}))
    claims.pack(elsewhere / "zip")
    ledger.unlink()
    assert claims.claims("tiny_2026") == {"7": {"id": "7", "verdict": "holds"}}
    assert claims.papers() == ["tiny_2026"]


def test_a_ledger_that_there_is_not_is_named_with_what_to_do(elsewhere):
    with pytest.raises(ValueError, match="ledger of 'nobody_2030' should be in .*there are none: copy the folder"):
        claims.claims("nobody_2030")
