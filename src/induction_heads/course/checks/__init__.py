"""The checks of the lessons, a module a lesson: `from induction_heads.course.checks import lesson_01 as check`.

Solutions written another way than in the notebook, typical wrong answers with a hint each, inputs. No machinery.
"""

import importlib
import pkgutil

from ..checking import Exercise, Quiz


def lessons() -> dict[int, list[tuple[str, Exercise | Quiz]]]:
    """Every lesson's exercises and quiz, each by the name that it has in its module; found, and listed nowhere."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("lesson_"))
    modules = {int(name.removeprefix("lesson_")): importlib.import_module(f"{__name__}.{name}") for name in names}
    return {
        number: [(name, each) for name, each in vars(module).items() if isinstance(each, Exercise | Quiz)]
        for number, module in modules.items()
    }
