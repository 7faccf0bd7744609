"""Direct paths, wiring and composition, against hand-solved networks and against the clamps they stand for."""

import numpy as np
import pytest
import torch

from induction_heads.machinery.store import Trained
from induction_heads.networks import model
from induction_heads.networks.clamps import Ablate, Only, PerfectMatch, PreservePatterns, PreserveValues
from induction_heads.networks.model import Sequences
from induction_heads.papers.singh_2024 import measures, wiring

HEADS, D_MODEL, D_HEAD, LABELS, CLASSES, FEATURES = 3, 13, 2, 7, 5, 11


def network(seed: int = 0) -> model.Parameters:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"W_exemplar": (FEATURES, D_MODEL), "b_exemplar": (D_MODEL,), "W_label": (LABELS, D_MODEL)}
    for block in range(2):
        shapes |= {f"blocks.{block}.{name}": (HEADS, D_MODEL, D_HEAD) for name in ("W_Q", "W_K", "W_V")}
        shapes |= {
            f"blocks.{block}.W_O": (HEADS, D_HEAD, D_MODEL),
            f"blocks.{block}.ln_w": (D_MODEL,),
            f"blocks.{block}.ln_b": (D_MODEL,),
        }
    shapes |= {"ln_final_w": (D_MODEL,), "ln_final_b": (D_MODEL,), "W_U": (D_MODEL, LABELS), "b_U": (LABELS,)}
    return {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name, shape in shapes.items()}


