"""The table of runs, and how a study resolves roles and trains in stages."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from induction_heads.machinery import paths, schedule
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.store import Store
from induction_heads.networks import run
from induction_heads.networks.run import Schedule
from induction_heads.papers.singh_2024 import measures, runs, study
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
    drawn = PAPER.planned(Untrained(), [name for name in runs.RESULTS if name != "table-claims"])
    rows = PAPER.planned(Untrained())
    assert len(drawn) == 131 and len(rows) == 448 and {row.whole for row in drawn} < {row.whole for row in rows}
    assert all(set(row.roles) <= set(runs.ROLES) for row in rows)
    assert len({row.whole.scaled(25) for row in rows}) == len(rows)


class Untrained(study.Study):
    """A study whose store has nothing yet."""

    def __init__(self, seeds=runs.SEEDS):
        self.settings, self.scale, self.profile = Settings(seeds=seeds), 1, "paper"

    def finished(self, run):
        return False


def test_runs_that_depend_on_the_typical_seed_are_told_when_it_is_known():
    figure = runs.result("15")
    assert list(figure.runs(Untrained())) == [runs.main(seed) for seed in runs.SEEDS]
    assert len(list(figure.planned(Untrained()))) == 5 + 21
    one = list(figure.runs(Untrained((7,))))
    assert len(one) == 1 + 21 and {run.init_seed for run in one} == {7}


def test_a_figure_of_one_seed_that_tells_all_learning_times_trains_the_others_until_they_have_learnt():
    figure, seeds = runs.result("4b"), (5, 7)
    mains, heads = {runs.main(seed) for seed in seeds}, [f"head {h}" for h in range(8)]
    rows = set(figure.planned(Untrained(seeds))) - mains
    assert {run.init_seed for run in rows if not run.until_learnt} == {5}
    assert {run.whole for run in rows} >= {runs.figure_4b(seed)[head] for seed in seeds for head in heads}
    assert all(run.until_learnt for run in set(runs.result("18").planned(Untrained(seeds))) - mains)


@pytest.mark.parametrize(
    ("times", "typical"),
    [((30, 10, 20), 7), ((30, 10, 20, 40), 7), ((np.nan, 10, np.nan, np.nan), 5), ((np.nan, 10, 20), 7), ((1,), 5)],
)
def test_the_typical_seed_has_the_median_learning_time(monkeypatch, times, typical):
    """The lower of two, and never learnt comes last."""
    found = {seed: SimpleNamespace(history=time) for seed, time in zip(runs.SEEDS, times, strict=False)}
    monkeypatch.setattr(study, "time_to_learn", lambda history: history)
    here = Untrained()
    here.results = lambda result, seed: {"all heads": found[seed]}
    assert here.typical(found) == typical


def test_claims_are_measured_over_more_seeds_than_figures_draw():
    every = set(runs.RESULTS["table-claims"].runs(Untrained()))
    assert {run for run in every if not run.clamps and run.until_learnt is False} >= {
        runs.main(seed) for seed in (*runs.SEEDS, *range(10, 37))
    }
    assert not {run.init_seed for run in every} & set(range(101, 109)), "those are for fitting the data alone"


def test_a_run_that_ends_when_it_has_learnt_tells_the_same_learning_time_and_plateau(tmp_path):
    whole = run.Run(
        0, classes=11, sequences=64_000, evaluate_every=320, learning_rate=1e-3, clamps=(runs.PerfectMatch("L2H3"),)
    )
    short = dataclasses.replace(whole, until_learnt=True)
    store = Store(tmp_path, dataset())
    early = schedule.train([short], store)[short]
    assert store.progress(short) < whole.length and not store.finished(whole)
    with pytest.raises(ValueError, match="ended when enough was known of it"):
        _ = early.final
    full = schedule.train([whole], store)[whole]
    alone = schedule.train([whole], Store(tmp_path / "alone", dataset()))[whole]
    assert full.history.equals(alone.history)
    again = store.load(short).history
    assert again.equals(early.history) and len(again) < len(full.history)
    assert measures.learning({"x": again}).iloc[:, :3].equals(measures.learning({"x": full.history}).iloc[:, :3])


def test_an_unknown_result_names_the_known():
    with pytest.raises(ValueError, match="no result is called '99'; there are figure-3a, "):
        runs.result("99")


def test_a_scaled_run_is_shorter_and_learns_faster():
    scaled = runs.main(5).scaled(25)
    assert (scaled.sequences, scaled.learning_rate, scaled.main) == (40_000, 2.5e-4, scaled)
    with pytest.raises(ValueError, match="only a run of scale 1"):
        scaled.scaled(50)


def test_a_schedule_counts_in_steps_of_32():
    main = runs.main(5)
    assert main.steps == 31_250 and {0, 157, 313, 31_250} <= Schedule.of(main).train
