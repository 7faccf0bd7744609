"""Bi-Induct: snippets to be copied in training, forward and backward (Sabry and Belz, 2025), at the size of two cores.

Its runs, measures, claims, drawings and readings; networks, data and the measures of heads are in `networks.tokens`.
"""
