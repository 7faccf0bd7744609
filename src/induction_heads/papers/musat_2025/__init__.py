"""Musat and others 2025: why induction weights emerge, and why the time to it grows with the square of the context.

The reduced dynamics, the small network, claims, figures and readings of this paper; nothing that another paper needs.
"""
