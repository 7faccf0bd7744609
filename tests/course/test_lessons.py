"""Every lesson: the solution passes, a typical mistake gets its own hint, another what came, the stub is kind."""

import pytest

from induction_heads.course import checks, earlier, todo
from induction_heads.course.checking import Exercise, NotYet, Quiz

LESSONS = checks.lessons()
FOUND = [(number, name, each) for number, found in LESSONS.items() for name, each in found]
EXERCISES = [pytest.param(n, e, id=f"{n}-{name}") for n, name, e in FOUND if isinstance(e, Exercise)]
MISTAKES = [
    pytest.param(each.values[1], i, id=f"{each.id}-{i}") for each in EXERCISES for i in range(len(each.values[1].wrong))
]
QUIZZES = [pytest.param(n, q, id=str(n)) for n, _, q in FOUND if isinstance(q, Quiz)]
AGAIN = pytest.mark.parametrize("again", [False, True], ids=["shown", "other-inputs"])


def said(exercise: Exercise | Quiz, answer, again: bool = False) -> str:
    with pytest.raises(NotYet) as failed:
        exercise(answer, again)
    told = str(failed.value)
    assert "\n" not in told and told.strip() == told
    return told


def test_every_lesson_has_a_notebook_and_every_notebook_its_checks():
    assert set(LESSONS) == set(earlier.notebooks())


def test_an_exercise_is_called_what_it_is_called_in_its_module():
    assert [each.name for _, _, each in FOUND] == [name for _, name, _ in FOUND]


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_four_to_six_exercises_and_a_quiz(number):
    kinds = [type(each) for _, each in LESSONS[number]]
    assert 4 <= kinds.count(Exercise) <= 6
    assert kinds.count(Quiz) == 1


def test_twelve_lessons_have_at_least_50_exercises_and_know_150_mistakes():
    share = len(LESSONS) / 12
    assert len(EXERCISES) >= 50 * share and len(MISTAKES) >= 150 * share


@AGAIN
@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_the_instructors_solution_passes(number, exercise, again, capsys):
    """It is written another way than the one that the check compares with."""
    exercise(getattr(earlier.lesson(number), exercise.name), again)
    assert capsys.readouterr().out == f"✔ {exercise.name}: {exercise.why}\n"


@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_the_solution_that_is_compared_with_passes(number, exercise, capsys):
    exercise(exercise.solution)
    assert capsys.readouterr().out.startswith("✔")


@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_at_least_three_mistakes_are_known_each_by_its_own_hint(number, exercise):
    hints = [wrong.hint for wrong in exercise.wrong]
    assert len(set(hints)) == len(hints) >= 3


@AGAIN
@pytest.mark.parametrize("exercise, mistake", MISTAKES)
def test_a_typical_mistake_gets_its_own_hint_and_no_other(exercise, mistake, again):
    told = said(exercise, exercise.wrong[mistake].answer, again)
    hints = [wrong.hint in told for wrong in exercise.wrong]
    assert [i for i, given in enumerate(hints) if given] == [mistake], told


@AGAIN
@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_another_mistake_gets_what_came_and_what_was_expected(number, exercise, again):
    odd = object()
    told = said(exercise, (lambda *inputs, **named: odd) if callable(exercise.solution) else "seventeen", again)
    assert "Hint" not in told
    assert "came" in told and "was expected" in told


@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_the_empty_stub_fails_with_one_friendly_line(number, exercise):
    stub = (lambda *inputs, **named: todo()) if callable(exercise.solution) else ...
    assert said(exercise, stub).startswith(f"Your turn: {exercise.name}")


def test_a_hook_that_forgets_the_other_sites_is_told_so():
    def look_back_hook(heads):
        def edit(site, here, seen):
            if site == "blocks.0.attn.hook_pattern":
                return here

        return edit

    found = dict(LESSONS[8])["look_back_hook"]
    assert isinstance(found, Exercise)
    assert "returns nothing at hook_embed: return `here` where nothing is changed" in said(found, look_back_hook)


@pytest.mark.parametrize("number, exercise", EXERCISES)
def test_a_forgotten_return_is_told_in_a_line(number, exercise):
    if callable(exercise.solution):
        assert said(exercise, lambda *inputs, **named: None).endswith("A function without `return` gives None.")


@pytest.mark.parametrize("number, quiz", QUIZZES)
def test_the_quiz_is_passed_by_the_instructors_answers_alone(number, quiz, capsys):
    quiz(getattr(earlier.lesson(number), quiz.name))
    assert capsys.readouterr().out.startswith("✔")
    for question, hints in quiz.hints.items():
        assert hints and quiz.right[question] not in hints
        for letter, hint in hints.items():
            assert said(quiz, dict(quiz.right) | {question: letter}).endswith(hint)
    assert said(quiz, dict.fromkeys(quiz.right, ...)).startswith("Your turn")
