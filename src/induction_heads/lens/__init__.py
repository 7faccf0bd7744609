"""TransformerLens: our networks in its tools, and our clamps and measures on its models.

Nothing that training needs: importing it takes seconds and 130 MB.
"""
