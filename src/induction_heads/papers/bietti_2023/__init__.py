"""Bietti and others 2023, with Wang and Sato 2025: weights as memories, and how an induction head fills them.

Sequences with triggers, the network, claims, figures and readings of these papers; nothing that another paper needs.
"""
