"""How an answer is judged, and how a mistake is recognised.

The student's function runs on inputs that it has not been shown, and what it gives is compared with what the solution
gives. A typical mistake is recognised by what it gives on the same inputs, never by the text of the code; any other
gets what came and what was expected. The failure is raised as one line, since nbgrader counts what does not raise.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .answering import Empty, is_empty, nothing_returned, stubs_reached, watched
from .comparing import Raised, difference, same, shown

SOLUTION = -1  # beside the numbers of the wrong answers


class NotYet(AssertionError):
    """An answer that is not right yet; Jupyter shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"✘ {self}"]


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer, and what to tell who gives it."""

    answer: Any
    hint: str


def call(answer: Callable[..., Any], *inputs: Any) -> Any:
    """What most functions are judged by: what they return."""
    return answer(*inputs)


def value(answer: Any, *inputs: Any) -> Any:
    """What a number or text is judged by: itself."""
    return answer


def no_inputs(rng: np.random.Generator) -> tuple:
    return ()


@dataclass(frozen=True)
class Exercise:
    """One exercise: called with an answer, it prints ✔ and why that matters, or raises `NotYet`.

    Its name is that of the student's function or variable, and of the exercise in its module.
    `measure(answer, *inputs)` is what is compared with the solution's; `accept(came, expected)` replaces "the same"
    where many answers are right.
    """

    name: str
    why: str  # one sentence, shown with ✔
    solution: Any
    wrong: tuple[Wrong, ...]
    inputs: Callable[[np.random.Generator], tuple] = no_inputs
    measure: Callable[..., Any] = call
    accept: Callable[[Any, Any], bool] | None = None
    atol: float = 1e-5
    cases: int = 4  # inputs drawn for a check
    _kept: dict[tuple[int, bool], list[Any]] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, answer: Any, again: bool = False) -> None:
        """Judges an answer; `again` on other inputs, for hidden tests."""
        if is_empty(answer):
            raise NotYet(f"Your turn: {self.name} is still empty. Put your answer in place of `...`, then check again.")
        if callable(self.solution) and not callable(answer):
            raise NotYet(f"{self.name}: a function was expected, {shown(answer)} came. Give its name, without ().")
        before, nothing = stubs_reached(), nothing_returned()
        your_turn = f"Your turn: {self.name} returns nothing yet. Write it, let it end with `return`, and check again."
        try:
            came = self.outcomes(watched(answer), again)
        except Empty:
            raise NotYet(your_turn) from None
        expected = self._known(SOLUTION, again)
        first = next((i for i, pair in enumerate(zip(came, expected, strict=True)) if not self._accepts(*pair)), None)
        if first is None:
            print(f"✔ {self.name}: {self.why}")
            return
        if stubs_reached() > before and isinstance(came[first], Raised) and not inspect.isfunction(answer):
            raise NotYet(your_turn)  # a method's stub
        what = f"{self.name}: {self._given(first, again)}{difference(came[first], expected[first])}."
        if hint := self.recognised(came, again):
            raise NotYet(f"{what} Hint: {hint}")
        raise NotYet(f"{what} A function without `return` gives None." if nothing_returned() > nothing else what)

    def outcomes(self, answer: Any, again: bool) -> list[Any]:
        """What an answer gives on each of the inputs, drawn anew so that no answer can change them for another."""
        return [self._outcome(answer, inputs) for inputs in self._drawn(again)]

    def recognised(self, came: list[Any], again: bool) -> str:
        """The hint of the registered wrong answer that gives the same on all inputs; empty where none does.

        An error has none: its own line says more, and many mistakes raise the same.
        """
        if all(isinstance(each, Raised) for each in came):
            return ""
        for i, wrong in enumerate(self.wrong):
            if all(map(same, came, self._known(i, again), [self.atol] * len(came))):
                return wrong.hint
        return ""

    def _known(self, which: int, again: bool) -> list[Any]:
        """What the solution, or the wrong answer of this number, gives; worked out once."""
        if (which, again) not in self._kept:
            answer = self.solution if which == SOLUTION else self.wrong[which].answer
            self._kept[which, again] = self.outcomes(answer, again)
        return self._kept[which, again]

    def _drawn(self, again: bool) -> list[tuple]:
        return [self.inputs(np.random.default_rng([again, case])) for case in range(self.cases)]

    def _outcome(self, answer: Any, inputs: tuple) -> Any:
        try:
            return self.measure(answer, *inputs)
        except Empty:
            raise
        except Exception as error:  # whatever a student's function raises is what came
            return Raised(type(error).__name__, (str(error).strip().splitlines() or [""])[0])

    def _accepts(self, came: Any, expected: Any) -> bool:
        if self.accept and not isinstance(came, Raised):
            return bool(self.accept(came, expected))
        return same(came, expected, self.atol)

    def _given(self, case: int, again: bool) -> str:
        inputs = self._drawn(again)[case]
        return f"given {', '.join(map(shown, inputs))}: " if inputs else ""


@dataclass(frozen=True)
class Quiz:
    """The closing quiz of a lesson: a letter for each question; each wrong letter has its own hint."""

    name: str
    why: str
    right: Mapping[str, str]  # question -> letter
    hints: Mapping[str, Mapping[str, str]]  # question -> wrong letter -> hint

    def __call__(self, answers: Any, again: bool = False) -> None:
        if not isinstance(answers, Mapping) or set(answers) != set(self.right):
            raise NotYet(f"{self.name}: a letter for each of the questions {', '.join(self.right)} was expected.")
        if is_empty(dict(answers)):
            raise NotYet(f"Your turn: {self.name} has empty answers. Put a letter in place of each `...`.")
        given = {question: str(letter).strip().lower() for question, letter in answers.items()}
        missed = [question for question, letter in self.right.items() if given[question] != letter]
        if not missed:
            print(f"✔ {self.name}: {self.why}")
            return
        first, letters = missed[0], sorted({self.right[missed[0]], *self.hints[missed[0]]})
        hint = self.hints[first].get(given[first], f"one of the letters {', '.join(letters)} was expected.")
        right = len(self.right) - len(missed)
        raise NotYet(f"{self.name}: {right} of {len(self.right)} are right. Question {first}: {hint}")
