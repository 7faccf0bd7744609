"""Hapax: in-context learning without copying (Şahin et al., 2025), at the size of two cores.

Its runs, measures, claims, drawings and readings; networks, data and the loss mask are in `networks.tokens`.
"""
