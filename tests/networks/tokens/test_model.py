"""The networks of tokens: logits against a network written out here, variants by hand, clamps as elsewhere."""

import math

import pytest
import torch

from induction_heads.networks import clamps
from induction_heads.networks.clamps import (
    Ablate,
    Graft,
    InductionAttention,
    Network,
    PerfectLayer1,
    PerfectMatch,
    PreservePatterns,
    PreviousTokenAttention,
)
from induction_heads.networks.tokens import model
from induction_heads.networks.tokens.variants import (
    PLAIN,
    Momentum,
    NGramHeads,
    ShiftedKeysAndValues,
    SmearedKeys,
    Variant,
    came_after,
)

RUNS, BATCH, TOKENS, VOCABULARY, LENGTH, HEADS, D_HEAD, LAYERS = 3, 7, 11, 13, 17, 5, 2, 2
D_MODEL = HEADS * D_HEAD
VARIANTS = [PLAIN, SmearedKeys(), ShiftedKeysAndValues(), Momentum(0.7), Momentum(0.7, keys_only=True)]
VALUES = "blocks.{}.attn.hook_v"
PATTERN = "blocks.{}.attn.hook_pattern"


def network(seed: int, variant: Variant = PLAIN, layers: int = LAYERS) -> model.Parameters:
    """Double precision; norms and variants are moved away from where they begin."""
    drawn = model.initial(seed, layers, VOCABULARY, LENGTH, D_MODEL, HEADS, variant)
    rng = torch.Generator().manual_seed(seed)
    return {name: p.double() + 0.3 * torch.randn(p.shape, generator=rng).double() for name, p in drawn.items()}


def networks(variant: Variant = PLAIN) -> model.Parameters:
    each = [network(seed, variant) for seed in range(RUNS)]
    return {name: torch.stack([p[name] for p in each]) for name in each[0]}


def tokens(seed: int = 0) -> torch.Tensor:
    return torch.randint(VOCABULARY, (RUNS, BATCH, TOKENS), generator=torch.Generator().manual_seed(seed))


def plain_logits(p: model.Parameters, sequence: list[int], variant: Variant) -> torch.Tensor:
    """One network and one sequence, head by head and query by query, as the module's docstring has it."""

    def norm(x, name):
        centred = x - x.mean()
        return centred / (centred.square().mean() + 1e-5).sqrt() * p[f"{name}_w"] + p[f"{name}_b"]

    stream = [p["W_E"][token] for token in sequence]
    for block in (f"blocks.{layer}." for layer in range(LAYERS)):
        normed = [norm(x, block + "ln") for x in stream]
        placed = [x + position for x, position in zip(normed, p[block + "W_pos"], strict=False)]
        added = [torch.zeros(D_MODEL, dtype=torch.float64) for _ in sequence]
        for h in range(HEADS):
            q, k = ([x @ p[block + name][h] for x in placed] for name in ("W_Q", "W_K"))
            q, k, v = read_by_hand(variant, p, block, h, q, k, [x @ p[block + "W_V"][h] for x in normed])
            for i in range(len(sequence)):
                scores = torch.stack([q[i] @ k[j] / math.sqrt(D_HEAD) for j in range(i + 1)])
                weights = scores.exp() / scores.exp().sum()
                added[i] = added[i] + sum(w * v[j] for j, w in enumerate(weights)) @ p[block + "W_O"][h]
        stream = [x + y for x, y in zip(stream, added, strict=True)]
    return torch.stack([norm(x, "ln_final") @ p["W_U"] for x in stream])


