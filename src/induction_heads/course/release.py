"""The students' version of the course and its grading, by nbgrader: one assignment a lesson.

Everything is under build/course: the zip for the students, nbgrader's own folders and grade book, the table of points.
"""

import csv
import os
import re
import shutil
import sysconfig
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

from induction_heads.machinery.execution import QUIET, NotebookError
from induction_heads.machinery.paths import BUILD, write_whole
from induction_heads.papers.singh_2024.lab import page as lab

from . import checks, claims, earlier
from .checking import Exercise

FOLDER = BUILD / "course"
NAME = "induction-heads-course"  # of the zip, and of the folder in it
LINK = re.compile(r"\]\(\.\./([^)#\\]+)")  # in a notebook, to what lies beside the course
LAB_IS = ("](../../build/site/lab/", "](../lab/")  # in the repository, and in the zip
STUB = "course.todo()  # your turn"
TEXT_STUB = "*Your answer.*"
TIMEOUT_S = 600  # a cell
README = """\
# Induction heads: a course in twelve lessons

Open `course/00_route.ipynb` in JupyterLab, where the package `induction_heads` is installed. Nothing is downloaded.
Write where it says `course.todo()`, then run the check below: it says at once whether the answer is right and, if not,
what is probably wrong. Hand in the folder `course`. What earlier lessons made is in `earlier.z`, for those who skipped.
Without Python: `lab/index.html`, opened in a browser, trains the same networks there.
"""


class Points(NamedTuple):
    """What a student has for a lesson; free answers wait for the teacher."""

    student: str
    lesson: str
    points: float
    possible: float
    by_hand: float  # points that the teacher still has to give
    note: str = ""  # why it could not be graded


def grader(folder: Path) -> Any:
    """nbgrader, at work in a folder."""
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    folder.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore", "Object of type .* not in session", module="nbgrader")  # nbgrader's own
    scripts = sysconfig.get_path("scripts")
    if scripts not in os.environ["PATH"].split(os.pathsep):  # nbgrader calls `alembic` by its name
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ["PATH"]])
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # a `python3` kernel of the user's own would be another Python
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = NAME
    config.NbGrader.logfile = ""
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    config.Execute.timeout = TIMEOUT_S
    config.Execute.extra_arguments = QUIET
    exchange = folder / "exchange"  # not used, but nbgrader complains where it is not there
    exchange.mkdir(exist_ok=True)
    config.Exchange.root = str(exchange)
    return NbGraderAPI(config=config)


def ask(result: dict) -> None:
    """Raises `NotebookError` with the last line of what nbgrader says, where it failed."""
    if not result["success"]:
        lines = (result.get("error") or result.get("log") or "nbgrader gave no reason").strip().splitlines()
        raise NotebookError(lines[-1])


def generate(folder: Path, numbers: Iterable[int] = ()) -> list[Path]:
    """The students' version of these lessons, or of all: nbgrader's `release` folder holds one a lesson."""
    api, made = grader(folder), []
    wanted = set(numbers)
    for number, notebook in earlier.notebooks().items():
        if wanted and number not in wanted:
            continue
        source = folder / "source" / notebook.stem
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        shutil.copy(notebook, source)
        ask(api.generate_assignment(notebook.stem))
        made.append(folder / "release" / notebook.stem / notebook.name)
    return made


