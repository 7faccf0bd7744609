"""Verdicts over the seeds that were measured, what is remembered of them, and how a ledger is written."""

import dataclasses
import json
import math
from pathlib import Path

import pytest

from induction_heads.machinery import ledger, paths, remembered
from induction_heads.machinery.ledger import Claim, Verdict
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.study import Study


def claim(**changes) -> Claim:
    text = dict.fromkeys(("id", "statement", "source", "quantity", "criterion", "reason"), "x")
    return dataclasses.replace(
        Claim(**text, holds=lambda n: n["x"] > 0, measure=lambda study, seed: {"x": float(seed)}), **changes
    )


@pytest.mark.parametrize(
    ("held", "of", "word"),
    [
        (5, 5, ledger.HOLDS),
        (29, 32, ledger.HOLDS),
        (28, 32, ledger.IN_PART),
        (4, 5, ledger.IN_PART),
        (4, 32, ledger.IN_PART),
        (3, 32, ledger.FAILS),
        (0, 1, ledger.FAILS),
        (0, 0, ledger.UNMEASURED),
    ],
)
def test_nine_tenths_hold_and_one_tenth_does_not(held, of, word):
    numbers = {seed: {"x": 1.0 if seed <= held else -1.0} for seed in range(1, of + 1)}
    assert Verdict(claim(), numbers).word == word


def test_the_share_stands_with_what_it_tells_of_all_seeds():
    found = Verdict(claim(), {seed: {"x": 1.0} for seed in range(1, 6)})
    assert found.share == 1 and found.interval[1] == 1
    assert found.interval[0] == pytest.approx(0.025 ** (1 / 5))  # the share from which five of five are likely
    assert found.seeds == "5 of 5 (48 to 100 %)"
    assert Verdict(claim(), {ledger.EXACT: {"x": 1.0}}).seeds == "exact"
    assert Verdict(claim(), {0: {"x": 1.0}}).seeds.startswith("1 of 1")


class NeedsRuns(Claim):
    def runs(self, study, seed):
        return [f"run of seed {seed}"]


class EmptyStudy(Study):
    """A study whose store has nothing; training would be an error."""

    folder = Path()

    def __init__(self):
        self.paper, self.profile, self.settings = "some", "paper", Settings(seeds=(5, 6))

    def finished(self, run):
        return False


class FullStudy(EmptyStudy):
    """A study whose store has everything."""

    class store:
        folder = Path

    def finished(self, run):
        return True

    def known(self, run):
        return run


def test_a_claim_whose_runs_are_missing_is_not_measured_and_trains_nothing():
    needs = NeedsRuns(**{field.name: getattr(claim(), field.name) for field in dataclasses.fields(Claim)})
    assert [verdict.word for verdict in ledger.verdicts([needs], EmptyStudy(), (5, 6))] == [ledger.UNMEASURED]


