"""The course: checks that say what is probably wrong, the stub a student may leave, the students' version, grading.

No lesson's text: that is in notebooks/course, whose solutions are the source. Nothing here that a paper needs.
"""

from .answering import compare, length, todo
from .earlier import lesson

__all__ = ["compare", "length", "lesson", "todo"]
