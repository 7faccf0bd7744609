"""A network opened with TransformerLens is the same network, and their tools say of it what is so."""

import doctest
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from transformer_lens import patching
from transformer_lens.head_detector import detect_head

from induction_heads.lens import networks as lens
from induction_heads.machinery.schedule import train
from induction_heads.machinery.store import Store
from induction_heads.networks import clamps, model
from induction_heads.papers.singh_2024 import wiring
from induction_heads.papers.singh_2024.runs import Run
from small import BATCH, CLASSES, dataset, features, network, sequences

SEED = 1


def which(pairs: int = 2) -> model.Sequences:
    return model.Sequences(*(part[:1] for part in sequences(pairs=pairs)))


def ours(pairs: int = 2) -> model.Sites:
    return model.forward({n: p[None] for n, p in network(SEED).items()}, features(), which(pairs), all_queries=True)


@pytest.fixture(scope="module")
def opened() -> lens.Lens:
    return lens.open(network(SEED), features()[0])


@pytest.mark.parametrize("pairs", [2, 3])
def test_logits_and_sites_are_ours(opened, pairs):
    logits, cache = opened.run_with_cache(which(pairs))
    sites = ours(pairs)
    torch.testing.assert_close(logits[:, -1], sites["logits"][0], atol=1e-9, rtol=0)
    assert logits.shape == (BATCH, 2 * pairs + 1, 5)
    for name in set(sites) - {"logits", "blocks.1.hook_resid_post"}:
        shown = cache[name][:, :, 0] if name.endswith("_input") else cache[name]
        torch.testing.assert_close(shown, sites[name][0], atol=1e-9, rtol=0)


def test_tokens_are_one_vocabulary_of_exemplars_then_labels(opened):
    tokens, batch = opened.to_tokens(which()), which()
    assert tokens[0].tolist() == [
        batch.exemplar[0, 0, 0],
        CLASSES + batch.label[0, 0, 0],
        batch.exemplar[0, 0, 1],
        CLASSES + batch.label[0, 0, 1],
        batch.exemplar[0, 0, 2],
    ]
    torch.testing.assert_close(opened(tokens), opened(batch))
    for back, there in zip(opened.to_sequences(tokens), batch, strict=True):
        assert torch.equal(back, there)
    torch.testing.assert_close(
        opened.W_E[:CLASSES], features()[0] @ network(SEED)["W_exemplar"] + network(SEED)["b_exemplar"]
    )


def test_the_residual_stream_decomposes_exactly(opened):
    _, cache = opened.run_with_cache(which())
    after = cache["blocks.1.hook_resid_post"]
    parts, labels = cache.decompose_resid(return_labels=True)
    assert labels == ["embed", "0_attn_out", "1_attn_out"]
    torch.testing.assert_close(parts.sum(0), after, atol=1e-12, rtol=0)
    torch.testing.assert_close(cache.get_full_resid_decomposition().sum(0), after, atol=1e-12, rtol=0)
    torch.testing.assert_close(cache.accumulated_resid(incl_mid=False)[-1], after)


def test_logit_attributions_add_up_to_the_logits_with_the_final_layer_norm(opened):
    logits, cache = opened.run_with_cache(which())
    target = which().target[0]
    heads, labels = cache.get_full_resid_decomposition(return_labels=True, pos_slice=-1)
    parts = cache.logit_attrs(heads, target, pos_slice=-1)
    assert labels[:2] == ["L0H0", "L0H1"]
    expected = logits[torch.arange(BATCH), -1, target]
    torch.testing.assert_close(parts.sum(0) + opened.logit_constant(target), expected, atol=1e-9, rtol=0)


def test_results_of_heads_can_be_patched(opened):
    def silence(result, hook):
        return result * (torch.arange(8) != 3)[:, None]

    under = opened.run_with_hooks(which(), fwd_hooks=[("blocks.1.attn.hook_result", silence)])
    combined = clamps.combine([[clamps.Ablate(("L2H3",))]], [clamps.Network.of(network(SEED))])
    expected = clamps.forward({n: p[None] for n, p in network(SEED).items()}, features(), which(), combined)["logits"][
        0
    ]
    torch.testing.assert_close(under[:, -1], expected, atol=1e-9, rtol=0)


