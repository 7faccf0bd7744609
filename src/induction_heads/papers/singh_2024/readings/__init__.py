"""Readings of this paper's figures: what is seen in the numbers, in sentences made from them. No figures, no measuring.

A module a notebook, a function a figure: numbers in, sentences out, to be shown with `machinery.reading.reading`.
"""
