"""Edelman and others 2024: how attention learns to count pairs of a Markov chain in context, by way of counting tokens.

Chains and strategies, the network, claims, figures and readings of this paper; nothing that another paper needs.
"""
