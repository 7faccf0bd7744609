"""A paper of another kind, for tests of the machinery: a ball falls, in NumPy; no seeds, no network, no data."""
