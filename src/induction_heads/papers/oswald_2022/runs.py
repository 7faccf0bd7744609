"""Every run of the paper: one layer over five seeds, two layers over the first three of them."""

from induction_heads.machinery.short import Rows

from .network import LinearAttention

SEEDS = (0, 1, 2, 3, 4)
TWO_LAYER_SEEDS = 3


def one_layer(profile: str, seed: int) -> Rows:
    if profile == "smoke":
        return {"one layer": LinearAttention(20, seed, 1, 16, 50)}
    return {"one layer": LinearAttention(700, seed, 1, 1024)}


def two_layers(profile: str, seed: int) -> Rows:
    if profile == "smoke":
        return {"two layers": LinearAttention(20, seed, 2, 16, 50)}
    return {"two layers": LinearAttention(3000, seed, 2, 512, evaluate_every=50)}
