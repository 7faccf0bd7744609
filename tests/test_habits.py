"""The habits: style, types and layout are checked over the whole tree, nothing is exempt, notebook cells are short."""

import json
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from induction_heads.machinery.paths import ROOT

SCRIPTS = Path(sysconfig.get_path("scripts"))
CELL_LINES, CELL_WIDTH = 12, 100
EXEMPT = re.compile(r"#\s*(noqa|type:\s*ignore|fmt:\s*(off|skip)|ruff:|mypy:)")
MARK = re.compile(r"\s*### (BEGIN|END) ")  # of what the students' version of a lesson leaves out
PYTHON = sorted(path for folder in ("src", "tests", ".ci") for path in (ROOT / folder).rglob("*.py"))
CPP = sorted(path for kind in ("h", "cpp") for path in (ROOT / "src").rglob(f"*.{kind}"))
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))


def finds_nothing(tool: str, *arguments: str | Path) -> None:
    """The environment's own tool, in the root of the project."""
    ended = subprocess.run([SCRIPTS / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, f"{tool}:\n{ended.stdout[-4000:]}{ended.stderr[-4000:]}"


def test_ruff_finds_no_fault():
    finds_nothing("ruff", "check", ".")


def test_the_code_is_laid_out_by_ruff():
    finds_nothing("ruff", "format", "--check", ".")


@pytest.mark.slow
def test_mypy_finds_no_wrong_type():
    finds_nothing("mypy")


def test_the_cpp_is_laid_out_by_clang_format():
    assert CPP
    finds_nothing("clang-format", "--dry-run", "--Werror", *CPP)


def test_no_statement_is_exempt():
    exempt = [path.relative_to(ROOT) for path in PYTHON if EXEMPT.search(path.read_text(encoding="utf-8"))]
    assert PYTHON and not exempt


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_of_code_are_short(path):
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    lines = [(cell["id"], [x for x in "".join(cell["source"]).splitlines() if not MARK.match(x)]) for cell in cells]
    long = [name for name, each in lines if len(each) > CELL_LINES or max(map(len, each), default=0) > CELL_WIDTH]
    assert not long, f"more than {CELL_LINES} lines of {CELL_WIDTH} characters: {', '.join(long)}"
