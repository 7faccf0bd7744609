"""What needs to go right for an induction head? (Singh, Moskovitz, Hill, Chan and Saxe, ICML 2024.)

Its runs, measures, claims, drawings and story; the networks and the clamps that it trains with are in `networks`.
"""
