"""What is kept follows the imports of the code that made it."""

import sys

import pytest

from induction_heads.machinery import paths, remembered


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own: `one` imports `two` lazily, and `apart` stands beside them; `with_data` reads a file."""
    root = tmp_path / "src" / "pack"
    for name, text in {
        "__init__.py": "",
        "one.py": "def f():\n    from .two import x\n    return {'x': x}\n",
        "two.py": "from .with_data import y\nx = 2\n",
        "apart.py": "from . import one\n",
        "with_data/__init__.py": "y = 1\n",
        "with_data/tables/numbers.csv": "1\n",
        "with_data/inner/__init__.py": "",
        "with_data/inner/own.csv": "1\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(remembered, "PACKAGE", root)
    monkeypatch.setattr(remembered, "NAME", "pack")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.syspath_prepend(tmp_path / "src")
    yield root
    for name in [name for name in sys.modules if name.split(".")[0] == "pack"]:
        del sys.modules[name]


def code() -> str:
    remembered._code.cache_clear()
    remembered._needs.cache_clear()
    return remembered.code("pack.one")


def test_a_module_counts_with_what_it_imports_however_far(package):
    assert remembered.modules(["pack.one"]) == ["pack.__init__", "pack.one", "pack.two", "pack.with_data.__init__"]


@pytest.mark.parametrize("name", ["one.py", "two.py", "with_data/__init__.py", "with_data/tables/numbers.csv"])
def test_a_change_of_what_is_imported_is_another_code(package, name):
    before = code()
    with open(package / name, "a") as file:
        file.write("# changed\n")
    assert code() != before


@pytest.mark.parametrize("name", ["apart.py", "with_data/inner/__init__.py", "with_data/inner/own.csv"])
def test_a_change_of_what_is_not_imported_is_none(package, name):
    before = code()
    with open(package / name, "a") as file:
        file.write("# changed\n")
    assert code() == before


def test_a_lock_that_changes_is_another_code(package, tmp_path):
    before = code()
    (tmp_path / "requirements.lock").write_text("torch==2.13.0\n")
    assert code() != before


def test_what_was_computed_comes_back_as_plain_numbers(package):
    import numpy as np
    from pack.one import f

    assert remembered.remembered(["a"], f) == {"x": 2}
    f.__globals__["__builtins__"]  # the function is real
    kept = list((paths.BUILD / "remembered").iterdir())
    assert len(kept) == 1 and remembered.remembered(["a"], f) == {"x": 2}
    assert remembered.remembered(["b"], _numbers_of_numpy, np.float32(0.5)) == {"y": 0.5}


def _numbers_of_numpy(y):
    return {"y": y}


_numbers_of_numpy.__module__ = "pack.one"
