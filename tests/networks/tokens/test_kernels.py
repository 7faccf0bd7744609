"""The C++ of token models against PyTorch's operators and its derivatives, in double precision."""

import pytest
import torch

from induction_heads.networks.kernels import load
from induction_heads.networks.tokens import kernels, model
from induction_heads.networks.tokens.kernels import Flat
from induction_heads.networks.tokens.variants import PLAIN, Momentum, NGramHeads, ShiftedKeysAndValues, SmearedKeys

RUNS = 2
VARIANTS = [
    PLAIN,
    SmearedKeys(),
    ShiftedKeysAndValues(),
    Momentum(0.7),
    Momentum(0.7, keys_only=True),
    NGramHeads((1, 2)),
]
SIZES = [  # layers, vocabulary, positions, d_model, heads, tokens, batch
    (2, 13, 17, 10, 5, 11, 3),
    (3, 64, 64, 64, 4, 64, 2),
    (1, 29, 23, 6, 3, 23, 7),
]


@pytest.fixture(autouse=True, scope="module")
def in_double_precision():
    if not load(torch.float64):
        pytest.skip("no C++ compiler here")


def drawn(variant, layers, vocabulary, positions, d_model, heads, tokens, batch):
    """Networks away from where they begin, sequences, and which of their targets count: about half."""
    rng = torch.Generator().manual_seed(0)
    each = [model.initial(seed, layers, vocabulary, positions, d_model, heads, variant) for seed in range(RUNS)]
    each = [{name: p.double() + 0.3 * torch.randn(p.shape, generator=rng) for name, p in one.items()} for one in each]
    sequences = torch.randint(vocabulary, (RUNS, batch, tokens), generator=rng)
    counted = torch.rand(RUNS, batch, tokens, generator=rng) < 0.5
    counted[..., 0] = False
    return Flat(each), sequences, counted


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_losses_and_patterns_are_those_of_the_model(variant, sizes):
    flat, tokens, _ = drawn(variant, *sizes)
    losses, pattern = kernels.losses(flat, tokens, variant, patterns=True)
    sites = model.forward(flat.views(), tokens, variant)
    patterns = [site for name, site in sites.items() if name.endswith("hook_pattern")]
    torch.testing.assert_close(losses, model.token_losses(sites["logits"], tokens), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(pattern, torch.cat(patterns, 2), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_gradient_is_that_of_pytorch(variant, sizes):
    flat, tokens, counted = drawn(variant, *sizes)
    leaves = {name: p.detach().requires_grad_() for name, p in flat.views().items()}
    losses = model.token_losses(model.forward(leaves, tokens, variant)["logits"], tokens)
    mean = model.mean_loss(losses, counted)
    expected = torch.autograd.grad(mean.sum(), list(leaves.values()))
    loss, found = kernels.gradient(flat, tokens, counted, variant)
    torch.testing.assert_close(loss, mean.detach(), rtol=1e-10, atol=1e-10)
    for (name, here), there in zip(flat.views(found).items(), expected, strict=True):
        torch.testing.assert_close(here, there, rtol=1e-9, atol=1e-10, msg=lambda text, name=name: f"{name}: {text}")


def test_a_run_s_gradient_is_the_same_bit_for_bit_whoever_is_beside_it():
    flat, tokens, counted = drawn(PLAIN, *SIZES[1])
    alone = Flat([flat.of(1)])
    _, together = kernels.gradient(flat, tokens, counted, PLAIN)
    assert torch.equal(together[1:], kernels.gradient(alone, tokens[1:], counted[1:], PLAIN)[1])


def test_all_runs_may_read_one_batch():
    flat, tokens, counted = drawn(SmearedKeys(), *SIZES[0])
    one = kernels.gradient(flat, tokens[:1], counted[:1], SmearedKeys())[1]
    each = kernels.gradient(flat, *(x[:1].expand(RUNS, -1, -1) for x in (tokens, counted)), SmearedKeys())[1]
    assert torch.equal(one, each)


def test_tokens_that_are_not_in_the_vocabulary_are_refused():
    flat, tokens, _ = drawn(PLAIN, *SIZES[0])
    with pytest.raises(IndexError, match="expected tokens below 13"):
        kernels.losses(flat, tokens + 13, PLAIN)
    with pytest.raises(RuntimeError, match="at most 17 tokens, got 22"):
        kernels.losses(flat, tokens.repeat(1, 1, 2), PLAIN)
