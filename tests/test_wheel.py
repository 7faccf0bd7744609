"""The wheel alone, without the repository: it carries the notebooks and the students' course, and starts a folder."""

import importlib.util
import os
import subprocess
import sys
import zipfile

import pytest

from induction_heads.machinery.material import material
from induction_heads.machinery.paths import ROOT

BUILDER = """
import sys
from hatchling.builders.wheel import WheelBuilder
print(*WheelBuilder(".").build(directory=sys.argv[1]))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel's content, unpacked as pip does, and what was built before: a lesson of the course."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds wheels, is not installed: make environment")
    folder = tmp_path_factory.mktemp("wheel")
    lesson = folder / "build" / "course" / "induction-heads-course" / "lesson.ipynb"
    lesson.parent.mkdir(parents=True)
    lesson.write_text("a lesson")
    environment = os.environ | {"INDUCTION_HEADS_BUILD": str(folder / "build")}
    made = subprocess.run(
        [sys.executable, "-c", BUILDER, str(folder)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(made.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder


def in_the_wheel(built, *arguments: str, cwd) -> subprocess.CompletedProcess:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("INDUCTION_HEADS")}
    plain["PYTHONPATH"] = str(built / "site")
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=plain, capture_output=True, text=True)


def test_it_carries_what_the_package_has(built):
    package = ROOT / "src" / "induction_heads"
    there = built / "site" / "induction_heads"
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert (there / path.relative_to(package)).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_it_starts_a_folder_and_works_in_it(built):
    folder = built / "started"
    started = in_the_wheel(built, "-P", "-m", "induction_heads", "start", str(folder), cwd=built)
    assert started.returncode == 0, started.stderr
    for place, source in material(ROOT, built / "build").items():
        assert (folder / place).read_bytes() == source.read_bytes()
    assert (folder / "course" / "lesson.ipynb").read_text() == "a lesson"
    ask = "from induction_heads.machinery import execution, paths; print(paths.ROOT, paths.BUILD, execution.NOTEBOOKS)"
    told = in_the_wheel(built, "-P", "-c", ask, cwd=folder / "notebooks").stdout
    assert told == f"{folder} {folder / 'build'} {folder / 'notebooks'}\n"


def test_where_no_folder_was_started_one_line_says_what_to_do(built, tmp_path):
    missing = in_the_wheel(built, "-P", "-m", "induction_heads", "notebook", "01_emergence", cwd=tmp_path)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "`induction-heads start FOLDER` writes them" in missing.stderr and len(missing.stderr.splitlines()) == 1