def test_composition_scores_are_those_of_figure_11(opened):
    expected = wiring.composition_scores(network(SEED))
    for i, letter in enumerate("QKV"):
        torch.testing.assert_close(opened.composition_scores(letter), expected[i], atol=1e-12, rtol=0)
    with pytest.raises(ValueError, match="Q, K or V, got 'X'"):
        opened.composition_scores("X")


def test_circuits_are_products_of_the_weights(opened):
    p = network(SEED)
    torch.testing.assert_close(opened.QK[1, 3].AB, p["blocks.1.W_Q"][3] @ p["blocks.1.W_K"][3].T)
    torch.testing.assert_close(opened.OV[0, 2].AB, p["blocks.0.W_V"][2] @ p["blocks.0.W_O"][2])
    eigenvalues = opened.OV[0, 2].eigenvalues
    torch.testing.assert_close(eigenvalues.sum().real, torch.trace(opened.OV[0, 2].AB))


def test_detect_head_finds_the_previous_token_head_that_is_clamped(opened):
    tokens = opened.to_tokens(which())[:1]

    def previous(pattern, hook):
        pattern = pattern.clone()
        pattern[:, 6] = torch.eye(5).roll(-1, 1).to(pattern).tril()
        return pattern

    with opened.hooks([("blocks.0.attn.hook_pattern", previous)]):
        scores = detect_head(opened, tokens, "previous_token_head")
    assert scores.argmax() == 6 and scores[0, 6] == 1


def test_patching_the_whole_residual_stream_restores_the_logits(opened):
    batch = which()
    clean, corrupted = opened.to_tokens(batch), opened.to_tokens(batch).clone()
    corrupted[:, 4] = opened.to_tokens(batch)[torch.arange(BATCH), 2 - 2 * batch.match[0]]  # ask for the other
    clean_logits, cache = opened.run_with_cache(clean)
    distance = patching.get_act_patch_resid_pre(
        opened, corrupted, cache, lambda logits: (logits - clean_logits)[:, -1].abs().max()
    )
    assert distance.shape == (2, 5) and distance[:, 4].max() < 1e-9 and distance[:, :4].min() > 1e-3
    heads = patching.get_act_patch_attn_head_out_by_pos(
        opened, corrupted, cache, lambda logits: (logits - clean_logits)[:, -1].abs().max()
    )
    assert heads.shape == (2, 5, 8)


def test_gradients_reach_our_parameters():
    opened = lens.open(network(SEED), features()[0])
    target = which().target[0]
    torch.nn.functional.cross_entropy(opened(which())[:, -1], target).backward()
    leaves = {name: p[None].clone().requires_grad_() for name, p in network(SEED).items()}
    model.loss(model.forward(leaves, features(), which())["logits"], target[None]).mean().backward()
    for name, p in opened.as_parameters().items():
        torch.testing.assert_close(p.grad, leaves[name].grad[0], atol=1e-9, rtol=0)


def test_any_checkpoint_of_a_run_opens(tmp_path):
    run = Run(sequences=64, evaluate_every=32, checkpoint_every=32, classes=CLASSES)
    (trained,) = train([run], Store(tmp_path, dataset())).values()
    shown = torch.from_numpy(dataset().features[:CLASSES, 0])
    first, last = lens.open(trained, shown, sequences=0), lens.open(trained, shown)
    assert torch.equal(first.as_parameters()["blocks.1.W_K"], trained.at(0)["blocks.1.W_K"])
    assert torch.equal(last.as_parameters()["blocks.1.W_K"], trained.final["blocks.1.W_K"])
    with pytest.raises(ValueError, match=r"has checkpoints at \[0, 32, 64\], not at 5"):
        lens.open(trained, shown, sequences=5)


def test_what_cannot_be_opened_is_named(opened):
    with pytest.raises(ValueError, match="opened with the features"):
        lens.open(network(SEED))
    with pytest.raises(ValueError, match=r"should be \(exemplar, 13\)"):
        lens.open(network(SEED), features()[0, :, :7])
    with pytest.raises(ValueError, match="from 0 to 15"):
        opened(torch.tensor([[0, 16, 1, 12, 0]]))
    with pytest.raises(ValueError, match="query's exemplar shown once"):
        opened.to_sequences(torch.tensor([[0, 11, 1, 12, 2]]))


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(lens) == doctest.TestResults(failed=0, attempted=4)
