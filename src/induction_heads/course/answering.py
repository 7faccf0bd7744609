"""What a student's notebook calls beside the checks: the stub, predictions beside what came, lengths of runs."""

import inspect
import os
from numbers import Real
from types import EllipsisType
from typing import Any

QUICK = "INDUCTION_HEADS_COURSE_QUICK"  # set where lessons are executed by a program: short runs


class Empty(Exception):
    """A student's function reached its stub and gave nothing back."""


_reached = 0
_nothing = 0  # how often a student's function gave None


def todo() -> None:
    """Stands where a student's code goes. It does nothing, so that it costs nothing when it is left there."""
    global _reached
    _reached += 1


def stubs_reached() -> int:
    """How often a stub was reached in this process."""
    return _reached


def nothing_returned() -> int:
    """How often a function that is watched gave None in this process."""
    return _nothing


def watched(answer: Any) -> Any:
    """A function that raises `Empty` where the student's one ends at its stub; anything else as it is."""
    if not inspect.isfunction(answer):
        return answer

    def calls(*inputs: Any, **named: Any) -> Any:
        global _nothing
        before = stubs_reached()
        result = answer(*inputs, **named)
        if result is None and stubs_reached() > before:
            raise Empty
        _nothing += result is None
        return result

    return calls


def is_empty(answer: Any) -> bool:
    """Whether a value is still the `...` of the stub, or holds one."""
    if isinstance(answer, dict):
        return any(is_empty(each) for each in answer.values())
    if isinstance(answer, list | tuple):
        return any(is_empty(each) for each in answer)
    return isinstance(answer, EllipsisType) or answer is None


def compare(predicted: Any, came: float, within: float, what: str) -> None:
    """Says how a prediction, written before the run, compares with what came; nothing is graded."""
    if predicted is ...:
        print(f"{what}: no prediction yet. Write one above before you read on; to be wrong costs nothing.")
        return
    if not isinstance(predicted, Real):  # "50 %", or 0,5 with a comma
        print(f"{what}: a prediction is one number, such as 0.5; you wrote {predicted!r}.")
        return
    off = abs(float(predicted) - came)
    verdict = "as predicted" if off <= within else "not as predicted: what did you overlook?"
    print(f"{what}: you predicted {float(predicted):.3g}, {came:.3g} came ({verdict}).")


def length(usual: int, quick: int) -> int:
    """How long a run is: as a student has it, or `quick` where a program executes the lesson."""
    return quick if os.environ.get(QUICK) else usual
