"""What stands at the sites of each clamp."""

import pytest
import torch

from induction_heads.networks import clamps
from induction_heads.networks.clamps import (
    Ablate,
    Graft,
    Network,
    Only,
    PerfectCopy,
    PerfectLayer1,
    PerfectMatch,
    PreservePatterns,
    PreserveValues,
    PreviousTokenAttention,
)
from small import BATCH, RUNS, features, network, networks, sequences

FULL = Network((tuple(range(8)),) * 2)


def under(*clamped: clamps.Clamp, pairs: int = 2, **donors):
    """The sites when every run has these clamps."""
    combined = clamps.combine([clamped] * RUNS, [FULL] * RUNS, donors)
    return clamps.forward(networks(), features(), sequences(pairs=pairs), combined, all_queries=True)


def test_ablated_heads_have_no_values_and_the_others_keep_theirs():
    plain, ablated = under(), under(Ablate(("L1H2", "L1H5")))
    values = ablated["blocks.0.attn.hook_v"]
    assert values[:, :, :, [2, 5]].abs().max() == 0
    torch.testing.assert_close(
        values[:, :, :, [0, 1, 3, 4, 6, 7]], plain["blocks.0.attn.hook_v"][:, :, :, [0, 1, 3, 4, 6, 7]]
    )


def test_only_one_head_is_all_others_ablated():
    others = tuple(f"L2H{h}" for h in range(8) if h != 3)
    torch.testing.assert_close(under(Only(("L2H3",)))["logits"], under(Ablate(others))["logits"])


def test_previous_token_attention_is_one_step_back_and_token_0_sees_itself():
    pattern = under(PreviousTokenAttention(("L1H6",)))["blocks.0.attn.hook_pattern"][0, 0, 6]
    assert pattern.tolist() == [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]


def test_perfect_layer_1_shifts_what_queries_and_keys_read_and_nothing_else():
    sites = under(PerfectLayer1(), pairs=3)
    x = sites["hook_embed"]
    torch.testing.assert_close(sites["blocks.1.hook_k_input"], x[:, :, [0, 0, 1, 2, 3, 4, 6]])
    torch.testing.assert_close(sites["blocks.1.hook_v_input"], x)
    torch.testing.assert_close(sites["blocks.1.hook_resid_pre"], x)


@pytest.mark.parametrize(("strength", "pairs", "other"), [(1.0, 2, 0.0), (0.7, 2, 0.3), (0.4, 3, 0.3)])
def test_perfect_match_divides_the_query_s_attention_among_the_labels(strength, pairs, other):
    plain, clamped = (
        under(*c, pairs=pairs)["blocks.1.attn.hook_pattern"] for c in ((), (PerfectMatch("L2H3", strength),))
    )
    which = sequences(pairs=pairs).match
    row = clamped[:, :, 3, -1]
    assert row[..., ::2].abs().max() == 0
    for pair in range(pairs):
        expected = torch.where(which == pair, strength, other).to(row.dtype)
        torch.testing.assert_close(row[..., 2 * pair + 1], expected)
    torch.testing.assert_close(clamped[:, :, 3, :-1], plain[:, :, 3, :-1])
    torch.testing.assert_close(clamped[:, :, [0, 7]], plain[:, :, [0, 7]])


def test_perfect_copy_makes_scores_the_logits_of_the_labels_in_context():
    sites, batch = under(PerfectCopy("L2H3")), sequences()
    scores = sites["blocks.1.attn.hook_attn_scores"][:, :, 3, -1, 1::2]
    torch.testing.assert_close(sites["logits"].gather(-1, batch.label), scores)
    shown = torch.zeros(RUNS, BATCH, 5, dtype=torch.bool).scatter(-1, batch.label, True)
    assert (sites["logits"][~shown] == clamps.NO_LOGIT).all()