def read_by_hand(variant, p, block, h, q, k, v):
    def before(x, i, first):
        return x[i - 1] if i else first

    n = range(len(k))
    if isinstance(variant, SmearedKeys):
        own = 1 / (1 + (-p[block + "alpha"][h]).exp())
        k = [own * k[i] + (1 - own) * before(k, i, k[0]) for i in n]
    if isinstance(variant, ShiftedKeysAndValues):
        a1, a2, b1, b2 = (p[block + name][h] for name in ("alpha_1", "alpha_2", "beta_1", "beta_2"))
        k, v = [a1 * k[i] + a2 * before(k, i, 0) for i in n], [b1 * v[i] + b2 * before(v, i, 0) for i in n]
    if isinstance(variant, Momentum):
        k = [k[i] + variant.gamma * (k[i] - before(k, i, k[0])) for i in n]
        if not variant.keys_only:
            q = [q[i] + variant.gamma * (q[i] - before(q, i, q[0])) for i in n]
    return q, k, v


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_logits_are_those_of_a_network_written_out(variant):
    together = model.forward(networks(variant), tokens(), variant)["logits"]
    for run, row in ((0, 0), (2, 5)):
        expected = plain_logits(network(run, variant), tokens()[run, row].tolist(), variant)
        torch.testing.assert_close(together[run, row], expected)


def test_sites_have_the_shapes_of_transformer_lens_behind_the_run_axis():
    sites = model.forward(networks(), tokens())
    stream, heads = (RUNS, BATCH, TOKENS, D_MODEL), (RUNS, BATCH, TOKENS, HEADS, D_HEAD)
    pattern = (RUNS, BATCH, HEADS, TOKENS, TOKENS)
    expected = {"hook_embed": stream, "blocks.1.hook_resid_post": stream, "logits": (*stream[:3], VOCABULARY)}
    for block in ("blocks.0.", "blocks.1."):
        expected |= dict.fromkeys((block + "hook_resid_pre", block + "hook_attn_out"), stream)
        expected |= {f"{block}attn.hook_{letter}": heads for letter in "qkvz"}
        expected |= {f"{block}attn.hook_{name}": pattern for name in ("attn_scores", "pattern")}
    assert {site: tuple(here.shape) for site, here in sites.items()} == expected


def test_one_batch_may_be_read_by_all_runs():
    shared = tokens()[:1]
    torch.testing.assert_close(
        model.forward(networks(), shared)["logits"], model.forward(networks(), shared.expand(RUNS, -1, -1))["logits"]
    )


def test_a_token_changes_nothing_before_it():
    changed = tokens()
    changed[..., 6] = (changed[..., 6] + 1) % VOCABULARY
    difference = (model.forward(networks(), changed)["logits"] - model.forward(networks(), tokens())["logits"]).abs()
    assert difference[:, :, :6].max() == 0
    assert difference[:, :, 6:].amax((0, 1, 3)).min() > 1e-3


def test_values_and_the_stream_do_not_see_positions():
    elsewhere = {name: p.flip(1) if name.endswith("W_pos") else p for name, p in networks().items()}
    here, there = model.forward(networks(), tokens()), model.forward(elsewhere, tokens())
    torch.testing.assert_close(here[VALUES.format(0)], there[VALUES.format(0)], rtol=0, atol=0)
    torch.testing.assert_close(here["blocks.0.hook_resid_pre"], there["blocks.0.hook_resid_pre"], rtol=0, atol=0)
    assert (here[PATTERN.format(0)] - there[PATTERN.format(0)]).abs().max() > 1e-2


def test_the_networks_of_the_papers_have_so_many_parameters():
    """4,096 to embed and to unembed, 128 of the last norm; a layer has 5 x 4,096, and 128 of its norm."""
    counts = [sum(p.numel() for p in model.initial(0, layers).values()) for layers in (1, 2, 3)]
    assert counts == [28_928, 49_536, 70_144]


def test_parameters_begin_with_their_standard_deviations():
    drawn = model.initial(0, 1)
    assert drawn["W_E"].std().item() == pytest.approx(1, rel=0.05)
    assert drawn["blocks.0.W_pos"].std().item() == pytest.approx(0.1, rel=0.05)
    for name in ("W_U", *(f"blocks.0.W_{letter}" for letter in "QKVO")):
        assert drawn[name].std().item() == pytest.approx(1 / 8, rel=0.05)


def test_a_seed_begins_alike_with_more_layers_or_a_variant_and_unlike_another_seed():
    one, two, other = model.initial(3, 1), model.initial(3, 2, variant=SmearedKeys()), model.initial(4, 1)
    assert all(torch.equal(p, two[name]) for name, p in one.items())
    assert not torch.equal(one["W_E"], other["W_E"])
    assert not torch.equal(two["blocks.0.W_Q"], two["blocks.1.W_Q"])


