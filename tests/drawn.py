"""For tests of drawings: what every figure has to say of itself."""

from collections.abc import Callable

from induction_heads.machinery.drawing import Drawing


def checked(drawing: Drawing, function: Callable[..., Drawing], *words: str) -> Drawing:
    """The drawing, when it can be drawn, is named as its function, and its alternative text says these words."""
    drawing.figure.draw_without_rendering()
    assert drawing.name == function.__name__
    assert drawing.title and drawing.caption.endswith(".") and drawing.alternative.endswith(".")
    for word in words:
        assert word in drawing.alternative
    return drawing
