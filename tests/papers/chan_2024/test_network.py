"""Data and gate: groups, moved labels, and a mixture worked out by hand."""

import pytest
import torch

from induction_heads.papers.chan_2024 import data, network, transformer
from induction_heads.papers.chan_2024.network import Gate
from induction_heads.papers.chan_2024.transformer import Transformer


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


CENTRE = data.centres(generator())


def test_labels_move_inside_their_group():
    assert data.shifted(torch.tensor([0, 4, 5, 9])).tolist() == [1, 0, 6, 5]


def test_common_classes_have_nine_tenths():
    assert data.probabilities()[:5].sum() == pytest.approx(0.9) and data.probabilities().sum() == pytest.approx(1)


def test_nine_contexts_in_ten_are_of_the_querys_class_and_the_others_of_another():
    found = data.drawn(CENTRE, 4000, 0.1, generator())
    assert (found.shown == found.answer).float().mean() == pytest.approx(0.9, abs=0.02)
    assert (found.answer < 5).float().mean() == pytest.approx(0.9, abs=0.02)


def test_without_noise_items_are_their_centres():
    found = data.drawn(CENTRE, 20, 0.0, generator())
    assert torch.equal(found.query, CENTRE[found.answer]) and torch.equal(found.context, CENTRE[found.shown])
    assert CENTRE.norm(dim=1).tolist() == pytest.approx([1.0] * 10)


def test_moved_labels_are_asked_for_as_they_are_shown():
    found = data.of_group(CENTRE, 1, 20, 0.0, generator(), moved=True)
    assert torch.equal(found.shown, found.answer) and (found.answer >= 5).all()
    own = (found.query @ CENTRE.T).argmax(-1)
    assert torch.equal(data.shifted(own), found.answer)


def test_the_gate_mixes_probabilities():
    g = torch.full((1, 10), 0.1)
    found = network.mixed(torch.tensor([0.25]), g, torch.tensor([3]))[0]
    assert found[3].item() == pytest.approx(0.25 * 0.1 + 0.75) and found[0].item() == pytest.approx(0.025)
    assert found.sum().item() == pytest.approx(1)


@pytest.mark.parametrize(("trust", "moved"), [(50.0, 1.0), (-50.0, 0.0)])
def test_trust_in_weights_errs_where_labels_move_and_trust_in_context_does_not(trust, moved):
    """g by hand: the query's nearest centre."""
    weights = network.layers(64, 10, "g", generator()) | network.layers(128, 1, "a", generator())
    weights["g0"], weights["g1"], weights["g2"] = torch.eye(64), torch.eye(64), 50 * CENTRE.T
    weights["g0 bias"], weights["g1 bias"] = torch.full((64,), 2.0), torch.zeros(64)
    weights["g2 bias"] = -100 * CENTRE.sum(1)  # takes back what the bias of 2 adds
    weights["a2"], weights["a2 bias"] = torch.zeros(64, 1), torch.tensor([trust])
    found = network.errors(weights, data.of_group(CENTRE, 0, 50, 0.0, generator(), moved=True))
    assert found["f"] == moved and found["h"] == 0 and found["g"] == 1


def test_the_same_run_gives_the_same_numbers():
    run = Gate(4, 1, 32, 0.2, tests=10, evaluate_every=2)
    first, second = (network.make(run, lambda steps, loss: None).history for _ in range(2))
    assert first == second and len(first[0]) == len(network.COLUMNS)


def test_a_transformer_whose_heads_read_labels_copies_the_one_shown():
    """Attention is even, values pass on labels alone, and items are nothing: by hand."""
    weights = {name: torch.zeros_like(w) for name, w in transformer.initial(generator()).items()}
    weights |= {f"{name} weight": torch.ones(64) for name in ("attention0", "attention1", "final")}
    weights |= {"label": torch.eye(10, 64), "V0": torch.eye(64), "O0": torch.eye(64), "out": torch.eye(64, 10)}
    given = data.of_group(CENTRE, 1, 20, 0.0, generator(), moved=True)
    assert torch.equal(transformer.logits(weights, given).argmax(-1), given.shown)
    assert transformer.error(weights, given) == 0


def test_item_and_label_of_a_pair_share_a_position_that_the_query_has_not():
    weights = {name: torch.zeros_like(w) for name, w in transformer.initial(generator()).items()}
    weights |= {"final weight": torch.ones(64), "out": torch.eye(64, 10), "position": torch.eye(2, 64)}
    given = data.of_group(CENTRE, 0, 3, 0.0, generator())
    assert transformer.logits(weights, given).argmax(-1).tolist() == [1, 1, 1]  # the query's is the second


def test_a_transformer_has_the_gates_sets_and_the_same_run_the_same_numbers():
    run = Transformer(2, 1, 32, 0.2, tests=10, evaluate_every=2)
    first, second = (transformer.make(run, lambda steps, loss: None).history for _ in range(2))
    assert first == second and len(first[0]) == len(transformer.COLUMNS)
    one, other = (data.of_run(32, 0.2, 10, torch.Generator().manual_seed(1)).training.query for _ in range(2))
    assert torch.equal(one, other)
