"""A folder for a student who has the package and not its repository: notebooks, the course, and a README."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import paths
from .material import material
from .paper import Paper

CARRIED = Path(__file__).parents[1] / "carried"  # in a wheel only
README = "README.md"
TEMPLATE = Path(__file__).with_name("started.md")


def write(folder: str, papers: Iterable[Paper]) -> str:
    """Writes everything into a folder, a new one or one that was started before; says what to do next.

    A file that the student has changed stays as it is, and is named.
    """
    target = Path(folder).expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise ValueError(f"start wants a folder, got the file {target}: give a name that is free")
    if (target / "pyproject.toml").exists():
        raise ValueError(f"{target} is a project of its own: start in another folder, such as {target / 'student'}")
    before, contents, kept = _started(target), _contents(papers), []
    for place, content in contents.items():
        there = target / place
        if there.exists() and _sum(there.read_bytes()) not in (before.get(place), _sum(content)):
            kept.append(place)
            continue
        with paths.write_whole(there) as part:
            part.write_bytes(content)
    about = {"version": _version(), "files": {place: _sum(content) for place, content in contents.items()}}
    with paths.write_whole(target / paths.STARTED) as part:
        part.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    yours = [f"kept as you have changed them: {', '.join(kept)}"] if kept else []
    return "\n".join([f"{len(contents)} files are in {target}", *yours, f"next: cd {target}, then induction-heads lab"])


def _contents(papers: Iterable[Paper]) -> dict[str, bytes]:
    """Each file's place in the folder, and its content."""
    found = material(CARRIED, CARRIED) if CARRIED.is_dir() else material(paths.ROOT, paths.BUILD)
    with_course = any(place.startswith("course/") for place in found)
    contents = {place: path.read_bytes() for place, path in found.items()}
    return contents | {README: readme(papers, with_course).encode()}


def readme(papers: Iterable[Paper], with_course: bool) -> str:
    """What stands in the README of a started folder."""
    papers = list(papers)
    rows = [f"- `induction-heads {paper.target}`: *{paper.title}* {paper.sentence}" for paper in papers]
    first = next((result for paper in papers for result in paper.results), "figure-1")
    course = "\nThe course is in `course/`: open its first lesson in JupyterLab.\n" if with_course else ""
    return TEMPLATE.read_text(encoding="utf-8").format(papers="\n".join(rows), first=first, course=course)


def _started(folder: Path) -> dict[str, str]:
    """The checksums of what was written into a folder that was started before; nothing for any other."""
    try:
        return json.loads((folder / paths.STARTED).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version() -> str:
    try:
        return version("induction-heads")
    except PackageNotFoundError:
        return "not installed"
