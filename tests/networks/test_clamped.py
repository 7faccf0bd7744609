"""Clamps as hooks: on our networks they are our clamps, gradients too; on other models they do as they say or raise."""

import doctest
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
import torch
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from induction_heads.lens import clamping
from induction_heads.lens import networks as lens
from induction_heads.lens.clamping import clamped
from induction_heads.machinery import paths
from induction_heads.networks import clamps, replay
from induction_heads.networks.clamps import (
    Ablate,
    Graft,
    InductionAttention,
    Network,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreservePatterns,
    PreserveValues,
    PreviousTokenAttention,
)
from induction_heads.networks.model import Sequences
from small import features, network, sequences

WORDS = 19
NATIVE = dict(
    d_model=12,
    n_heads=3,
    d_head=4,
    n_ctx=32,
    d_vocab=WORDS,
    attn_only=True,
    normalization_type="LN",
    positional_embedding_type="rotary",
    act_fn="relu",
    seed=0,
)
GPT2 = GPT2Config(n_layer=3, n_head=3, n_embd=12, n_positions=32, vocab_size=WORDS)


@cache
def native(n_layers: int = 3, **changes) -> TransformerBridge:
    return TransformerBridge.boot_native(NATIVE | {"n_layers": n_layers} | changes)


@cache
def gpt2() -> TransformerBridge:
    torch.manual_seed(0)
    return build_bridge_from_module(GPT2LMHeadModel(GPT2).eval(), "GPT2LMHeadModel", hf_config=GPT2)


@contextmanager
def kept(model: TransformerBridge, site: str) -> Iterator[list[torch.Tensor]]:
    """The activations there that gradients can reach, and after a backward pass their gradients."""
    found = []

    def keep(here, hook):
        if here.requires_grad:
            here.retain_grad()
            found.append(here)
        return here  # a bridge shows a reshaped view, which gradients pass only if it is given back

    with model.hooks([(site, keep)]):
        yield found


bridges = pytest.mark.parametrize("bridge", [native, gpt2])


def tokens(length: int = 7) -> torch.Tensor:
    return torch.randint(WORDS, (2, length), generator=torch.Generator().manual_seed(length))


def which() -> Sequences:
    return Sequences(*(part[:1] for part in sequences()))


EACH = [
    [PreviousTokenAttention("L1H2"), Ablate(["L2H0", "L2H5"])],
    [PerfectLayer1(), Only("L2H3")],
    [PerfectMatch("L2H3", 0.7)],
    [PerfectCopy("L2H3"), PerfectLayer1()],
    [Ablate("L1H1"), PreservePatterns()],
    [Ablate("L1H1"), PreserveValues()],
    [InductionAttention("L2H3", 0.7)],
    [Graft("donor")],
]


@pytest.mark.parametrize("given", EACH, ids=lambda given: " and ".join(type(clamp).__name__ for clamp in given))
def test_on_our_network_a_clamp_is_our_clamp(given):
    donors, opened = {"donor": network(7)}, lens.open(network(1), features()[0])
    combined = clamps.combine([given], [Network.of(network(1))], donors)
    expected = clamps.forward({n: p[None] for n, p in network(1).items()}, features(), which(), combined)["logits"][0]
    with clamped(opened, given, donors=donors):
        torch.testing.assert_close(opened(which())[:, -1], expected, atol=1e-9, rtol=0)


def test_training_under_clamps_follows_the_golden_trajectories():
    """The authors' losses and parameters over 40 updates, in every condition, through hooks and PyTorch's own Adam."""
    file = np.load(paths.ROOT / "tests" / "networks" / "golden" / "clamps.npz", allow_pickle=False)
    for condition, described in json.loads(str(file["conditions"])).items():
        donors = {d["network"]: replay.parameters_in(file, d["network"] + "/") for d in described if "network" in d}
        trained = lens.open(replay.parameters_in(file, "init/"), torch.from_numpy(file["features"]))
        adam = torch.optim.Adam(trained.parameters(), lr=float(file["lr"]))
        with clamped(trained, [replay.clamp_of(d) for d in described], donors=donors):
            for step, expected in enumerate(file[f"{condition}/loss"]):
                batch = replay.batch(file, step, 1)
                loss = torch.nn.functional.cross_entropy(trained(batch)[:, -1], batch.target[0])
                assert abs(loss.item() - expected) < 1e-9, f"{condition}, step {step}"
                adam.zero_grad()
                loss.backward()
                adam.step()
        for name, expected in replay.parameters_in(file, f"{condition}/final/").items():
            assert replay.worst(trained.as_parameters()[name].detach(), expected.numpy()) < 1e-9, f"{condition}, {name}"


