"""Imports point up one table, so that no module can need what is built on it; and the table names every module."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import induction_heads

PACKAGE = Path(induction_heads.__file__).parent
# A module imports only modules above it. `data` is a package and counts as one.
TABLE = (
    "settings",
    "supervise",
    "paths",
    "remembered",
    "processes",
    "colours",
    "data",
    "kernels",
    "model",
    "clamps",
    "sequences",
    "runs",
    "optimiser",
    "training",
    "replay",
    "store",
    "schedule",
    "measures",
    "wiring",
    "study",
    "lens",
    "circuits",
    "clamping",
    "toy",
    "published",
    "papers",
    "diagrams",
    "plots",
    "live",
    "claims",
    "gallery",
    "bench",
    "execution",
    "cli",
    "__main__",
)


def modules() -> dict[str, list[Path]]:
    """Name in the table -> its files."""
    found: dict[str, list[Path]] = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if name != "__init__":
            found.setdefault(name, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """The modules of this package that a file imports, at its top or inside a function."""
    names: set[str] = set()
    inside = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ["induction_heads", *inside][: len(inside) + 2 - node.level] if node.level else []
            base += node.module.split(".") if node.module else []
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("induction_heads.")}


def test_the_table_names_every_module():
    assert set(modules()) <= set(TABLE), "give a new module its place in the table"


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_up_the_table(name):
    for path in modules()[name]:
        known = imported(path) & set(TABLE)
        below = {other for other in known if TABLE.index(other) > TABLE.index(name)}
        assert not below, f"{path.relative_to(PACKAGE)} imports {below}, which stand below {name}"


def test_a_relative_import_in_a_subpackage_is_seen(monkeypatch):
    """The test of the test: what `imported` would miss, the rule above could not forbid."""
    path = PACKAGE / "data" / "imagined.py"
    source = "from .. import training\nfrom ..store import x\nfrom . import cache\nimport induction_heads.cli\n"
    monkeypatch.setattr(Path, "read_text", lambda self: source)
    assert imported(path) == {"training", "store", "data", "cli"}


def test_training_loads_neither_transformer_lens_nor_pandas():
    """They take seconds and 130 MB, and training runs need neither."""
    ask = "import induction_heads.training, sys; print(*{'transformer_lens', 'transformers', 'pandas'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_the_guard_and_the_settings_need_only_the_standard_library():
    """The Makefile runs them before there is an environment."""
    for name in ("supervise", "settings"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text())
        imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imports |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {module.split(".")[0] for module in imports} <= sys.stdlib_module_names
