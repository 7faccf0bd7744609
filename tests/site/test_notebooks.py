"""An executed notebook becomes a page: figures by their one copy, said how it was made, nothing of Jupyter's own."""

import base64
import json

import pytest

from induction_heads.machinery import execution, paths
from induction_heads.machinery.remembered import sha256
from induction_heads.machinery.settings import Settings
from induction_heads.site import notebooks
from induction_heads.site.links import Pages
from induction_heads.site.shelf import Shelf

PNG = base64.b64encode(b"not really a picture").decode()
SMALL = Settings(profile="smoke")


def code(*outputs, tags=()):
    kept = {"papermill": {"duration": 1.0}, "tags": list(tags)}
    return {
        "cell_type": "code",
        "id": "c",
        "metadata": kept,
        "source": "1 + 1",
        "execution_count": 1,
        "outputs": [*outputs],
    }


def display(data, **metadata):
    return {"output_type": "display_data", "metadata": metadata, "data": data}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "EXECUTED", tmp_path / "executed")
    monkeypatch.setattr(paths, "figures_of_all", lambda settings: tmp_path / "figures" / settings.profile)
    return tmp_path


def put(project, *cells, profile="smoke"):
    folder = project / ("notebooks" if profile is None else f"executed/characters-{profile}") / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# Falling, a [thing](nowhere.md)"}
    (folder / "fall.ipynb").write_text(json.dumps({"cells": [title, *cells], "metadata": {"papermill": {}}}))


def page(project, *cells, profile="smoke") -> list[dict]:
    put(project, *cells, profile=profile)
    found = notebooks.latest("tiny/fall", (Settings(), SMALL))
    return notebooks.for_site(found, Pages(frozenset()), Shelf(project / "site"))["cells"]


def test_the_last_build_comes_before_the_one_in_small_and_that_before_none(project):
    for profile, expected in ((None, None), ("smoke", SMALL), ("paper", Settings())):
        put(project, profile=profile)
        assert notebooks.latest("tiny/fall", (Settings(), SMALL)).settings == expected


def test_a_page_says_that_it_was_made_in_small(project):
    title, said = page(project)
    assert title["source"] == "# Falling, a thing"
    assert said["source"].startswith(":::{warning}") and "PROFILE=smoke" in said["source"]
    (_, said) = page(project, profile="paper")
    assert said["source"].startswith(":::{note}") and "PROFILE=paper" in said["source"]


def test_a_figure_is_shown_by_its_one_copy_with_its_words(project):
    folder = project / "figures" / "smoke" / "tiny"
    folder.mkdir(parents=True)
    (folder / "figure_1.svg").write_text("<svg/>")
    output = display({"image/png": PNG}, shows="figure_1", **{"image/png": {"alt": 'Two "curves".'}})
    first, second = page(project, code(output), code(output))[2:]
    assert first["outputs"] == second["outputs"]
    shown = first["outputs"][0]["data"]["text/html"]
    assert 'src="../../figures/characters-smoke/tiny/figure_1.svg" alt="Two &quot;curves&quot;."' in shown
    assert [path.name for path in (project / "site").rglob("*.*")] == ["figure_1.svg"]


def test_a_picture_that_is_no_figure_becomes_a_file_and_has_words_too(project):
    (cell,) = page(project, code(display({"image/png": PNG})))[2:]
    (picture,) = (project / "site").rglob("*.png")
    assert picture.read_bytes() == b"not really a picture"
    assert picture.name in (shown := cell["outputs"][0]["data"]["text/html"]) and 'alt="A picture' in shown


def test_what_is_jupyters_own_goes(project):
    warning = {"output_type": "stream", "name": "stderr", "text": "took a while"}
    control = display({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "VBox()"})
    table = display({"text/html": "<style>td {}</style><table></table>", "text/plain": "x"})
    cells = page(project, code(warning, control, table))[2:]
    assert len(cells) == 1 and cells[0]["metadata"] == {}
    first, second = cells[0]["outputs"]
    assert first["data"] == {"text/markdown": notebooks.CONTROL}
    assert second["data"] == {"text/html": '<div class="wide"><table></table></div>'}


def test_of_the_parameters_those_are_shown_with_which_it_was_executed(project):
    defaults, given = code(tags=["parameters"]), code(tags=["injected-parameters"]) | {"source": "seeds = [5]"}
    assert [cell["source"] for cell in page(project, defaults, given)[2:]] == ["seeds = [5]"]
    assert [cell["source"] for cell in page(project, defaults)[2:]] == ["1 + 1"]


def test_a_page_says_that_the_notebook_has_changed_since(project):
    put(project, profile=None)
    put(project)
    notebook = project / "notebooks" / "tiny" / "fall.ipynb"
    record = {"notebook": sha256(notebook), "code": "", "runs": [], "parameters": {}, "figures": {}}
    kept = project / "executed" / "characters-smoke" / "tiny" / "fall.json"
    kept.write_text(json.dumps(record | {"seconds": 1.0, "finished": 1.0}))
    found = notebooks.latest("tiny/fall", (SMALL,))
    assert not found.is_old
    notebook.write_text(notebook.read_text() + " ")
    assert found.is_old


def test_a_notebook_has_the_title_of_its_first_cell(project):
    put(project)
    assert notebooks.latest("tiny/fall", (SMALL,)).title == "Falling, a thing"
