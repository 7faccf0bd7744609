"""Singh, Moskovitz, Hill, Chan, Saxe, "What needs to go right for an induction head?", ICML 2024, arXiv 2404.07129."""
