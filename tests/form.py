"""For tests of papers: what a story, its claims and its notebooks have in common, whatever the networks are."""

import json

from induction_heads.machinery import execution, gallery
from induction_heads.machinery.paper import Paper
from induction_heads.machinery.settings import Settings
from induction_heads.machinery.study import Study


def cells(name: str) -> list[dict]:
    return json.loads(execution.source(name).read_text(encoding="utf-8"))["cells"]


def code(name: str) -> str:
    return "\n".join("".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code")


def pictures(paper: Paper) -> set[str]:
    return {picture for part in paper.story for picture in part.pictures}


def check_story(paper: Paper) -> None:
    """Every result has its notebook, and every picture of the story its result."""
    assert {paper.notebook_of(result) for result in paper.results} == set(execution.names(paper.key))
    shown = pictures(paper)
    assert shown == {result.replace("-", "_") for result in paper.results} and paper.picture in shown


def check_claims(paper: Paper, study: Study, trained: set) -> None:
    """Every claim stands below a figure, is measured on these runs, and has an id of its own."""
    for claim in paper.claims():
        assert gallery.about(claim.source, paper.places) & pictures(paper), claim.id
        for seed in claim.seeds(study.settings.seeds):
            assert set(claim.runs(study, seed)) <= trained, claim.id
    assert len({claim.id for claim in paper.claims()}) == len(paper.claims())


def check_notebook(name: str) -> tuple[str, str]:
    """The form of the first paper's notebooks, committed without outputs; gives the first cell and the other prose."""
    first, *rest = cells(name)
    text = "".join(first["source"])
    assert text.startswith("# ") and "**Question.**" in text and "**What the paper" in text
    assert execution.stated_seconds(execution.source(name)) and "two cores" in text and "](../glossary.md)" in text
    prose = "".join("".join(cell["source"]) for cell in rest if cell["cell_type"] == "markdown")
    assert "**Prediction.**" in prose and "differs" in prose
    assert any("nbval-check-output" in cell["metadata"].get("tags", ()) for cell in rest)
    for cell in cells(name):
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
    ids = [cell["id"] for cell in cells(name)]
    assert len(set(ids)) == len(ids)
    known = execution.parameters_of(execution.source(name))
    assert {"profile": "paper", "dataset": Settings.dataset, "device": "cpu"}.items() <= known.items()
    return text, prose


def check_figures(paper: Paper, name: str) -> None:
    """The notebook draws every figure of its results."""
    for result in paper.results:
        if paper.notebook_of(result) == name:
            assert f"figures.{result.replace('-', '_')}(" in code(name)