def test_smeared_keys_by_hand():
    k = torch.tensor([1.0, 2.0, 4.0]).view(1, 1, 3, 1, 1)
    block = {"alpha": torch.tensor([[math.log(3.0)]])}  # σ = 3/4
    read = SmearedKeys().read(block, k, k, k)
    assert [x.flatten().tolist() for x in read] == [[1, 2, 4], [1, 1.75, 3.5], [1, 2, 4]]


def test_shifted_keys_and_values_by_hand():
    x = torch.tensor([1.0, 2.0, 4.0]).view(1, 1, 3, 1, 1)
    numbers = {"alpha_1": 0.5, "alpha_2": 2.0, "beta_1": 1.0, "beta_2": -1.0}
    read = ShiftedKeysAndValues().read({name: torch.tensor([[n]]) for name, n in numbers.items()}, x, x, x)
    assert [y.flatten().tolist() for y in read] == [[1, 2, 4], [0.5, 3, 6], [1, 1, 2]]


def test_shifting_begins_with_sums_of_one():
    drawn = ShiftedKeysAndValues().initial(5, torch.Generator().manual_seed(0))
    for letter in ("alpha", "beta"):
        assert (drawn[f"{letter}_1"] + drawn[f"{letter}_2"]).tolist() == pytest.approx([1] * 5)
        assert 0 < drawn[f"{letter}_1"].min() < drawn[f"{letter}_1"].max() < 1


def test_an_n_gram_head_looks_at_what_came_after_the_last_n_tokens():
    """1 2 3 1 2 3 1: after 1 came tokens 1 and 4, after 3 1 token 4 alone; the last is not its own successor."""
    sequence = torch.tensor([1, 2, 3, 1, 2, 3, 1])
    assert came_after(sequence, 1)[6].tolist() == [0, 0.5, 0, 0, 0.5, 0, 0]
    assert came_after(sequence, 2)[6].tolist() == [0, 0, 0, 0, 1, 0, 0]
    assert came_after(sequence, 1)[:3].sum() == 0 and came_after(torch.tensor([5, 5]), 1).sum() == 0


def test_n_gram_heads_stand_before_the_first_layer_as_written_out():
    variant = NGramHeads((2, 1))
    p, given = network(0, variant), tokens()[0, :1]
    stream = p["W_E"][given[0]]
    for n in (2, 1):
        norm_w, norm_b, W_a, W_b = (p[f"n_gram_{n}_{name}"] for name in ("ln_w", "ln_b", "W_a", "W_b"))
        normed = torch.nn.functional.layer_norm(stream, (D_MODEL,), norm_w, norm_b)
        stream = stream + came_after(given[0], n).double() @ normed @ W_a + normed @ W_b
    together = {name: torch.stack([one, one]) for name, one in p.items()}
    found = model.forward(together, given[None], variant)["blocks.0.hook_resid_pre"]
    torch.testing.assert_close(found[1, 0], stream)


def test_n_gram_heads_of_no_token_are_refused():
    with pytest.raises(ValueError, match="expected n-gram heads of one token or more, got"):
        NGramHeads((0, 1))


@pytest.mark.parametrize(("keys_only", "queries"), [(False, [1, 4, 8]), (True, [1, 2, 4])])
def test_momentum_by_hand(keys_only, queries):
    x = torch.tensor([1.0, 2.0, 4.0]).view(1, 1, 3, 1, 1)
    q, k, v = Momentum(2.0, keys_only).read({"W_Q": torch.ones(1, 1, 2, 1)}, x, x, x)
    assert (q.flatten().tolist(), k.flatten().tolist(), v.flatten().tolist()) == (queries, [1, 4, 8], [1, 2, 4])


def test_the_loss_of_token_t_is_read_off_the_logits_before_it():
    logits = torch.zeros(2, 1, 3, 5)
    logits[0, 0, 1, 4] = 100.0  # certain, at token 1, that token 2 is a 4
    losses = model.token_losses(logits, torch.tensor([[[2, 3, 4]]]))
    assert losses[0, 0].tolist() == pytest.approx([0, math.log(5), 0])
    assert losses[1, 0].tolist() == pytest.approx([0, math.log(5), math.log(5)])