@pytest.fixture
def features():
    return torch.randn(1, CLASSES, FEATURES, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def which():
    """170 sequences: more than one chunk for several networks."""
    generator = torch.Generator().manual_seed(2)
    classes = torch.stack([torch.randperm(CLASSES, generator=generator)[:2] for _ in range(170)])
    labels = torch.stack([torch.randperm(LABELS, generator=generator)[:2] for _ in range(170)])
    match = torch.randint(2, (170,), generator=generator)
    return Sequences(torch.cat([classes, classes.gather(1, match[:, None])], 1)[None], labels[None], match[None])


def keep(layer_1, layer_2):
    return torch.tensor([[[h in layer_1 for h in range(HEADS)], [h in layer_2 for h in range(HEADS)]]])


@pytest.mark.parametrize(
    ("layer_1", "layer_2", "clamps"),
    [
        ((0, 1, 2), (0, 1, 2), ()),
        ((0, 1, 2), (1,), (Only(("L2H1",)),)),
        ((0, 1, 2), (0, 2), (Ablate(("L2H1",)),)),
        ((), (0, 1, 2), (Ablate(("L1H0", "L1H1", "L1H2")), PreservePatterns(), PreserveValues())),
        ((2,), (0,), (Only(("L1H2", "L2H0")), PreservePatterns(), PreserveValues())),
    ],
)
def test_a_direct_path_that_is_cut_is_the_clamp_it_stands_for(layer_1, layer_2, clamps, features, which):
    parameters = model.stored(
        {name: torch.stack([p, q]) for (name, p), q in zip(network(0).items(), network(3).values(), strict=True)}
    )
    cut = measures.direct_paths(parameters, features, which, keep(layer_1, layer_2))
    clamped = measures.each_sequence(parameters, features, which, [clamps, clamps])
    torch.testing.assert_close(cut["logits"][:, 0], clamped["logits"], rtol=0, atol=1e-12)


def test_direct_paths_are_cut_beside_other_clamps(features, which):
    parameters, match = measures.stack([network()]), PerfectMatch("L2H2")
    cut = measures.direct_paths(parameters, features, which, keep((0, 1, 2), (2,)), [[match]])
    clamped = measures.each_sequence(parameters, features, which, [[match, Only(("L2H2",))]])
    torch.testing.assert_close(cut["logits"][:, 0], clamped["logits"], rtol=0, atol=1e-12)
    torch.testing.assert_close(cut["pattern"], clamped["pattern"])


def test_the_wiring_of_a_pair_is_measured_under_the_clamps_of_the_paper(features, which):
    parameters = network()
    table = wiring.wiring(parameters, features, which)
    clamps = [[Ablate(("L1H1",)), PreservePatterns(), Only(("L2H2",))], [Only(("L1H0", "L2H1")), PreserveValues()]]
    found = measures.each_sequence(measures.stack([parameters]), features, which, clamps)
    direct = measures.loss_and_accuracy(found["logits"], which)
    np.testing.assert_allclose(table.loc["patterns", "all but one", 1, 2][["loss", "accuracy"]], direct[0], rtol=1e-6)
    np.testing.assert_allclose(table.loc["values", "only one", 0, 1][["loss", "accuracy"]], direct[1], rtol=1e-6)
    strength = measures.induction_strength(found["pattern"], which)[1, 1]
    assert table.loc[("values", "only one", 0, 1), "strength"] == pytest.approx(strength.item())


def test_preserved_patterns_keep_every_strength(features, which):
    strength = wiring.wiring(network(), features, which).strength
    for head in range(HEADS):
        np.testing.assert_allclose(
            strength.loc["patterns", "all but one", head], strength.loc["patterns", "all", -1], atol=1e-6
        )


def test_a_layer_1_head_that_writes_nothing_feeds_nothing(features, which):
    parameters = network()
    parameters["blocks.0.W_O"][1] = 0
    table = wiring.wiring(parameters, features, which)
    for preserved in wiring.PRESERVED:
        for active in ("all but one", "only one"):
            assert (wiring.effect(table, preserved, active, "loss").loc[1].abs() < 1e-6).all()
            assert (wiring.effect(table, preserved, active, "loss").loc[0].abs() > 1e-6).all()


def test_composition_of_parallel_rank_one_maps_is_one_and_of_orthogonal_ones_zero():
    parameters = {name: torch.zeros_like(p) for name, p in network().items()}
    parameters["blocks.0.W_O"][:, 0, :HEADS] = 2 * torch.eye(HEADS, dtype=torch.float64)  # head i writes direction i
    for letter, shift in zip("QKV", range(3), strict=True):
        for head in range(HEADS):  # head j reads direction j + shift
            parameters[f"blocks.1.W_{letter}"][head, (head + shift) % HEADS, 1] = -5
    expected = torch.stack([torch.eye(HEADS, dtype=torch.float64).roll(shift, 0) for shift in range(3)])
    torch.testing.assert_close(wiring.composition_scores(parameters), expected)


def test_previous_token_heads_are_above_the_threshold_strongest_first():
    attention = torch.tensor([0.2, 0.51, 0.5, 0.9])
    assert wiring.previous_token_heads(attention) == (3, 1)
    assert wiring.previous_token_heads(attention, 0.95) == ()


def test_without_either_layer_only_the_embedding_speaks(features, which):
    parameters = network()
    choices = wiring.layers_disconnected(parameters)
    found = measures.direct_paths(measures.stack([parameters]), features, which, choices[1:2] & choices[2:])
    exemplar = features[0, which.exemplar[0, :, -1]] @ parameters["W_exemplar"] + parameters["b_exemplar"]
    centred = exemplar - exemplar.mean(1, keepdim=True)
    normed = (
        centred / (centred.square().mean(1, keepdim=True) + 1e-5).sqrt() * parameters["ln_final_w"]
        + parameters["ln_final_b"]
    )
    torch.testing.assert_close(found["logits"][0, 0], normed @ parameters["W_U"] + parameters["b_U"])


def test_a_sample_is_drawn_without_replacement(which):
    drawn = measures.sample(which, 100)
    assert drawn.match.shape == (1, 100) and drawn.exemplar.shape == (1, 100, 3)
    rows = {tuple(row) for row in torch.cat([drawn.exemplar, drawn.label, drawn.match[..., None]], -1)[0].tolist()}
    every = {tuple(row) for row in torch.cat([which.exemplar, which.label, which.match[..., None]], -1)[0].tolist()}
    assert rows <= every
    assert measures.sample(which, 1_000).match.sort()[0].equal(which.match.sort()[0])


def test_one_head_left_or_ablated_is_only_and_ablate(features, which):
    one = wiring.one_head(network(), features, which)
    clamped = [(Only(("L2H1",)),), (Ablate(("L2H1",)),), ()]
    logits = measures.each_sequence(measures.stack([network()]), features, which, clamped)["logits"]
    alone, without, whole = measures.loss_and_accuracy(logits, which)[:, 0]
    torch.testing.assert_close(torch.stack([one.alone[1], one.without[1]]), torch.stack([alone, without]))
    assert one.whole == pytest.approx(whole.item()) and one.alone.shape == one.without.shape == (HEADS,)


def test_margins_of_two_sequences_by_hand():
    which = Sequences(
        torch.tensor([[[0, 1, 0], [0, 1, 1]]]), torch.tensor([[[2, 0], [1, 2]]]), torch.tensor([[0, 1]])
    )  # labels 2 and 0, target 2; labels 1 and 2, target 2
    logits = torch.tensor([[[1.0, 0.0, 5.0], [3.0, 4.0, 8.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    found = wiring.margins(logits, which)
    # in context above the rest: (5 + 1) / 2 - 0 and (4 + 8) / 2 - 3; correct above the other: 5 - 1 and 8 - 4
    assert found.tolist() == [[3.0, 4.0], [0.0, 0.0]]


def test_direct_effects_have_the_margins_of_every_checkpoint(features, which):
    class Stored(Trained):
        checkpoints = (0, 64)

        def __init__(self):
            pass

        def at(self, checkpoint):
            return network(checkpoint)

    found = wiring.direct_effects(Stored(), features, which)
    assert list(found.columns.get_level_values(0).unique()) == ["loss", "accuracy", "context", "correct", "strength"]
    at_64 = measures.each_sequence(measures.stack([network(64)]), features, which)
    context, correct = wiring.margins(at_64["logits"], which)[0].tolist()
    strength = measures.induction_strength(at_64["pattern"], which)[0].tolist()
    assert found.loc[64, "strength"].to_dict() == pytest.approx(
        dict(zip(wiring.names(2, range(3)), strength, strict=True))
    )
    assert found.loc[64, ("context", "whole")] == pytest.approx(context)
    assert found.loc[64, ("correct", "whole")] == pytest.approx(correct)


def test_sizes_at_the_label_tokens_are_those_of_embedding_and_layer_1(features, which):
    silent = network()
    silent["blocks.0.W_O"] = torch.zeros_like(silent["blocks.0.W_O"])
    silent["W_label"] = torch.nn.functional.normalize(silent["W_label"], dim=-1) * 3
    sizes = wiring.sizes_at_labels(silent, features, which)
    assert sizes.embedding == pytest.approx(3) and sizes.layer_1 == pytest.approx(0)
    assert wiring.sizes_at_labels(network(), features, which).layer_1 > 0
