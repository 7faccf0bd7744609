"""What training costs, beside plain PyTorch, TransformerLens and the matrix products that it cannot do without.

Nothing that a build needs. A module a kind of network; `make bench` prints and draws them.
"""
