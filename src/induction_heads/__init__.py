"""Induction heads of a small attention-only transformer: what has to go right for them to form (arXiv 2404.07129)."""