def test_the_mean_loss_is_over_what_counts():
    losses = torch.tensor([[[0.0, 1, 2], [0, 4, 8]]])
    counted = torch.tensor([[[False, True, False], [False, True, True]]])
    assert model.mean_loss(losses, counted).tolist() == pytest.approx([13 / 3])


def test_sequences_longer_than_the_positions_are_refused():
    with pytest.raises(ValueError, match="at most 17 tokens, which have positions, got 18"):
        model.forward(networks(), torch.zeros(1, 1, LENGTH + 1, dtype=torch.int64))


def under(*given: clamps.Clamp, sequences: torch.Tensor | None = None) -> model.Sites:
    full = Network((tuple(range(HEADS)),) * LAYERS)
    sequences = tokens() if sequences is None else sequences
    return model.clamped(networks(), sequences, clamps.combine([given] * RUNS, [full] * RUNS))


def test_previous_token_attention_stands_in_its_heads_alone():
    pattern, free = under(PreviousTokenAttention("L1H3"))[PATTERN.format(0)], under()[PATTERN.format(0)]
    step_back = torch.eye(TOKENS, dtype=torch.float64).roll(-1, -1)
    step_back[0] = torch.eye(TOKENS, dtype=torch.float64)[0]
    assert torch.equal(pattern[:, :, 3], step_back.expand(RUNS, BATCH, -1, -1))
    assert torch.equal(pattern[:, :, [0, 1, 2, 4]], free[:, :, [0, 1, 2, 4]])


def test_induction_attention_reads_the_tokens():
    sequences = torch.tensor([[[5, 6, 7, 5]]])
    row = under(InductionAttention("L2H1", 0.7), sequences=sequences)[PATTERN.format(1)][0, 0, 1, 3]
    assert row.tolist() == pytest.approx([0.1, 0.7, 0.1, 0.1])


def test_an_ablated_head_with_preserved_patterns_adds_nothing_and_moves_no_pattern():
    free, lost, kept = under(), under(Ablate("L1H2")), under(Ablate("L1H2"), PreservePatterns())
    assert kept["blocks.0.attn.hook_z"][:, :, :, 2].abs().max() == 0
    torch.testing.assert_close(kept[PATTERN.format(1)], free[PATTERN.format(1)])
    assert (lost[PATTERN.format(1)] - free[PATTERN.format(1)]).abs().max() > 1e-3
    assert (kept["logits"] - free["logits"]).abs().max() > 1e-3


def test_runs_with_different_clamps_are_as_each_alone():
    kinds = [(), (Ablate("L1H0"), PreservePatterns()), (PreviousTokenAttention("L1H4"), InductionAttention("L2H1"))]
    full = Network((tuple(range(HEADS)),) * LAYERS)
    together = model.clamped(networks(), tokens(), clamps.combine(kinds, [full] * RUNS))["logits"]
    for run, kind in enumerate(kinds):
        torch.testing.assert_close(together[run], under(*kind)["logits"][run])


@pytest.mark.parametrize(
    ("clamp", "message"),
    [
        (PerfectMatch("L2H0"), "PerfectMatch is for networks of exemplars and labels"),
        (Graft("donor"), "Graft is for networks of exemplars and labels"),
        (PerfectLayer1(), "PerfectLayer1 is for networks of exemplars and labels"),
    ],
)
def test_a_clamp_of_exemplars_and_labels_is_refused(clamp, message):
    full = Network((tuple(range(HEADS)),) * LAYERS)
    combined = clamps.combine([(clamp,)] * RUNS, [full] * RUNS, {"donor": {}})
    with pytest.raises(ValueError, match=message):
        model.clamped(networks(), tokens(), combined)


def test_a_clamp_at_a_site_that_is_not_there_is_refused():
    class Elsewhere(Ablate):
        def sites(self, network):
            return {site.replace("hook_v", "hook_rot_q"): where for site, where in super().sites(network).items()}

    with pytest.raises(ValueError, match=r"no such site .* blocks.0.attn.hook_rot_q \(Elsewhere\)"):
        under(Elsewhere("L1H0"))
