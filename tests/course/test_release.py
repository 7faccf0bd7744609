"""The students' version and its grading, by nbgrader as a teacher uses it."""

import json
import re
from collections.abc import Set
from pathlib import Path
from zipfile import ZipFile

import pytest

from induction_heads.course import claims, earlier, release
from induction_heads.course.answering import QUICK
from induction_heads.papers.singh_2024.lab import page as lab

FAST = 1  # the lesson that is graded in the fast tests
LESSONS = earlier.notebooks()
REGION = re.compile(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", re.DOTALL)


@pytest.fixture(scope="module")
def zipped(tmp_path_factory) -> ZipFile:
    return ZipFile(release.release(tmp_path_factory.mktemp("course")))


def text_of(notebook: dict) -> str:
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def test_the_zip_holds_the_route_every_lesson_and_what_earlier_ones_made(zipped):
    names = {Path(name).name for name in zipped.namelist() if Path(name).parent.name == "course"}
    assert names == {earlier.PACKED, "00_route.ipynb", *(path.name for path in LESSONS.values())}
    assert f"{release.NAME}/README.md" in zipped.namelist()


def test_what_lessons_link_to_outside_the_course_is_there(zipped):
    lessons = [
        text_of(json.loads(zipped.read(name)))
        for name in zipped.namelist()
        if "/course/" in name and name.endswith(".ipynb")
    ]
    linked = {f"{release.NAME}/{link}" for text in lessons for link in re.findall(r"\]\(\.\./([^)#]+)", text)}
    assert f"{release.NAME}/glossary.md" in linked and linked <= set(zipped.namelist())


def test_the_lab_goes_with_the_lessons_which_link_to_its_tours(zipped):
    assert zipped.read(f"{release.NAME}/lab/index.html") == lab.page().encode()
    text = "".join(zipped.read(name).decode() for name in zipped.namelist() if name.endswith(".ipynb"))
    linked = set(re.findall(r"\]\(\.\./lab/index\.html#tour=(\w+)\)", text))
    tours = re.findall(r"^  (\w+): \{\n    title:", lab.FOLDER.joinpath("tours.js").read_text(), re.MULTILINE)
    assert linked == set(tours) and len(tours) == 3


@pytest.mark.parametrize("number", LESSONS)
def test_no_solution_and_no_hidden_test_is_in_a_students_notebook(zipped, number):
    secret = [region for cell in earlier.cells(LESSONS[number]) for region in REGION.findall(cell["source"])]
    students = text_of(json.loads(zipped.read(f"{release.NAME}/course/{LESSONS[number].name}")))
    lines = {line.strip() for region in secret for line in region.splitlines() if len(line.strip()) > 12}
    shown = {line.strip() for line in students.splitlines()}
    assert lines and not lines & shown
    assert "BEGIN" not in students and release.STUB in students


def test_the_ledgers_that_a_lesson_judges_lie_beside_the_lessons(zipped):
    there = {name.removeprefix(f"{release.NAME}/") for name in zipped.namelist() if name.endswith("claims.json")}
    assert there == {f"figures/{paper}/claims.json" for paper in claims.papers()} and len(there) > 1


def test_what_earlier_lessons_made_is_run_and_not_read(zipped, tmp_path):
    packed = zipped.read(f"{release.NAME}/course/{earlier.PACKED}")
    assert b"return" not in packed
    (tmp_path / earlier.PACKED).write_bytes(packed)
    assert earlier.unpacked(tmp_path)[FAST] == earlier.source(LESSONS[FAST])


@pytest.mark.parametrize("number", LESSONS)
def test_every_exercise_is_followed_by_its_check_which_has_points(number):
    cells = [c["metadata"]["nbgrader"] for c in earlier.cells(LESSONS[number]) if "nbgrader" in c["metadata"]]
    for cell, following in zip(cells, cells[1:], strict=False):
        if cell["solution"] and not cell["grade"]:
            assert following["grade_id"] == f"check_{cell['grade_id']}" and following["locked"]
    assert all(cell["points"] > 0 for cell in cells if cell["grade"])


def hand_in(
    number: int, folder: Path, students: Path, student: str, wrong: Set[str], empty: Set[str] = frozenset()
) -> None:
    """A student's notebook with solutions and a free answer; the first registered mistake, or the stub, for some."""
    solutions = {
        c["metadata"]["nbgrader"]["grade_id"]: c["source"]
        for c in earlier.cells(LESSONS[number])
        if earlier.is_solution(c)
    }
    notebook = json.loads(students.read_text())
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if not marks.get("solution") or marks["grade_id"] in empty:
            continue
        if cell["cell_type"] == "markdown":
            cell["source"] = "Labels differ, classes do not."
            continue
        name = marks["grade_id"]
        cell["source"] = f"{name} = check.{name}.wrong[0].answer" if name in wrong else solutions[name]
    target = folder / student / LESSONS[number].name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook))


