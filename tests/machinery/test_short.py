"""Short runs: what is stored of them, how they are told apart, and which seeds results and claims take."""

from dataclasses import dataclass

import pytest
import torch

from induction_heads.machinery import ledger, paths, schedule
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.short import Claim, ExactClaim, Made, Result, ShortFamily, ShortRun, rows_of
from induction_heads.machinery.store import Store
from induction_heads.machinery.study import Study


@dataclass(frozen=True)
class Count(ShortRun):
    by: int = 1

    @property
    def family(self) -> ShortFamily:
        return COUNTING


@dataclass(frozen=True)
class Marked(Count):
    fixed: bool = True
    keys: bool = True
    shown_at: tuple[int, ...] = ()


def count(run: Count, progress) -> Made:
    values = [run.seed + run.by * step for step in range(run.steps + 1)]
    progress(run.steps, values[-1])
    return Made([[step, value] for step, value in enumerate(values)], {"last": torch.tensor(values[-1])})


COUNTING = ShortFamily("counting", ("steps", "value"), count, lambda run: 0.5)


def counts(profile: str, seed: int) -> dict[str, Count]:
    return {"by one": Count(3, seed), "by two": Count(3, seed, by=2)}


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    return Study("counting", Settings("smoke", seeds=(4, 5, 6)))


def test_rows_are_trained_with_their_history_and_what_they_learnt(study):
    found = rows_of(study, counts, 4)
    assert found["by two"].history.value.tolist() == [4, 6, 8, 10]
    assert found["by one"].final["last"].item() == 7


def test_a_run_is_told_by_its_fields_and_its_length_is_one_of_them():
    assert Count(3, 0).key("") != Count(4, 0).key("") and Count(3, 0).key("") != Count(3, 0, by=2).key("")
    assert str(Count(3, 0)) == "Count: steps 3, seed 0, by 1"
    assert COUNTING.seconds(Count(3, 0)) == 1.5


def test_a_run_is_told_in_words():
    known = "Marked: steps 1,500, seed 0, by 1, fixed"
    told = [str(Marked(1_500, 0, keys=False, shown_at=at)) for at in ((), (0, 75))]
    assert told == [f"{known}{more}" for more in ("", ", shown at 0, 75")]


def test_a_longer_run_begins_anew(tmp_path):
    store = Store(tmp_path, None)
    runs = [Count(2, 1), Count(5, 1)]
    found = schedule.train(runs, store, workers=1)
    assert [len(found[run].history) for run in runs] == [3, 6]


def test_results_and_claims_take_the_first_of_the_seeds(study):
    result = Result("Counts", "counting", rows=counts, most=2)
    assert {run.seed for run in result.runs(study)} == {4, 5}
    claim = Claim("1", "", "", "", "", "", lambda n: True, lambda study, seed: {"x": seed}, rows=counts, most=2)
    assert claim.seeds((4, 5, 6)) == (4, 5) and claim.runs(study, 4) == list(counts("smoke", 4).values())
    assert not claim.measurable(study, 4)
    rows_of(study, counts, 4)
    assert claim.measurable(study, 4)


def test_an_exact_claim_depends_on_no_seed():
    claim = ExactClaim("1", "", "", "", "", "", lambda n: True, lambda study, seed: {"x": seed})
    assert claim.seeds((4, 5)) == (ledger.EXACT,)