def test_a_claim_that_depends_on_no_seed_is_measured_once(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    exact = claim(measure=lambda study, seed: {"x": 7.0})
    assert ledger.judge(exact, FullStudy(), ()).numbers == {ledger.EXACT: {"x": 7.0}}


def test_what_was_measured_is_remembered_until_the_code_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    calls = []
    counted = claim(measure=lambda study, seed: calls.append(seed) or {"x": math.inf})
    for _ in range(2):
        assert ledger.judge(counted, FullStudy(), (5,)).numbers == {5: {"x": math.inf}}
    assert calls == [5]
    (file,) = (tmp_path / "remembered").iterdir()
    file.write_text("half a numb")
    assert ledger.judge(counted, FullStudy(), (5,)).numbers and calls == [5, 5]
    monkeypatch.setattr(remembered, "code", lambda *modules: "another")
    assert ledger.judge(counted, FullStudy(), (5,)).numbers and calls == [5, 5, 5]


def published(**numbers) -> Claim:
    return claim(published=lambda: numbers)


def by_seed(*values) -> dict[int, dict[str, float]]:
    return {seed: {"x": value} for seed, value in enumerate(values)}


@pytest.mark.parametrize(
    ("theirs", "place"), [(1.9, "below ours"), (2, "within ours"), (5, "within ours"), (7.1, "above ours")]
)
def test_with_few_seeds_the_papers_number_is_below_within_or_above(theirs, place):
    assert ledger.placement(published(x=theirs), by_seed(7, 2, 3)) == {"x": place}


@pytest.mark.parametrize(
    ("theirs", "place"),
    [(-1, "0th"), (0.5, "5th"), (2, "12th"), (2.5, "15th"), (12.5, "65th"), (18.5, "95th"), (99, "100th")],
)
def test_from_twenty_seeds_on_it_has_a_percentile(theirs, place):
    """Of ours, 0 to 19: one in twenty is smaller than 0.5; 2 has two smaller ones and is half of a third."""
    assert ledger.placement(published(x=theirs), by_seed(*range(20))) == {"x": f"{place} percentile of ours"}
    assert "percentile" not in ledger.placement(published(x=theirs), by_seed(*range(19)))["x"]


def test_a_percentile_is_an_ordinal_number():
    hundred = by_seed(*range(100))
    places = [ledger.placement(published(x=theirs - 0.5), hundred)["x"] for theirs in (1, 2, 3, 4, 11, 12, 13, 21, 92)]
    assert [place.split()[0] for place in places] == "1st 2nd 3rd 4th 11th 12th 13th 21st 92nd".split()


def test_never_learnt_is_later_than_the_paper_and_what_is_not_a_number_does_not_count():
    assert ledger.placement(published(x=3e5), by_seed(math.inf, 2e5)) == {"x": "within ours"}
    assert ledger.placement(published(x=3e5), by_seed(math.nan, 2e5)) == {"x": "above ours"}


def test_what_the_paper_gives_and_no_seed_has_lies_nowhere():
    assert ledger.placement(published(y=1.0), by_seed(1, 2)) == {}
    assert ledger.placement(published(x=1.0), {}) == {} == ledger.placement(claim(), by_seed(1, 2))


def test_a_claims_text_follows_the_papers_numbers():
    assert published(share=0.354, time=272_638.2).paper == "share 0.354; time 273,000"
    assert claim().paper == ""
    found = Verdict(published(x=2.5, time=3e5), by_seed(1, 2))
    assert found.paper == "x 2.5 (above ours); time 300,000"
    (entry,) = ledger.as_json([found], Settings())["claims"]
    assert entry["published"] == {"x": 2.5, "time": 3e5} and entry["placed"] == {"x": "above ours"}
    assert found.paper == entry["paper"] == ledger.frame([found])["the paper"].iloc[0]
    assert f"the paper: {found.paper}" in ledger.table([found])


def test_the_ledger_as_json_keeps_every_seed_and_writes_null_for_never():
    found = [Verdict(claim(), {5: {"x": math.inf}, 6: {"x": -0.123456}})]
    plain = json.loads(json.dumps(ledger.as_json(found, Settings()), allow_nan=False))
    (entry,) = plain["claims"]
    assert entry["values"] == {"5": {"x": None}, "6": {"x": -0.1235}}
    assert entry["holds"] == {"5": True, "6": False} and entry["verdict"] == ledger.IN_PART


def test_the_table_shows_statement_verdict_and_numbers():
    text = ledger.table([Verdict(claim(statement="Water is wet."), {5: {"x": 12_345.0}})])
    assert "Water is wet." in text and "HOLDS: 1 of 1 (3 to 100 %)" in text and "12,345" in text


def test_of_many_seeds_the_table_gives_the_range_and_which_miss():
    found = Verdict(claim(), by_seed(-1, 2, 3, 4, 5, math.inf))
    assert "x: -1, 3, never" in ledger.table([found]) and "missed by seeds 0" in ledger.table([found])
    assert ledger.frame([found])["ours"].iloc[0] == "x: -1, 3, never\nmissed by seeds 0"
    assert ledger.spread([math.nan, 2.0, 2.0, 1.0]) == "1, 2, never" and ledger.spread([7.0]) == "7"


def test_a_number_that_some_seeds_have_counts_for_those():
    numbers = by_seed(1, 2, 3, 4, 5, 6)
    numbers[2] |= {"only here": 7.0}
    assert "only here: 7" in ledger.table([Verdict(claim(), numbers)])


def test_beside_some_seeds_the_others_are_judged():
    found = Verdict(claim(), by_seed(-1, 2, 3))
    assert found.seeds.startswith("2 of 3") and found.beside([0]).seeds.startswith("2 of 2")
    assert found.beside([0, 1, 2]).word == ledger.UNMEASURED


def test_claims_are_written_where_the_figures_are(tmp_path):
    study = EmptyStudy()
    study.folder = tmp_path / "figures"
    assert "0 claims" in ledger.write([], study)
    assert ledger.read(study.folder) == [] and ledger.path(study.folder).exists()
