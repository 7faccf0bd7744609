"""The transformer, against answers worked out by hand or in the plainest possible way."""

import subprocess

import pytest
import torch

from induction_heads.networks import kernels, model
from small import BATCH, CLASSES, RUNS, features, network, networks, sequences


def plainly(p: model.Parameters, x: torch.Tensor, n_queries: int = 1) -> torch.Tensor:
    """One sequence of embedded tokens (token d_model) through the network of section 3; logits at the query."""

    def norm(x, w, b):
        return torch.nn.functional.layer_norm(x, x.shape[-1:], w, b, 1e-5)

    def turn(v, position):
        out = v.clone()
        for i in range(0, len(v), 2):
            angle = torch.tensor(position * 10_000.0 ** (-i / len(v)), dtype=torch.float64)
            out[i] = v[i] * angle.cos() - v[i + 1] * angle.sin()
            out[i + 1] = v[i] * angle.sin() + v[i + 1] * angle.cos()
        return out

    for layer in range(2):
        block = model.parameters_of(p, layer)
        normed, added = norm(x, block["ln_w"], block["ln_b"]), torch.zeros_like(x)
        for h in range(8):
            q, k = (torch.stack([turn(v, t) for t, v in enumerate(normed @ block[w][h])]) for w in ("W_Q", "W_K"))
            for t in range(len(x)):
                pattern = (k[: t + 1] @ q[t] / 8**0.5).softmax(0)
                added[t] += pattern @ (normed[: t + 1] @ block["W_V"][h]) @ block["W_O"][h]
        x = x + added
    return norm(x[-1], p["ln_final_w"], p["ln_final_b"]) @ p["W_U"] + p["b_U"]


def test_logits_are_those_of_the_plain_network():
    batch = sequences()
    logits = model.forward(networks(), features(), batch)["logits"]
    for run in range(RUNS):
        p = network(run)
        for b in range(2):
            x0, x1, query = features()[0, batch.exemplar[run, b]] @ p["W_exemplar"] + p["b_exemplar"]
            l0, l1 = p["W_label"][batch.label[run, b]]
            expected = plainly(p, torch.stack([x0, l0, x1, l1, query]))
            torch.testing.assert_close(logits[run, b], expected, rtol=1e-10, atol=1e-10)


def test_three_pairs_make_seven_tokens():
    batch = sequences(pairs=3)
    sites = model.forward(networks(), features(), batch)
    assert sites["hook_embed"].shape == (RUNS, BATCH, 7, 64)
    assert sites["blocks.1.attn.hook_pattern"].shape == (RUNS, BATCH, 8, 1, 7)
    assert sites["logits"].shape == (RUNS, BATCH, 5)


def test_tokens_alternate_exemplars_and_labels():
    batch = sequences(runs=1, batch=1)
    x0, x1, query = batch.exemplar[0, 0].tolist()
    l0, l1 = batch.label[0, 0].tolist()
    assert batch.tokens(CLASSES)[0, :, 0].tolist() == [x0, CLASSES + l0, x1, CLASSES + l1, query]
    assert batch.target.item() == (l0, l1)[batch.match.item()]


def test_no_token_attends_to_a_later_one():
    sites = model.forward(networks(), features(), sequences(), all_queries=True)
    for layer in range(2):
        pattern = sites[f"blocks.{layer}.attn.hook_pattern"]
        assert pattern.triu(1).abs().max() == 0
        torch.testing.assert_close(pattern.sum(-1), torch.ones_like(pattern[..., 0]))


def test_the_last_layer_at_the_query_is_the_same_as_at_all_tokens():
    batch = sequences()
    some, every = (model.forward(networks(), features(), batch, all_queries=a) for a in (False, True))
    torch.testing.assert_close(some["logits"], every["logits"])
    torch.testing.assert_close(some["blocks.1.attn.hook_pattern"], every["blocks.1.attn.hook_pattern"][..., -1:, :])


def test_loss_of_equal_logits_is_the_log_of_their_number():
    logits = torch.zeros(2, 3, 5)
    torch.testing.assert_close(model.loss(logits, torch.ones(2, 3, dtype=torch.int64)), torch.full((2, 3), 5.0).log())


def test_the_compiled_operators_agree_with_pytorch_at_every_tail():
    if not kernels.load():
        return  # without a compiler PyTorch's are the ones in use
    for runs, m, k, n in [(2, 1, 3, 1), (3, 7, 5, 17), (1, 13, 2, 64), (2, 6, 11, 65), (2, 50, 19, 130)]:
        for transposed in (False, True):
            a, b = torch.randn(runs, m, k), torch.randn(runs, k, n)
            a, b = (x.mT.contiguous().mT if transposed else x for x in (a, b))
            torch.testing.assert_close(kernels.operators(a.dtype).matmul(a, b), torch.bmm(a, b))
            torch.testing.assert_close(kernels.operators(a.dtype).matmul(a[:1], b), torch.bmm(a[:1].expand_as(a), b))


def test_a_run_has_the_same_product_alone_and_among_others():
    kernels.load()
    a, b = torch.randn(5, 31, 64), torch.randn(5, 64, 47)
    together = kernels.matmul(a, b)
    for run in range(5):
        assert torch.equal(kernels.matmul(a[run : run + 1], b[run : run + 1])[0], together[run])


@pytest.mark.parametrize("queries, tokens, batch", [(5, 5, 32), (1, 5, 7), (1, 9, 33), (7, 7, 1)])
def test_attention_in_cpp_is_that_in_pytorch(queries, tokens, batch):
    kernels.load()
    q, k, v = (torch.randn(2, 3, 6, n, batch) for n in (queries, tokens, tokens))
    plain = q.clone().requires_grad_()  # PyTorch's operators are the ones that have gradients
    scores = kernels.scores(q, k)
    torch.testing.assert_close(scores, kernels.scores(plain, k).detach())
    torch.testing.assert_close(
        kernels.mix(scores.softmax(3), v), kernels.mix(kernels.scores(plain, k).softmax(3), v).detach()
    )


def test_the_gradient_of_a_lookup_counts_every_occurrence():
    kernels.load()
    table = torch.randn(2, 5, 3, requires_grad=True)
    tokens = torch.tensor([[0, 1, 1, 4], [2, 2, 2, 2]])
    kernels.lookup(table, tokens).sum().backward()
    assert table.grad[:, :, 0].tolist() == [[1, 2, 0, 0, 1], [0, 0, 4, 0, 0]]


def test_a_compiler_that_fails_leaves_pytorch(monkeypatch, tmp_path):
    def broken(command, **_):
        raise subprocess.CalledProcessError(1, command, stderr="no such header")

    monkeypatch.setattr(kernels, "BUILD", tmp_path)
    monkeypatch.setattr(subprocess, "run", broken)
    with pytest.warns(UserWarning, match="PyTorch's own operators.*does not compile it: no such header"):
        assert not kernels._compile_and_load.__wrapped__(torch.float32)


def test_looking_up_is_the_same_with_a_gradient():
    kernels.load()
    table, tokens = torch.randn(2, 55, 37), torch.randint(0, 55, (2, 21))
    learns = table.clone().requires_grad_()
    assert torch.equal(kernels.lookup(table, tokens), kernels.lookup(learns, tokens).detach())
    with pytest.raises(IndexError, match="expected an item below 55, got"):
        kernels.lookup(table, tokens + 60 - tokens.max())
