"""Why a network has many induction heads: long and short prefixes (Kissane et al., 2024), at the size of two cores.

Its runs, measures, claims, drawings and readings; networks, data and the measures of heads are in `networks.tokens`.
"""
