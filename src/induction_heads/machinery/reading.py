"""Readings: what is seen in these numbers, in sentences made from them. A prediction that failed is called failed."""

from IPython.display import Markdown, display


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


def number(x: float) -> str:
    """A number as a reader wants it: 0.0123, 12,300, never (not finite)."""
    if not -float("inf") < x < float("inf"):
        return "never"
    return f"{x:,.0f}" if abs(x) >= 1_000 else f"{x:.3g}"
