"""Chan and others 2022: which properties of data make learning in context emerge: many classes, bursts, Zipf's law.

Runs, claims, figures and readings of this paper; the network and its sets are `networks.noisy_pairs`.
"""
