"""The judge itself: what is the same, what is told, what a stub costs."""

import numpy as np
import pytest
import torch

from induction_heads import course
from induction_heads.course.checking import Exercise, NotYet, Quiz, Wrong
from induction_heads.course.comparing import difference, same, shown

DOUBLE = Exercise(
    "double",
    "doubling is the start of everything.",
    lambda x: 2 * x,
    (
        Wrong(lambda x: x * x, "that is the square."),
        Wrong(lambda x: x, "that is the number itself."),
        Wrong(lambda x: x / 2, "that is the half."),
    ),
    lambda rng: (int(rng.integers(3, 100)),),
)


def told(check, answer, **more) -> str:
    with pytest.raises(NotYet) as failed:
        check(answer, **more)
    return str(failed.value)


def test_a_right_answer_is_told_why_it_matters(capsys):
    DOUBLE(lambda x: x + x)
    assert capsys.readouterr().out == "✔ double: doubling is the start of everything.\n"


def test_a_mistake_is_recognised_by_what_it_gives_and_not_by_its_text():
    assert told(DOUBLE, lambda x: sum(x for _ in range(x))).endswith("Hint: that is the square.")


def test_one_right_by_chance_is_not_enough():
    seen = []

    def guess(x):
        seen.append(x)
        return 2 * x if len(seen) < 3 else -1

    assert "-1 came" in told(DOUBLE, guess)


def test_what_fits_a_mistake_on_some_inputs_only_gets_no_hint():
    seen = []

    def mixed(x):
        seen.append(x)
        return x * x if len(seen) < 2 else 0

    assert "Hint" not in told(DOUBLE, mixed)


def test_other_inputs_are_others():
    shown, hidden = [], []
    DOUBLE(lambda x: shown.append(x) or 2 * x)
    DOUBLE(lambda x: hidden.append(x) or 2 * x, again=True)
    assert len(shown) == len(hidden) == 4 and shown != hidden


def test_an_error_in_the_students_function_is_what_came():
    assert "the error ZeroDivisionError: division by zero came" in told(DOUBLE, lambda x: x / 0)


def test_a_function_is_asked_for_where_a_value_came():
    assert told(DOUBLE, 7) == "double: a function was expected, 7 came. Give its name, without ()."


def test_the_stub_costs_nothing_where_it_is_left_standing(capsys):
    def left(x):
        course.todo()
        return 2 * x

    DOUBLE(left)
    assert capsys.readouterr().out.startswith("✔")


def test_a_forgotten_return_is_told_from_an_empty_stub():
    def forgotten(x):
        2 * x

    assert told(DOUBLE, forgotten).startswith("double: given") and "None came" in told(DOUBLE, forgotten)
    assert told(DOUBLE, forgotten).endswith("A function without `return` gives None.")
    assert "return" not in told(DOUBLE, lambda x: x + 1)
    assert told(DOUBLE, lambda x: course.todo()).startswith("Your turn: double")


def test_the_stub_of_a_method_is_a_stub_too():
    class Doubler:
        def __call__(self, x):
            return course.todo() + 1

    assert told(DOUBLE, Doubler()).startswith("Your turn: double")


def test_an_answer_that_changes_its_inputs_is_judged_like_any_other(capsys):
    def sorts(x):
        x.sort()
        return x

    check = Exercise("ordered", "so.", sorted, (), lambda rng: (rng.permutation(5).tolist(),))
    check(sorts)
    assert capsys.readouterr().out.startswith("✔")


def test_jupyter_shows_one_line():
    assert NotYet("so far")._render_traceback_() == ["✘ so far"]


def test_many_answers_can_be_right(capsys):
    check = Exercise("even", "so.", lambda: 2, (), accept=lambda came, expected: came % 2 == 0, cases=1)
    check(lambda: 4)
    assert told(check, lambda: 5) == "even: 5 came, 2 was expected."


@pytest.mark.parametrize(
    "one, other",
    [
        ([1.0, 2.0], torch.tensor([1.0, 2.0])),
        ((1, 2), np.array([1, 2])),
        ({"a": torch.tensor(1.0)}, {"a": 1}),
        (float("nan"), float("nan")),
        ([float("-inf"), 0], torch.tensor([float("-inf"), 0.0])),
        (["x", (1, 2)], ["x", [1, 2]]),
    ],
)
def test_lists_arrays_and_tensors_of_the_same_numbers_are_the_same(one, other):
    assert same(one, other, 1e-6)


@pytest.mark.parametrize(
    "one, other",
    [
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, 2.0], [1.0, 2.1]),
        (1.0, "1.0"),
        ({"a": 1}, {"b": 1}),
        (None, 0),
        (float("nan"), 0),
    ],
)
def test_another_shape_kind_or_number_is_not_the_same(one, other):
    assert not same(one, other, 1e-6)


def test_of_many_numbers_the_one_that_is_furthest_off_is_told():
    came = torch.zeros(3, 5)
    came[2, 3] = 7
    assert difference(came, torch.ones(3, 5)) == "at [2, 3] of shape (3, 5) 7 came, 1 was expected"


def test_shapes_are_told_where_they_differ():
    assert difference(torch.zeros(2), torch.zeros(3, 5)).startswith("[0, 0] came, numbers of shape (3, 5)")


def test_a_long_value_is_cut():
    assert len(shown("x" * 500)) < 120 and len(shown({i: i for i in range(300)})) < 120


QUIZ = Quiz("quiz", "so.", {"1": "a", "2": "b"}, {"1": {"b": "not b."}, "2": {"a": "not a."}})


def test_a_wrong_letter_gets_its_hint_and_how_many_are_right():
    assert told(QUIZ, {"1": "B ", "2": "b"}) == "quiz: 1 of 2 are right. Question 1: not b."


def test_what_is_no_letter_of_the_quiz_is_told_which_there_are():
    assert told(QUIZ, {"1": "z", "2": "b"}).endswith("one of the letters a, b was expected.")
    assert told(QUIZ, ["a"]) == "quiz: a letter for each of the questions 1, 2 was expected."


def test_a_prediction_is_compared_and_never_graded(capsys):
    course.compare(..., 0.69, within=0.1, what="loss")
    course.compare(0.7, 0.69, within=0.1, what="loss")
    course.compare(0.2, 0.69, within=0.1, what="loss")
    lines = capsys.readouterr().out.splitlines()
    assert "no prediction yet" in lines[0]
    assert "(as predicted)" in lines[1]
    assert "you predicted 0.2, 0.69 came (not as predicted" in lines[2]


@pytest.mark.parametrize("written", [(0, 69), "50 %", None])
def test_a_prediction_that_is_no_number_is_told_what_one_is(written, capsys):
    course.compare(written, 0.69, within=0.1, what="loss")
    assert capsys.readouterr().out == f"loss: a prediction is one number, such as 0.5; you wrote {written!r}.\n"


def test_a_run_is_short_where_a_program_executes_the_lesson(monkeypatch):
    monkeypatch.delenv("INDUCTION_HEADS_COURSE_QUICK", raising=False)
    assert course.length(1_000, quick=10) == 1_000
    monkeypatch.setenv("INDUCTION_HEADS_COURSE_QUICK", "1")
    assert course.length(1_000, quick=10) == 10


def test_a_lesson_that_there_is_not_is_named_with_what_to_do():
    with pytest.raises(ValueError, match="lesson 99 should be in .*copy earlier.z from the course's zip"):
        course.lesson(99)
