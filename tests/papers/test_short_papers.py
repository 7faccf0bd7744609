"""Papers whose runs take seconds: stories and claims name what exists, notebooks have the form of the first paper's,
and all of a paper is made in the smoke profile."""

import json
import os
import re
import subprocess
import sys

import pytest
from filelock import FileLock

from induction_heads import papers
from induction_heads.machinery import execution, gallery, paths
from induction_heads.machinery.paper import find
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.study import Study

SMOKE = Settings(profile="smoke")
PAPERS = {key: paper for key, paper in find(papers).items() if paper.rank and type(paper.study(SMOKE)) is Study}
NAMES = [name for key in PAPERS for name in execution.names(key)]
EXPECTED_TIME = re.compile(r"\b\d[\d.]*\s*(s|seconds?|min|minutes?)\b")

each_paper = pytest.mark.parametrize("key", PAPERS)
each_notebook = pytest.mark.parametrize("name", NAMES)


def cells(name: str) -> list[dict]:
    return json.loads(execution.source(name).read_text(encoding="utf-8"))["cells"]


def code(name: str) -> str:
    return "\n".join("".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code")


@each_paper
def test_every_result_has_its_notebook_and_every_picture_of_the_story_its_result(key):
    paper = PAPERS[key]
    assert {paper.notebook_of(result) for result in paper.results} == set(execution.names(key))
    shown = {picture for part in paper.story for picture in part.pictures}
    assert shown == {result.replace("-", "_") for result in paper.results} and paper.picture in shown


@each_paper
def test_every_claim_stands_below_a_figure_and_is_measured_on_the_runs_of_a_result(key):
    paper = PAPERS[key]
    study = paper.study(paper.settings(Settings()))
    trained = set(paper.runs(study, paper.results))
    shown = {picture for part in paper.story for picture in part.pictures}
    for claim in paper.claims():
        assert gallery.about(claim.source, paper.places) & shown, claim.id
        for seed in claim.seeds(study.settings.seeds):
            assert set(claim.runs(study, seed)) <= trained, claim.id
    assert len({claim.id for claim in paper.claims()}) == len(paper.claims())


@each_paper
def test_claims_on_seeds_have_three_or_more(key):
    paper = PAPERS[key]
    for claim in paper.claims():
        runs = {run.seed for seed in claim.seeds(paper.seeds["paper"]) for run in claim.runs(_study(paper), seed)}
        assert not runs or len(runs) >= 3, claim.id


def _study(paper) -> Study:
    return paper.study(paper.settings(Settings()))


@each_notebook
def test_it_has_the_form_of_the_first_papers(name):
    first, *rest = cells(name)
    text = "".join(first["source"])
    assert text.startswith("# ") and "**Question.**" in text and "**What the paper shows.**" in text
    assert EXPECTED_TIME.search(text) and "two cores" in text and "](../glossary.md)" in text
    prose = "".join("".join(cell["source"]) for cell in rest if cell["cell_type"] == "markdown")
    assert "**Prediction.**" in prose and "**What differs from the paper.**" in prose
    assert "**Left open.**" in prose or "**Next.**" in prose
    assert any("nbval-check-output" in cell["metadata"].get("tags", ()) for cell in rest)
    for cell in cells(name):
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
    assert len({cell["id"] for cell in cells(name)}) == len(cells(name))
    known = execution.parameters_of(execution.source(name))
    paper = PAPERS[name.split("/")[0]]
    expected = {"profile": "paper", "dataset": Settings.dataset, "device": "cpu", "seeds": list(paper.seeds["paper"])}
    assert expected.items() <= known.items()


@each_notebook
def test_it_shows_every_figure_of_its_results_and_reads_it(name):
    paper, shown = PAPERS[name.split("/")[0]], code(name)
    for result in paper.results:
        if paper.notebook_of(result) == name:
            assert f"figures.{result.replace('-', '_')}(" in shown
    figures = shown.count("figures.figure_")
    assert shown.count("readings.reading_") >= figures


@pytest.mark.parametrize(
    "key", [pytest.param(key, marks=[pytest.mark.slow, pytest.mark.xdist_group(key)]) for key in PAPERS]
)
def test_it_is_made_in_the_smoke_profile_with_every_claim_measured(key):
    """Runs, verdicts, notebooks and gallery; what is not made by reproduce-all is not measured."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "induction_heads", "reproduce", key, "--profile", "smoke"]
    with FileLock(paths.BUILD / f"{key}.lock"):
        ended = subprocess.run(command, env=plain | {"TQDM_DISABLE": "1"}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    paper = PAPERS[key]
    folder = paths.figures_dir(key, SMOKE)
    made = [name for name, result in paper.results.items() if result.in_reproduce_all]
    for name in made:
        assert (folder / f"{name.replace('-', '_')}.png").exists() and (
            folder / f"{name.replace('-', '_')}.json"
        ).exists()
    study = paper.study(paper.settings(SMOKE))
    trained = set(paper.runs(study))
    for claim in json.loads((folder / "claims.json").read_text(encoding="utf-8"))["claims"]:
        (known,) = [each for each in paper.claims() if each.id == claim["id"]]
        asked = {run for seed in known.seeds(study.settings.seeds) for run in known.runs(study, seed)}
        assert (claim["verdict"] != "not measured") == (asked <= trained), claim["id"]
