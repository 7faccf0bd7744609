"""Akyürek and others 2024: languages of random automata learnt in context, and heads that count n-grams.

What counting n-grams gives, claims, figures and readings of this paper; nothing that another paper needs.
"""
