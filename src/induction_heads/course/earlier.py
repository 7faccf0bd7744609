"""What earlier lessons made, for later ones: `lesson_02 = course.lesson(2)`, for graders and for those who skipped.

A module made from the cells of the instructor's notebook: its cell `setup` and its solutions, in their order. Where
there is no such notebook, from the packed file beside the students' ones, which `make course` writes.
"""

import json
import zlib
from functools import cache
from pathlib import Path
from types import ModuleType

from induction_heads.machinery.paths import ROOT

COURSE = ROOT / "notebooks" / "course"
PACKED = "earlier.z"
SETUP = "setup"  # the id of the cell with a lesson's imports


def notebooks() -> dict[int, Path]:
    """The instructor's notebooks by the numbers of their lessons."""
    found = sorted(COURSE.glob("[0-9][0-9]_*.ipynb"))
    return {int(path.name[:2]): path for path in found if not path.name.startswith("00")}


def cells(notebook: Path) -> list[dict]:
    """The cells of a notebook, each one's source as one text."""
    plain = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in plain]


def is_solution(cell: dict) -> bool:
    return cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution", False)


def source(notebook: Path) -> str:
    """The code of a lesson's imports and solutions."""
    return "\n\n".join(c["source"] for c in cells(notebook) if c["id"] == SETUP or is_solution(c))


def pack(folder: Path) -> None:
    """Writes what the lessons made beside the students' notebooks, in a form that is run and not read."""
    sources = {number: source(path) for number, path in notebooks().items()}
    (folder / PACKED).write_bytes(zlib.compress(json.dumps(sources).encode()))


def unpacked(folder: Path) -> dict[int, str]:
    """What `pack` has written into a folder; nothing where it has not."""
    path = folder / PACKED
    if not path.is_file():
        return {}
    return {int(number): code for number, code in json.loads(zlib.decompress(path.read_bytes())).items()}


@cache
def lesson(number: int) -> ModuleType:
    """The functions and values of lesson `number`, as its solutions have them.

    `ValueError` where there is neither the instructor's notebook nor the packed file in the working folder.
    """
    here = notebooks()
    code = source(here[number]) if number in here else unpacked(Path.cwd()).get(number)
    if code is None:
        raise ValueError(
            f"lesson {number} should be in {COURSE} or in {PACKED} beside your notebooks, and is in neither: "
            f"copy {PACKED} from the course's zip to where this notebook lies"
        )
    module = ModuleType(f"lesson_{number:02}")
    exec(compile(code, f"<lesson {number}>", "exec"), module.__dict__)
    return module
