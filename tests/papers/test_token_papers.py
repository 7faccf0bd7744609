"""Papers about token models: stories and claims name figures that exist, notebooks have the form of the first paper's
and run in the smoke profile."""

import json
import re
from pathlib import Path

import pytest
from filelock import FileLock

from induction_heads import papers
from induction_heads.machinery import execution, gallery, ledger, paths
from induction_heads.machinery.paper import find
from induction_heads.machinery.settings import Settings
from induction_heads.networks.tokens.study import Study

SMOKE = Settings(profile="smoke")
PAPERS = {key: paper for key, paper in find(papers).items() if not paper.on_a_data_set}
NAMES = [name for key in PAPERS for name in execution.names(key)]
EXPECTED_TIME = re.compile(r"\b\d[\d.]*\s*(s|seconds?|min|minutes?)\b")

each_paper = pytest.mark.parametrize("key", PAPERS)
each_notebook = pytest.mark.parametrize("name", NAMES)


def cells(name: str) -> list[dict]:
    return json.loads(execution.source(name).read_text(encoding="utf-8"))["cells"]


@each_paper
def test_every_result_has_its_notebook_and_every_picture_of_the_story_its_result(key):
    paper = PAPERS[key]
    assert isinstance(paper.study(SMOKE), Study)
    assert {paper.notebook_of(result) for result in paper.results} == set(execution.names(key))
    shown = {picture for part in paper.story for picture in part.pictures}
    assert shown == {result.replace("-", "_") for result in paper.results} and paper.picture in shown


@each_paper
def test_every_claim_stands_below_a_figure_and_is_measured_on_what_is_trained(key):
    paper = PAPERS[key]
    study = paper.study(paper.settings(Settings()))
    trained, shown = set(paper.runs(study)), {picture for part in paper.story for picture in part.pictures}
    for claim in paper.claims():
        assert gallery.about(claim.source, paper.places) & shown, claim.id
        for seed in claim.seeds(study.seeds):
            assert set(claim.runs(study, seed)) <= trained, claim.id
    assert len({claim.id for claim in paper.claims()}) == len(paper.claims())


@each_notebook
def test_it_has_the_form_of_the_first_papers(name):
    first, *rest = cells(name)
    text = "".join(first["source"])
    assert text.startswith("# ") and "**Question.**" in text and "**What the paper" in text
    assert EXPECTED_TIME.search(text) and "two cores" in text and "](../glossary.md)" in text
    prose = "".join("".join(cell["source"]) for cell in rest if cell["cell_type"] == "markdown")
    assert "**Prediction.**" in prose and "differs" in prose and "**Next.**" in prose
    assert any("nbval-check-output" in cell["metadata"].get("tags", ()) for cell in rest)
    for cell in cells(name):
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
    ids = [cell["id"] for cell in cells(name)]
    assert len(set(ids)) == len(ids)
    known = execution.parameters_of(execution.source(name))
    assert {"profile": "paper", "dataset": Settings.dataset, "device": "cpu"}.items() <= known.items()


@each_notebook
def test_it_shows_every_figure_of_its_results(name):
    code = "".join("".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code")
    paper = PAPERS[name.split("/")[0]]
    for result in paper.results:
        if paper.notebook_of(result) == name:
            assert f"figures.{result.replace('-', '_')}(" in code


@pytest.mark.parametrize(
    "key", [pytest.param(key, marks=[pytest.mark.slow, pytest.mark.xdist_group(key)]) for key in PAPERS]
)
def test_it_is_made_in_the_smoke_profile_with_every_claim_measured(key):
    paper = PAPERS[key]
    study = paper.study(paper.settings(SMOKE))
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.BUILD / "tests.lock"):
        paper.train(study)
    execution.ensure_all([execution.task(paper, name, study) for name in execution.names(key)])
    ledger.write(paper.claims(), study)
    assert all(claim["values"] for claim in ledger.read(study.folder))
    made = {Path(path).stem for path in study.folder.glob("*.png")}
    assert {result.replace("-", "_") for result in paper.results} <= made
