"""Scaling laws and interpretability of learning from repeated data (Hernandez et al., 2022), at the size of two cores.

Its runs, measures, claims, drawings and readings; networks, data and the measures of heads are in `networks.tokens`.
"""
