"""The site: every paper's figures, verdicts and notebooks as static pages that ask no other host for anything.

Pages are written from what a build has made; nothing here measures, draws or knows a paper.
"""