@bridges
@pytest.mark.parametrize("length", [2, 7, 31])
def test_previous_token_attention_at_any_length_and_depth(bridge, length):
    with clamped(bridge(), [PreviousTokenAttention("L3H1")]) as model:
        pattern = model.run_with_cache(tokens(length))[1]["blocks.2.attn.hook_pattern"]
    expected = torch.eye(length)[[0, *range(length - 1)]]
    torch.testing.assert_close(pattern[:, 1], expected.expand(2, -1, -1))
    assert (pattern[:, 0] - expected).abs().max() > 0.1


@bridges
def test_an_ablated_head_neither_acts_nor_learns(bridge):
    model, silence = bridge(), lambda z, hook: z * (torch.arange(3) != 2)[:, None]
    expected = model.run_with_hooks(tokens(), fwd_hooks=[("blocks.1.attn.hook_z", silence)])
    with clamped(model, [Ablate("L2H2")]), kept(model, "blocks.1.attn.hook_q") as queries:
        out = model(tokens())
        out.square().sum().backward()
    torch.testing.assert_close(out, expected)
    by_head = queries[-1].grad.abs().amax((0, 1, 3))
    assert by_head[2] == 0 and (by_head[:2] > 0).all()


@bridges
def test_preserved_patterns_carry_gradients_through_the_pass_without_ablations(bridge):
    """Layer 1 is silent in the second pass, so its values can learn through the first one's patterns alone."""
    model = bridge()
    plain = model.run_with_cache(tokens())[1]["blocks.1.attn.hook_pattern"]
    with clamped(model, [Ablate(["L1H0", "L1H1", "L1H2"]), PreservePatterns()]):
        with kept(model, "blocks.0.attn.hook_v") as values:
            model(tokens()).square().sum().backward()
        again = model.run_with_cache(tokens())[1]["blocks.1.attn.hook_pattern"]
    torch.testing.assert_close(again, plain)
    assert len(values) == 1 and values[0].grad.abs().max() > 0


def test_induction_attention_looks_after_the_previous_occurrence():
    """x y z x y w x: from the second x to y, from the second y to z, from the third x to the y in fifth place."""
    text = torch.tensor([[3, 5, 7, 3, 5, 9, 3]])
    with clamped(native(), [InductionAttention("L2H1", 0.8)]) as model:
        pattern = model.run_with_cache(text)[1]["blocks.1.attn.hook_pattern"][0]
    own = native().run_with_cache(text)[1]["blocks.1.attn.hook_pattern"][0]
    torch.testing.assert_close(pattern[1, 3], torch.tensor([0.2 / 3, 0.8, 0.2 / 3, 0.2 / 3, 0, 0, 0]))
    torch.testing.assert_close(pattern[1, 4], torch.tensor([0.05, 0.05, 0.8, 0.05, 0.05, 0, 0]))
    assert pattern[1, 6].argmax() == 4
    torch.testing.assert_close(pattern[1, [0, 1, 2, 5]], own[1, [0, 1, 2, 5]])
    torch.testing.assert_close(pattern[[0, 2]], own[[0, 2]])


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_on_the_paper_s_task_the_query_s_induction_attention_is_the_perfect_match(strength):
    opened = lens.open(network(1), features()[0])
    with clamped(opened, [InductionAttention("L2H3", 1.0)]):
        induction = opened(which())
    with clamped(opened, [PerfectMatch("L2H3", 1.0)]):
        torch.testing.assert_close(opened(which()), induction)


def test_perfect_layer_1_on_a_bridge_shifts_what_every_head_s_keys_read():
    """GPT-2's embedding has a part for the position, which belongs to what enters Layer 1."""
    model = gpt2()
    with (
        pytest.raises(ValueError, match=r"blocks.2.hook_k_input: call model.set_use_split_qkv_input\(True\) first"),
        clamped(model, [PerfectLayer1()]),
    ):
        pass
    model.set_use_split_qkv_input(True)
    try:
        with clamped(model, [PerfectLayer1()]):
            seen = model.run_with_cache(tokens())[1]
    finally:
        model.set_use_split_qkv_input(False)
    embedded = seen["hook_embed"] + seen["hook_pos_embed"]
    torch.testing.assert_close(
        seen["blocks.2.attn.hook_k_input"], embedded[:, [0, 0, 1, 2, 3, 4, 6], None].expand(-1, -1, 3, -1)
    )
    torch.testing.assert_close(seen["blocks.2.hook_resid_pre"], embedded)