def release(folder: Path = FOLDER) -> Path:
    """Writes the students' zip: lessons without solutions, the lab, what earlier ones made, what is linked and read."""
    shutil.rmtree(folder / NAME, ignore_errors=True)
    students = folder / NAME / earlier.COURSE.name
    students.mkdir(parents=True)
    lab.write(folder / NAME / "lab")
    for notebook in [*earlier.COURSE.glob("00_*.ipynb"), *generate(folder)]:
        text = notebook.read_text(encoding="utf-8").replace(*LAB_IS)
        (students / notebook.name).write_text(text, encoding="utf-8")
        for linked in set(LINK.findall(text)):
            target = folder / NAME / linked
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                shutil.copy(earlier.COURSE.parent / linked, target)
    earlier.pack(students)
    claims.pack(folder / NAME)
    (folder / NAME / "README.md").write_text(README, encoding="utf-8")
    target = folder / f"{NAME}.zip"
    with write_whole(target) as part, ZipFile(part, "w", ZIP_DEFLATED) as packed:
        for path in sorted((folder / NAME).rglob("*.*")):
            packed.write(path, path.relative_to(folder))
    return target


def inventory() -> str:
    """What there is to do in the course, in a line."""
    found = [each for lesson in checks.lessons().values() for _, each in lesson]
    exercises = [each for each in found if isinstance(each, Exercise)]
    marks = [
        cell["metadata"].get("nbgrader", {}) for path in earlier.notebooks().values() for cell in earlier.cells(path)
    ]
    points = sum(each.get("points", 0) for each in marks)
    mistakes = sum(len(each.wrong) for each in exercises)
    return (
        f"{len(earlier.notebooks())} lessons, {len(exercises)} exercises and {len(found) - len(exercises)} quizzes, "
        f"{mistakes} typical mistakes recognised, {points} points"
    )


def submissions(handed_in: Path) -> list[tuple[str, Path]]:
    """Student and notebook for every lesson in `FOLDER/STUDENT/…/LESSON.ipynb`."""
    lessons = {path.name for path in earlier.notebooks().values()}
    if not handed_in.is_dir():
        raise ValueError(f"FOLDER should be a folder with one folder a student, got {str(handed_in)!r}: name one")
    found = [
        (student.name, notebook)
        for student in sorted(handed_in.iterdir())
        if student.is_dir()
        for notebook in sorted(student.rglob("*.ipynb"))
        if notebook.name in lessons and ".ipynb_checkpoints" not in notebook.parts
    ]
    if not found:
        raise ValueError(f"{handed_in} should hold STUDENT/LESSON.ipynb such as ann/{min(lessons)}, and holds none")
    return found


def grade(handed_in: Path, folder: Path = FOLDER) -> list[Points]:
    """Autogrades what students have handed in; writes grades.csv, a row a student and lesson.

    What cannot be graded, such as a file that is no notebook, has no points and says why.
    """
    found = submissions(handed_in)
    numbers = {int(notebook.name[:2]) for _, notebook in found}
    generate(folder, numbers)  # the grade book has to know the cells
    api, rows = grader(folder), []
    for student, notebook in found:
        submitted = folder / "submitted" / student / notebook.stem
        shutil.rmtree(submitted, ignore_errors=True)
        submitted.mkdir(parents=True)
        shutil.copy(notebook, submitted)
        try:
            ask(api.autograde(notebook.stem, student))
            rows.append(_points(api, student, notebook.stem))
        except NotebookError as error:  # the others are graded
            rows.append(Points(student, notebook.stem, 0.0, 0.0, 0.0, str(error)))
    with write_whole(folder / "grades.csv") as part, part.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(Points._fields)
        table.writerows(rows)
    return rows


def _points(api: Any, student: str, lesson: str) -> Points:
    with api.gradebook as gradebook:
        graded = gradebook.find_submission(lesson, student)
        waiting = sum(grade.max_score for nb in graded.notebooks for grade in nb.grades if grade.needs_manual_grade)
        return Points(student, lesson, float(graded.score), float(graded.max_score), float(waiting))


def table(rows: Iterable[Points]) -> str:
    """The points in lines."""
    lines = [f"{'student':20} {'lesson':36} {'points':>7} {'of':>5} {'by hand':>8}"]
    lines += [f"{r.student:20} {r.lesson:36} {r.points:7g} {r.possible:5g} {r.by_hand:8g}  {r.note}" for r in rows]
    return "\n".join(lines)
