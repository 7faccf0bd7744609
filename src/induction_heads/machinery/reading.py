"""Readings: what is seen in these numbers, in sentences made from them. A prediction that failed is called failed."""

from IPython.display import Markdown, display

from .numbers import number

__all__ = ["in_words", "number", "prediction", "reading"]


def reading(*sentences: str) -> None:
    """Shows the sentences as a notebook's reading of the figure above."""
    display(Markdown(f"**Reading.** {' '.join(sentences)}"))


def prediction(came_true: bool, numbers: str) -> str:
    """A sentence that says whether the prediction came true, and the numbers that decide it."""
    return f"**The prediction {'came true' if came_true else 'failed'}:** {numbers}."


def in_words(held: int, of: int, what: str = "seeds") -> str:
    """`all 5 seeds`, `3 of 5 seeds`, `none of 5 seeds`."""
    if held == of:
        return f"all {of} {what}" if of > 1 else f"the one {what.rstrip('s')}"
    return f"{held or 'none'} of {of} {what}"
