"""Akyürek and others 2024: languages of random automata learnt in context, and heads that count n-grams.

Automata and their strings, what counting n-grams gives, claims, figures and readings; nothing that another paper needs.
"""
