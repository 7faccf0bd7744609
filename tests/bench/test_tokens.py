"""The bench of token models runs to its end; what it measures is no test's business."""

import pytest
import torch

from induction_heads.bench import tokens as bench
from induction_heads.machinery.settings import Settings
from induction_heads.networks.kernels import load
from induction_heads.networks.tokens import model
from induction_heads.networks.tokens.generators import REP


def test_the_products_of_a_step_are_counted():
    """By hand: 2,048 tokens, 64 numbers to 256; 128 heads of 64 by 64 pairs, twice; 64 logits; and all three times."""
    forward = 2048 * 64 * (192 + 64) + 2 * 128 * 64 * 64 * 16 + 2048 * 64 * 64
    assert sum(b * m * k * n for b, m, k, n in bench.products(1)) == 3 * forward


def test_the_plain_network_is_the_same_network():
    parameters, tokens = model.initial(0, 2), REP.block(0, 0).tokens[0, :3]
    ours = model.forward({name: p[None] for name, p in parameters.items()}, tokens[None])["logits"][0]
    torch.testing.assert_close(bench.Plain(parameters)(tokens), ours, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_every_way_of_training_has_a_row(monkeypatch, capsys):
    def once(step, repeats=1, steps=1):
        step()
        return 1.0

    monkeypatch.setattr(bench, "milliseconds", once)
    monkeypatch.setattr(bench, "SIZES", (2,))
    bench.main(Settings("smoke"))
    said = capsys.readouterr().out
    rows = ["products alone", "eager PyTorch", "TransformerLens", "PyTorch, 2 as one batch", "PyTorch, 2 one by one"]
    for row in [*rows, *(["C++, 2 one by one"] if load() else [])]:
        assert row in said
