"""Reddy 2023: which data favour in-context learning, and why it comes abruptly; three logits one inside the other.

The task, the network, the reduced model, claims, figures and readings of this paper; nothing that another paper needs.
"""
