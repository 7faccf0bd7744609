"""Induction in one layer, by keys that see their predecessor: momentum attention, KV shifting and smeared keys.

Its runs, measures, claims, drawings and readings; the attention variants are in `networks.tokens.variants`.
"""
