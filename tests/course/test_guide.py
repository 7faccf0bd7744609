"""The route and the teacher's guide say of every lesson what its notebook says."""

import re

import pytest

from induction_heads.course import earlier

LESSONS = earlier.notebooks()
ROUTE = next(earlier.COURSE.glob("00_*.ipynb"))
GUIDE = (earlier.COURSE / "teachers_guide.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| \[[^]]+\]\(([^)]+)\) \|[^|]*\| (\d+)(?: and more)? \|", re.MULTILINE)


def page(number: int) -> str:
    return (earlier.COURSE / "guide" / f"lesson_{number:02}.md").read_text(encoding="utf-8")


def minutes(number: int) -> int:
    """What a lesson's first cell promises."""
    first = earlier.cells(LESSONS[number])[0]["source"]
    return int(re.search(r"\*\*Time:\*\* (\d+) minutes", first)[1])


def marks(number: int) -> list[dict]:
    cells = earlier.cells(LESSONS[number])
    return [c["metadata"]["nbgrader"] for c in cells if c["metadata"].get("nbgrader", {}).get("grade")]


def test_there_are_twelve_lessons():
    assert list(LESSONS) == list(range(1, 13))


def test_the_route_lists_every_lesson_with_its_minutes():
    rows = ROW.findall("\n".join(cell["source"] for cell in earlier.cells(ROUTE)))
    assert [(int(n), link) for n, link, _ in rows] == [(n, path.name) for n, path in LESSONS.items()]
    assert {int(n): int(said) for n, _, said in rows} == {n: minutes(n) for n in LESSONS}


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_takes_45_to_60_minutes_and_names_the_computing(number):
    assert 45 <= minutes(number) <= 60
    assert "the computer needs" in earlier.cells(LESSONS[number])[0]["source"]


@pytest.mark.parametrize("number", LESSONS)
def test_the_teachers_page_says_the_minutes_and_the_points(number):
    by_hand = sum(m["points"] for m in marks(number) if m["solution"])
    quiz = next(m["points"] for m in marks(number) if m["grade_id"].startswith("check_quiz"))
    checked = sum(m["points"] for m in marks(number)) - quiz - by_hand
    assert f"**Points:** {checked} + quiz {quiz} + {by_hand} by hand." in page(number)
    assert f"**Minutes:** {minutes(number)} " in page(number)


@pytest.mark.parametrize("number", LESSONS)
def test_the_teachers_page_has_misconceptions_predictions_and_answers(number):
    titles = re.findall(r"^## (.+)$", page(number), re.MULTILINE)
    assert {"Misconceptions met", "Predictions", "Answers"} <= set(titles)
    assert f"(guide/lesson_{number:02}.md)" in GUIDE


@pytest.mark.parametrize("number", LESSONS)
def test_exercises_say_their_points_in_the_text(number):
    """As `**Exercise 2 (3 points).**`, in the order of the checks; quizzes and free answers beside them."""
    text = "\n".join(cell["source"] for cell in earlier.cells(LESSONS[number]) if cell["cell_type"] == "markdown")
    said = [int(points) for points in re.findall(r"\*\*Exercise \d+ \((\d+) points?\)", text)]
    checks = [m for m in marks(number) if m["locked"] and not m["grade_id"].startswith("check_quiz")]
    assert said == [m["points"] for m in checks]
