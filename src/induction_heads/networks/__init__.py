"""Many small networks side by side: the models, the clamps on them, and how they are trained, in PyTorch and in C++.

No table of runs and no measure of a paper. Imports `data` and `machinery` alone.
"""
