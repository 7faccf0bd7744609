"""The rooms of the house: imports point one way, machinery knows no paper, and each room says what belongs there."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import induction_heads
from induction_heads.machinery.remembered import imported

PACKAGE = Path(induction_heads.__file__).parent
ROOMS = {  # each room, and the rooms that it may import
    "machinery": set(),
    "data": {"machinery"},
    "networks": {"machinery", "data"},
    "lens": {"machinery", "data", "networks"},
    "papers": {"machinery", "data", "networks", "lens"},
    "bench": {"machinery", "data", "networks", "lens"},
    "course": {"machinery", "data", "networks", "lens", "papers"},
    "site": {"machinery"},
}
NOUNS = ("exemplar", "pair", "clamp")  # of one paper's task
SOURCES = sorted(PACKAGE.rglob("*.py"))


def module(path: Path) -> str:
    return ".".join([PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts])


def of(path: Path) -> set[str]:
    return imported(ast.parse(path.read_text()), module(path))


def test_every_folder_is_a_room_that_says_what_belongs_there():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(ROOMS)
    for folder in [PACKAGE, *(path.parent for path in SOURCES if path.name == "__init__.py")]:
        doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert doc and len(doc.splitlines()) >= 2, f"{folder.name}/__init__.py: what belongs there, and what does not?"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room):
    for path in (PACKAGE / room).rglob("*.py"):
        others = {name.split(".")[1] for name in of(path)} - {room, "__init__"}
        assert others <= ROOMS[room], f"{path.relative_to(PACKAGE)} imports {others - ROOMS[room]}"


def test_no_paper_imports_another():
    for path in (PACKAGE / "papers").rglob("*.py"):
        own = path.relative_to(PACKAGE / "papers").parts[0]
        papers = {name.split(".")[2] for name in of(path) if name.startswith("induction_heads.papers.")}
        assert papers <= {own, "__init__"}, f"{path.relative_to(PACKAGE)} imports {papers - {own}}"


def test_the_door_names_no_paper():
    assert not {
        name for name in of(PACKAGE / "cli.py") if name.startswith("induction_heads.papers.") and "__init__" not in name
    }


def test_the_machinery_knows_no_paper():
    papers = [path.parent.name for path in (PACKAGE / "papers").glob("*/__init__.py")]
    words = re.compile("|".join([*papers, *(name.replace("_", "-") for name in papers), *NOUNS]), re.IGNORECASE)
    for path in (PACKAGE / "machinery").rglob("*.py"):
        found = words.search(path.read_text())
        assert not found, f"{path.name} says {found[0]!r}"


def test_a_relative_import_in_a_subpackage_is_seen():
    """The test of the test: what `imported` would miss, the rules above could not forbid."""
    source = (
        "from .. import cli\nfrom ..machinery.store import x\n"
        "def f():\n    from . import cache\n    import induction_heads.lens\n"
    )
    assert imported(ast.parse(source), "induction_heads.data.imagined") == {
        "induction_heads.cli",
        "induction_heads.machinery.store",
        "induction_heads.data.cache",
        "induction_heads.lens.__init__",
    }


def test_training_loads_neither_transformer_lens_nor_pandas():
    """They take seconds and 130 MB, and training needs neither."""
    heavy = {"transformer_lens", "transformers", "pandas", "seaborn"}
    ask = f"import induction_heads.networks.training, sys; print(*{heavy!r} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_guard_settings_and_material_need_only_the_standard_library():
    """The Makefile runs them before there is an environment, who builds a wheel the last."""
    for name in ("supervise", "settings", "material"):
        tree = ast.parse((PACKAGE / "machinery" / f"{name}.py").read_text())
        imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imports |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {module.split(".")[0] for module in imports} <= sys.stdlib_module_names


def test_a_measurement_depends_on_no_drawing():
    from induction_heads.machinery.remembered import modules

    for paper in (PACKAGE / "papers").glob("*/"):
        for path in (*(paper / "claims").glob("*.py"), *paper.glob("claims.py")):
            drawings = [
                name for name in modules([module(path)]) if "figures" in name or name.endswith(("plots", "drawing"))
            ]
            assert not drawings, f"{path.relative_to(PACKAGE)} depends on {drawings}"
