"""Papers about token models: stories and claims name figures that exist, notebooks have the form of the first paper's
and run in the smoke profile."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

import form
from induction_heads import papers
from induction_heads.machinery import execution, ledger, paths
from induction_heads.machinery.paper import find
from induction_heads.machinery.settings import Settings
from induction_heads.networks.tokens.study import Study

SMOKE = Settings(profile="smoke")
PAPERS = {key: paper for key, paper in find(papers).items() if isinstance(paper.study(SMOKE), Study)}
NAMES = [name for key in PAPERS for name in execution.names(key)]
each_paper = pytest.mark.parametrize("key", PAPERS)
each_notebook = pytest.mark.parametrize("name", NAMES)


@each_paper
def test_every_result_has_its_notebook_and_every_picture_of_the_story_its_result(key):
    form.check_story(PAPERS[key])


@each_paper
def test_every_claim_stands_below_a_figure_and_is_measured_on_what_is_trained(key):
    study = PAPERS[key].study(PAPERS[key].settings(Settings()))
    form.check_claims(PAPERS[key], study, set(PAPERS[key].runs(study)))


@each_notebook
def test_it_has_the_form_of_the_first_papers(name):
    _, prose = form.check_notebook(name)
    assert "**Next.**" in prose


@each_notebook
def test_it_shows_every_figure_of_its_results(name):
    form.check_figures(PAPERS[name.split("/")[0]], name)


@pytest.mark.parametrize(
    "key", [pytest.param(key, marks=[pytest.mark.slow, pytest.mark.xdist_group(key)]) for key in PAPERS]
)
def test_it_is_made_in_the_smoke_profile_with_every_claim_measured(key):
    paper = PAPERS[key]
    study = paper.study(paper.settings(SMOKE))
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.BUILD / "tests.lock"):
        paper.train(study)
    before = dict(os.environ)
    execution.ensure_all([execution.task(paper, name, study) for name in execution.names(key)])
    assert os.environ == before  # what is set for kernels hides no bar of what is trained next
    ledger.write(paper.claims(), study)
    assert all(claim["values"] for claim in ledger.read(study.folder))
    made = {Path(path).stem for path in study.folder.glob("*.png")}
    assert {result.replace("-", "_") for result in paper.results} <= made
