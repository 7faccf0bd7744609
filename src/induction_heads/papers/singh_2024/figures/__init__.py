"""The drawings of this paper, a function a figure, a module a notebook: data in, a figure and its words out.

Nothing is trained or measured here.
"""
