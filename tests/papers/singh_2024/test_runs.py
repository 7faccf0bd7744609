"""The table of runs, and how a study resolves roles and trains in stages."""

import pytest

from induction_heads.machinery import paths
from induction_heads.machinery.settings import Settings
from induction_heads.networks.run import Schedule
from induction_heads.papers.singh_2024 import runs, study
from induction_heads.papers.singh_2024.paper import PAPER
from small import dataset


def test_a_study_trains_in_stages(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    monkeypatch.setattr(study.data, "load", lambda name, **_: dataset(150, 2, 13))
    monkeypatch.setitem(runs.SCALE, "tiny", 1_000)
    here = study.Study("tiny")
    five = {n: r for n, r in runs.figure_5b(5).items() if n in ("none", "1")}
    rows = five | {"graft": runs.figure_7(5)["Layer 1 of seed 6"]}
    monkeypatch.setitem(runs.RESULTS, "figure-5b", runs.Result("", "", lambda seed: rows))
    assert here.known(five["none"].scaled(1_000)) is None
    found = here.results("5b")
    assert set(found) == {"none", "1", "graft"}
    heads = here.roles(found["none"].run.main)
    assert found["none"].run.clamps == (runs.Only((heads["strongest"],)),)
    assert found["1"].run.clamps[0] == runs.PreviousTokenAttention((heads["previous token 1"],))
    (donor,) = found["graft"].run.donors
    assert donor.init_seed == 6 and here.store.finished(donor)
    assert here.known(five["none"].scaled(1_000)) == found["none"].run


def test_every_row_of_every_result_is_a_run():
    rows = PAPER.runs(Settings())
    assert len(rows) == 131 and all(set(run.roles) <= set(runs.ROLES) for run in rows)
    assert len({run.scaled(25) for run in rows}) == len(rows)
    assert {run.init_seed for run in PAPER.runs(Settings("smoke"), ["figure-3a"])} == set(runs.SMOKE_SEEDS)


def test_an_unknown_result_names_the_known():
    with pytest.raises(ValueError, match="no result is called '99'; there are figure-3a, "):
        runs.result("99")


def test_a_scaled_run_is_shorter_and_learns_faster():
    run = runs.main(5).scaled(25)
    assert (run.sequences, run.learning_rate, run.main) == (40_000, 2.5e-4, run)
    with pytest.raises(ValueError, match="only a run of scale 1"):
        run.scaled(50)


def test_a_schedule_counts_in_steps_of_32():
    run = runs.main(5)
    assert run.steps == 31_250 and {0, 157, 313, 31_250} <= Schedule.of(run).train
