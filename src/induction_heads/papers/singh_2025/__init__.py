"""Singh and others 2023 and 2025: in-context learning that comes and goes, since two strategies share and compete.

The toy model of both, runs, claims, figures and readings of these papers; nothing that another paper needs.
"""
