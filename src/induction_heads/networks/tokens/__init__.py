"""Attention-only language models of tokens: the networks, their data, what is measured on them, and their training.

What belongs to one paper (its rows, figures and claims) is in `papers`, and the networks of exemplars and labels are in
`networks`.
"""