def outputs(folder: Path, student: str, students: Path) -> list[tuple[str, dict]]:
    """What a student's notebook shows, as it was executed, each with the id of its cell."""
    executed = json.loads((folder / "autograded" / student / students.stem / students.name).read_text())
    return [
        (cell["metadata"].get("nbgrader", {}).get("grade_id", cell["id"]), output)
        for cell in executed["cells"]
        for output in cell.get("outputs", ())
    ]


def errors(folder: Path, student: str, students: Path) -> dict[str, list[str]]:
    """What the cells say that raise, by their ids."""
    shown = outputs(folder, student, students)
    return {name: output["traceback"] for name, output in shown if output["output_type"] == "error"}


def points_of(number: int) -> dict[str, int]:
    """Points that the checks give, by exercise."""
    marks = [c["metadata"].get("nbgrader", {}) for c in earlier.cells(LESSONS[number]) if c["cell_type"] == "code"]
    return {m["grade_id"].removeprefix("check_"): m["points"] for m in marks if m.get("grade")}


def test_right_wrong_and_empty_notebooks_get_the_points_they_should(tmp_path):
    (students,) = release.generate(tmp_path, [FAST])
    points = points_of(FAST)
    mistaken = {name for name in points if not name.startswith("quiz")}
    for student, wrong in {"ann": set(), "bob": mistaken}.items():
        hand_in(FAST, tmp_path / "in", students, student, wrong)
    (tmp_path / "in" / "eve").mkdir()
    (tmp_path / "in" / "eve" / students.name).write_text(students.read_text())
    ann, bob, eve = release.grade(tmp_path / "in", tmp_path)
    assert [ann.points, bob.points, eve.points] == [sum(points.values()), points["quiz_01"], 0]
    assert ann.possible == sum(points.values()) + ann.by_hand > ann.points
    assert (tmp_path / "grades.csv").read_text().splitlines()[1].startswith("ann,01_the_task,")
    told = errors(tmp_path, "eve", students)
    assert set(told) == {f"check_{name}" for name in points}
    assert all(len(lines) == 1 and lines[0].startswith("✘ Your turn: ") for lines in told.values())


def test_what_cannot_be_graded_says_why(tmp_path):
    (tmp_path / "in" / "zoe").mkdir(parents=True)
    (tmp_path / "in" / "zoe" / LESSONS[FAST].name).write_text("{")
    (zoe,) = release.grade(tmp_path / "in", tmp_path)
    assert zoe.points == 0 and zoe.note


@pytest.mark.slow
@pytest.mark.parametrize("number", [number for number in LESSONS if number != FAST])
def test_solutions_get_full_points_and_mistakes_and_stubs_one_kind_line_each(number, tmp_path, monkeypatch):
    """Ann has the instructor's solutions, Bob every other exercise wrong and the rest empty; both have the quiz."""
    monkeypatch.setenv(QUICK, "1")
    (students,) = release.generate(tmp_path, [number])
    points = points_of(number)
    exercises = [name for name in points if not name.startswith("quiz")]
    wrong, empty = set(exercises[::2]), set(exercises[1::2])
    hand_in(number, tmp_path / "in", students, "ann", set())
    hand_in(number, tmp_path / "in", students, "bob", wrong, empty)
    ann, bob = release.grade(tmp_path / "in", tmp_path)
    assert errors(tmp_path, "ann", students) == {}
    assert [ann.points, bob.points] == [sum(points.values()), points[f"quiz_{number:02}"]]
    pictures = [
        each["metadata"] for _, each in outputs(tmp_path, "ann", students) if "image/png" in each.get("data", {})
    ]
    assert all(picture.get("image/png", {}).get("alt") for picture in pictures), "a picture without alternative text"
    told = errors(tmp_path, "bob", students)
    for name in exercises:
        (line,) = told[f"check_{name}"]
        assert line.startswith("✘ Your turn: " if name in empty else f"✘ {name}: ")
        assert ("Hint: " in line) == (name in wrong)


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_a_folder_without_submissions_is_named_with_what_was_expected(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=f"{folder}.*(name one|such as)"):
        release.submissions(tmp_path / folder)
