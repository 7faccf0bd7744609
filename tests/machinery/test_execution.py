"""Parameters of notebooks are checked by name and kind, and the four settings mean the same everywhere."""

import json
from pathlib import Path

import pytest

from fake_project import make_project
from induction_heads import data
from induction_heads.data import files
from induction_heads.machinery import execution, settings
from induction_heads.papers.singh_2024 import runs


@pytest.fixture
def notebook(tmp_path) -> Path:
    return make_project(tmp_path).write_notebook(
        "some", "pass", parameters='profile = "paper"\nseeds = [5, 6]\nsize = -1.5\n'
    )


def test_parameters_are_the_assignments_of_the_tagged_cell(notebook):
    assert execution.parameters_of(notebook) == {"profile": "paper", "seeds": [5, 6], "size": -1.5}


def test_an_unknown_parameter_is_an_error_and_not_a_warning(notebook):
    with pytest.raises(ValueError, match=r"some.ipynb has no parameter prfile; it has profile, seeds, size"):
        execution.check_parameters(notebook, {"prfile": "smoke"})


def test_a_parameter_of_another_kind_is_an_error(notebook):
    with pytest.raises(ValueError, match=r"seeds is like \[5, 6\], got '5,6'"):
        execution.check_parameters(notebook, {"seeds": "5,6"})


@pytest.mark.parametrize(
    "text, message", [("n = len([1])", "nothing is derived"), ("import os", "plain assignments only")]
)
def test_the_parameters_cell_holds_plain_values_only(tmp_path, text, message):
    path = make_project(tmp_path).write_notebook("some", "pass", parameters=text)
    with pytest.raises(ValueError, match=message):
        execution.parameters_of(path)


def test_a_notebook_gets_the_settings_it_has_parameters_for(notebook):
    given = settings.Settings("smoke", "glyphs", (7, 8), "cpu")
    assert execution.parameters_for(notebook, given) == {"profile": "smoke", "seeds": [7, 8]}


def test_a_notebook_without_seeds_ignores_them(tmp_path):
    path = make_project(tmp_path).write_notebook("some", "pass", parameters='profile = "paper"\n')
    assert execution.parameters_for(path, settings.Settings(seeds=(7, 8))) == {"profile": "paper"}


@pytest.mark.parametrize(
    "text, seconds", [("About 20 seconds on", 20), ("Run as a whole, about 4 minutes", 240), ("Who knows.", None)]
)
def test_how_long_a_notebook_says_that_it_takes(tmp_path, text, seconds):
    cell = {"cell_type": "markdown", "metadata": {}, "source": ["# Some\n", f"**Expected time.** {text} two cores."]}
    path = tmp_path / "some.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    assert execution.stated_seconds(path) == seconds


def test_a_notebook_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebook is called 'nonsense'"):
        execution.source("nonsense")


@pytest.mark.parametrize(
    "text, seeds", [("", ()), ("5", (5,)), ("5,6", (5, 6)), ("1..4", (1, 2, 3, 4)), ("9, 1..2", (9, 1, 2))]
)
def test_seeds_are_read_from_lists_and_ranges(text, seeds):
    assert settings.parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["-1", "1.5", "1..", "4..1", "a", "1;2", "1,1", "1..3,2"])
def test_wrong_seeds_are_refused(text):
    with pytest.raises(ValueError, match="SEEDS"):
        settings.parse_seeds(text)


def test_a_path_to_features_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "mine.npz").touch()
    monkeypatch.chdir(tmp_path)
    assert settings.check(dataset="mine.npz").dataset == str(tmp_path / "mine.npz")


def test_the_settings_know_what_the_package_knows():
    """`settings` has only the standard library, so it repeats these names."""
    assert settings.PROFILES == tuple(runs.SCALE)
    assert settings.DATASETS == data.DATASETS
    assert settings.FEATURE_FILES == tuple(files.READERS)


def test_a_damaged_record_counts_as_none(tmp_path, monkeypatch):
    monkeypatch.setattr(execution.paths, "EXECUTED", tmp_path)
    task = execution.Task("paper/some", settings.Settings(), ())
    target = execution.executed(task.name, task.settings)
    target.parent.mkdir(parents=True)
    target.write_text("{}")
    for damaged in ("", "{", "[]", '{"runs": []}'):
        execution.record_path(target).write_text(damaged)
        assert execution.recorded(task) is None
