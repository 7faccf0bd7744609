"""Which files of the repository a student's folder is made of. Standard library only: who builds a wheel asks too.

A wheel carries them under `carried/` as they lie in the repository (`.ci/wheel.py`), so that each exists once there.
"""

from pathlib import Path

INSTRUCTORS = "course"  # among the notebooks: with solutions, and for nobody who starts a folder
STUDENTS = Path("course", "induction-heads-course")  # among what is built, by `make course`


def material(root: Path, build: Path) -> dict[str, Path]:
    """Each file's place in a started folder, and where it lies: notebooks below `root`, the course below `build`."""
    sources = {"notebooks": root / "notebooks", "course": build / STUDENTS}
    found = {}
    for name, source in sources.items():
        for path in sorted(source.rglob("*")):
            place = path.relative_to(source)
            hidden = any(part.startswith((".", "__")) for part in place.parts)
            solutions = name == "notebooks" and place.parts[0] == INSTRUCTORS
            if path.is_file() and not hidden and not solutions:
                found[f"{name}/{place.as_posix()}"] = path
    return found
