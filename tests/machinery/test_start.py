"""A student's folder: what is in it, what a second start does to it, and that commands find it from below."""

import json

import pytest

from induction_heads.machinery import paths, start
from induction_heads.machinery.material import material
from induction_heads.papers.singh_2024.paper import PAPER


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A root with two notebooks, a course with solutions, one without that was built, and what nobody wants."""
    root = tmp_path / "repository"
    for place in (
        "notebooks/glossary.md",
        "notebooks/some/00_first.ipynb",
        "notebooks/some/.ipynb_checkpoints/00_first-checkpoint.ipynb",
        "notebooks/course/1_with_solutions.ipynb",
        "build/course/induction-heads-course/lessons/1.ipynb",
        "build/course/1_feedback.ipynb",
    ):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(place)
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "BUILD", root / "build")
    return root


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a student's folder"


def test_material_is_notebooks_and_the_course_without_solutions(repository):
    assert {place: path.read_text() for place, path in material(repository, repository / "build").items()} == {
        "notebooks/glossary.md": "notebooks/glossary.md",
        "notebooks/some/00_first.ipynb": "notebooks/some/00_first.ipynb",
        "course/lessons/1.ipynb": "build/course/induction-heads-course/lessons/1.ipynb",
    }


def test_a_started_folder_holds_it_and_a_readme(repository, folder):
    said = start.write(str(folder), [PAPER])
    assert f"4 files are in {folder.resolve()}" in said and said.endswith("induction-heads lab")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert f"`induction-heads {PAPER.target}`: *{PAPER.title}*" in text and "The course is in `course/`" in text
    assert "{" not in text
    assert (folder / "course" / "lessons" / "1.ipynb").exists()


def test_where_no_course_was_built_the_readme_names_none(repository, folder):
    (repository / "build" / "course" / "induction-heads-course" / "lessons" / "1.ipynb").unlink()
    start.write(str(folder), [PAPER])
    assert "course" not in (folder / "README.md").read_text(encoding="utf-8")


def test_a_second_start_renews_what_is_as_it_was_and_keeps_what_was_changed(repository, folder):
    start.write(str(folder), [PAPER])
    (folder / "notebooks" / "some" / "00_first.ipynb").write_text("mine")
    for place in ("glossary.md", "some/00_first.ipynb"):
        (repository / "notebooks" / place).write_text("a new version")
    for _ in range(2):
        assert "kept as you have changed them: notebooks/some/00_first.ipynb\n" in start.write(str(folder), [PAPER])
    assert (folder / "notebooks" / "some" / "00_first.ipynb").read_text() == "mine"
    assert (folder / "notebooks" / "glossary.md").read_text() == "a new version"


def test_a_file_and_a_project_are_no_folders_to_start(repository, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="start wants a folder, got the file"):
        start.write(str(tmp_path / "file"), [PAPER])
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(ValueError, match="is a project of its own: start in another folder"):
        start.write(str(tmp_path), [PAPER])


def test_an_installed_package_works_in_the_folder_that_was_started_here_or_above(tmp_path, monkeypatch):
    monkeypatch.setattr(
        paths, "__file__", str(tmp_path / "site-packages" / "induction_heads" / "machinery" / "paths.py")
    )
    below = tmp_path / "folder" / "notebooks" / "some"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert paths._root() == below
    (tmp_path / "folder" / paths.STARTED).write_text(json.dumps({}))
    assert paths._root() == tmp_path / "folder"
