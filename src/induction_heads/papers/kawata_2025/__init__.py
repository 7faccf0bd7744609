"""Kawata and others 2025: whether a gradient step chooses an induction head or a shortcut by position.

The task, the two gradient steps, claims, figures and readings of this paper; nothing that another paper needs.
"""
