"""The checks of the lessons, a module a lesson: `from induction_heads.course.checks import lesson_01 as check`.

Solutions written another way than in the notebook, typical wrong answers with a hint each, inputs. No machinery.
"""
