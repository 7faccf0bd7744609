"""Chan and others 2024: when a predictor trusts its context and when its weights; a gate that chooses between two.

The data, the gated predictor, claims, figures and readings of this paper; nothing that another paper needs.
"""