def test_the_model_is_as_before_afterwards_even_after_an_error():
    model = native()
    before = model(tokens())
    with pytest.raises(RuntimeError, match="mine"), clamped(model, [Ablate("L1H0")]):
        assert (model(tokens()) - before).abs().max() > 1e-3
        model.reset_hooks()  # a user's reset leaves the clamp where it is
        assert (model(tokens()) - before).abs().max() > 1e-3
        raise RuntimeError("mine")
    torch.testing.assert_close(model(tokens()), before)
    assert not any(point.has_hooks() for point in model.hook_dict.values()) and "forward" not in vars(model)


class Deaf(HookedRootModule):
    """A model that shows its pattern after it has used it."""

    def __init__(self):
        super().__init__()
        self.cfg = type("Config", (), {"n_heads": 3})
        self.blocks = torch.nn.ModuleList([torch.nn.Module()])
        self.blocks[0].attn = torch.nn.Module()
        for name in ("pattern", "z"):
            setattr(self.blocks[0].attn, f"hook_{name}", HookPoint())
        self.setup()

    def forward(self, words):
        pattern = torch.ones(1, 3, words.shape[1], words.shape[1]).tril()
        pattern = pattern / pattern.sum(-1, keepdim=True)
        out = self.blocks[0].attn.hook_z(torch.einsum("bhqk,bk->bqh", pattern, words.float())[..., None])
        self.blocks[0].attn.hook_pattern(pattern)
        return out


def test_an_edit_that_a_model_drops_raises():
    with (
        clamped(Deaf(), [PreviousTokenAttention("L1H0")]) as model,
        pytest.raises(ValueError, match="PreviousTokenAttention: Deaf drops what is put at blocks.0.attn.hook_pattern"),
    ):
        model(tokens())
    config = BertConfig(
        num_hidden_layers=1, num_attention_heads=3, hidden_size=12, intermediate_size=8, vocab_size=WORDS
    )
    bert = build_bridge_from_module(BertForMaskedLM(config).eval(), "BertForMaskedLM", hf_config=config)
    with (
        clamped(bert, [PreviousTokenAttention("L1H0")]) as model,
        pytest.raises(ValueError, match="drops what is put at"),
    ):
        model(tokens())


def test_scores_shown_after_the_softmax_are_refused():
    """The native bridge does that; PerfectCopy would read a pattern for scores."""
    with (
        clamped(native(), [PerfectCopy("L3H1")], sequences=lambda words: which()) as model,
        pytest.raises(ValueError, match="not the scores before the softmax"),
    ):
        model(tokens(5))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Ablate("L2H3"), "Ablate: no head L2H3 in this network, which has Layer 1: 0, 1, 2"),
        (Ablate("L9H0"), "no head L9H0"),
        (Ablate("head 3"), "a head is written L2H3"),
        (
            PerfectMatch("L3H0"),
            "needs to know which tokens are labels, and TransformerBridge does not say.*InductionAttention",
        ),
        (PerfectCopy("L3H0"), "needs to know which tokens are labels"),
        (Graft("x"), "needs one of our networks"),
        ("L1H0", "expected clamps such as"),
    ],
)
def test_a_clamp_that_a_model_cannot_have_says_why(given, message):
    with pytest.raises(ValueError, match=message), clamped(native(), [given]):
        pass


def test_what_has_another_shape_or_is_no_lens_model_says_so():
    with pytest.raises(ValueError, match="expected a TransformerLens model"), clamped(torch.nn.Linear(2, 2), []):
        pass
    with (
        pytest.raises(ValueError, match="needs the site blocks.0.attn.hook_v, which Deaf lacks"),
        clamped(Deaf(), [Ablate("L1H0")]),
    ):
        pass
    shared = native(n_key_value_heads=1)
    wrong = r"hook_v should be \(batch token head d_head\) with 3 heads, got \(2, 7, 1, 4\)"
    with (
        clamped(shared, [Ablate("L1H0")]),
        pytest.raises(ValueError, match=rf"Ablate: blocks.0.attn.{wrong}"),
    ):
        shared(tokens())
    with (
        clamped(native(), [PerfectMatch("L3H0")], sequences=lambda words: which()),
        pytest.raises(ValueError, match="2 pairs and a query are 5 tokens, got 7"),
    ):
        native()(tokens(7))
    with clamped(native(), []), pytest.raises(ValueError, match="clamped already"), clamped(native(), []):
        pass


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(clamping) == doctest.TestResults(failed=0, attempted=5)
