"""The ledger in a lesson: found in the repository, or beside the students' lessons; else named with what to do."""

import json

import pytest

from induction_heads.course import claims


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
