"""What builds any paper: settings, stored runs, their schedule, claims' verdicts, notebooks, figures, galleries.

Nothing that a paper is about: no task, no network, no measure. Nothing here imports another room.
"""
