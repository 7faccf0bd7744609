"""Induction heads and human episodic memory (Ji-An et al., 2024): heads fitted by a model of free recall.

The model of recall, measures, claims, drawings and readings; the networks are those of repeated random blocks.
"""
