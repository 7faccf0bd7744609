"""A study of token models: rows trained by name, smaller in the smoke profile, more seeds beside the papers' own."""

import pytest

from induction_heads.machinery import paths
from induction_heads.machinery.settings import Settings
from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.study import SEEDS, Claim, Result, Study
from induction_heads.networks.tokens.training import TokenRun


def rows(seed):
    return {"1 layer": TokenRun(seed, REP, layers=1, steps=50, checkpoint_every=25)}


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS", tmp_path)
    return Study("tiny", Settings("smoke"))


def test_smoke_runs_are_shorter_and_are_looked_at_more_often(study):
    run = study.scaled(rows(0)["1 layer"])
    assert (run.steps, run.evaluate_every, run.checkpoint_every) == (2, 5, 5)
    whole = Study("tiny", Settings("paper"))
    assert whole.scaled(rows(0)["1 layer"]) == rows(0)["1 layer"] and whole.seeds == SEEDS


def test_rows_are_trained_under_their_names_for_every_seed(study):
    found = study.every(rows)
    assert list(found) == ["1 layer"] and list(found["1 layer"]) == list(study.seeds)
    assert found["1 layer"][1].history.step.tolist() == [0, 2]


def test_more_seeds_join_the_papers_own_alone():
    claim = Claim("1", "", "", "", "", "", lambda numbers: True, lambda study, seed: {}, rows, more_seeds=(3, 4))
    assert claim.seeds(SEEDS) == (0, 1, 2, 3, 4) and claim.seeds((7,)) == (7,)
    runs = Result("", "", rows, more_seeds=(3, 4)).runs(Study("tiny", Settings("paper")))
    assert [run.init_seed for run in runs] == [0, 1, 2, 3, 4]