def test_preserved_patterns_are_those_without_the_ablation():
    plain, kept = under(), under(Ablate(("L1H1",)), PreservePatterns())
    for layer in range(2):
        torch.testing.assert_close(
            kept[f"blocks.{layer}.attn.hook_pattern"], plain[f"blocks.{layer}.attn.hook_pattern"]
        )
    lost = under(Ablate(("L1H1",)))["blocks.1.attn.hook_pattern"]
    assert (lost - plain["blocks.1.attn.hook_pattern"]).abs().max() > 1e-3


def test_preserved_values_do_not_bring_an_ablated_head_back():
    plain, kept = under(), under(Ablate(("L1H1",)), PreserveValues())
    assert kept["blocks.0.attn.hook_v"][:, :, :, 1].abs().max() == 0
    torch.testing.assert_close(kept["blocks.1.attn.hook_v"], plain["blocks.1.attn.hook_v"])


def test_a_graft_feeds_layer_2_what_the_other_network_s_layer_1_made():
    donor = network(9)
    grafted = under(Graft("nine"), nine=donor)["blocks.1.hook_resid_pre"]
    alone = clamps.forward({n: p.expand(RUNS, *p.shape) for n, p in donor.items()}, features(), sequences())
    torch.testing.assert_close(grafted, alone["blocks.1.hook_resid_pre"])


def test_runs_with_different_clamps_are_as_each_alone():
    kinds = [(), (PerfectMatch("L2H3", 0.8), Only(("L2H3",))), (PreviousTokenAttention(("L1H0",)), PerfectCopy("L2H1"))]
    combined = clamps.combine(kinds, [FULL] * RUNS)
    together = clamps.forward(networks(), features(), sequences(), combined)["logits"]
    for run, kind in enumerate(kinds):
        torch.testing.assert_close(together[run], under(*kind)["logits"][run])


def test_leaving_out_ablated_heads_changes_nothing():
    kind = (PreviousTokenAttention(("L1H4",)), Only(("L2H3",)), Ablate(("L1H0", "L1H7")))
    small = clamps.active(kind, FULL)
    assert small.heads == ((1, 2, 3, 4, 5, 6), (3,))
    each = [clamps.restrict(network(run), small) for run in range(RUNS)]
    stacked = {name: torch.stack([p[name] for p in each]) for name in each[0]}
    logits = clamps.forward(stacked, features(), sequences(), clamps.combine([kind] * RUNS, [small] * RUNS))["logits"]
    torch.testing.assert_close(logits, under(*kind)["logits"])


def test_heads_are_kept_where_a_clamp_needs_the_unablated_pass_or_names_them():
    assert clamps.active((Only(("L2H3",)), PreserveValues()), FULL) == FULL
    assert 5 in clamps.active((Only(("L2H3",)), PerfectCopy("L2H5")), FULL).heads[1]


@pytest.mark.parametrize(
    ("clamp", "message"),
    [
        (PerfectMatch("L1H2"), "PerfectMatch needs a Layer 2 head, got L1H2"),
        (PerfectCopy("L1H0"), "PerfectCopy needs a Layer 2 head, got L1H0"),
        (Ablate(("L2H8",)), "no head L2H8"),
        (Ablate(("L3H0",)), "no head L3H0"),
        (Only(("head 3",)), "a head is written L2H3"),
    ],
)
def test_a_head_that_is_not_there_is_named(clamp, message):
    with pytest.raises(ValueError, match=message):
        clamps.combine([(clamp,)], [FULL])


def test_a_strength_is_a_probability():
    with pytest.raises(ValueError, match="between 0 and 1, got 1.2"):
        PerfectMatch("L2H3", 1.2)


def test_two_clamps_of_one_site_contradict_each_other():
    with pytest.raises(ValueError, match="both say what stands at"):
        clamps.combine([(PerfectMatch("L2H3"), PerfectMatch("L2H3", 0.5))], [FULL])


def test_roles_become_heads():
    assert clamps.resolve(Only(("strongest", "L2H1")), {"strongest": "L2H6"}) == Only(("L2H6", "L2H1"))
    assert clamps.resolve(PerfectMatch("strongest", 0.3), {"strongest": "L2H6"}) == PerfectMatch("L2H6", 0.3)
