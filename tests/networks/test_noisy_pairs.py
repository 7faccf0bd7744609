"""Noisy pairs: what each set replaces, and that the network sees what stands in the sequences."""

import numpy as np
import pytest
import torch

from induction_heads.networks import noisy_pairs
from induction_heads.networks.noisy_pairs import SETS, Batch, Classes, NoisyPairs
from induction_heads.networks.tokens.kernels import Flat

CLASSES, LABELS = 44, 11


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


KNOWN = Classes(CLASSES, LABELS)
DRAWN = noisy_pairs.drawn(200, KNOWN, rng())


def test_two_classes_with_different_labels_and_a_query_of_one_of_them():
    assert (DRAWN.shown == DRAWN.classes[:, :2] % LABELS).all() and (DRAWN.shown[:, 0] != DRAWN.shown[:, 1]).all()
    assert (DRAWN.classes[np.arange(200), DRAWN.match] == DRAWN.classes[:, 2]).all()
    assert 60 < DRAWN.match.sum() < 140


def test_labels_that_mean_nothing_are_zero_and_one_in_random_order():
    found = noisy_pairs.relabelled(DRAWN, rng())
    assert (np.sort(found.shown, 1) == [0, 1]).all() and 60 < found.shown[:, 0].sum() < 140
    assert (found.classes == DRAWN.classes).all()


def test_exchanged_labels_stand_beside_the_other_item():
    found = noisy_pairs.flipped(DRAWN)
    assert (found.shown == DRAWN.shown[:, [1, 0]]).all() and (found.match == DRAWN.match).all()
    assert (found.answer != DRAWN.answer).all() and (found.answer == found.shown[np.arange(200), found.match]).all()


def test_where_weights_alone_can_tell_the_querys_class_is_not_shown_and_its_label_is():
    found = noisy_pairs.constrained(DRAWN, KNOWN, rng())
    rows = np.arange(200)
    assert (found.classes[:, :2] != found.classes[:, 2:]).all()
    assert (found.answer == found.classes[:, 2] % LABELS).all()
    replaced = found.classes[rows, found.match] % LABELS
    assert (replaced[:, None] != found.shown).all()


def test_an_item_is_its_class_and_three_tenths_of_noise():
    vectors = np.random.default_rng(1).standard_normal((CLASSES, 64)) / 8
    found = noisy_pairs.items(vectors, DRAWN.classes, rng())
    cosine = torch.cosine_similarity(found, torch.from_numpy(vectors[DRAWN.classes]).float(), dim=-1)
    assert cosine.mean().item() == pytest.approx(1 / 1.09**0.5, abs=0.01)


def test_a_network_that_always_prefers_the_larger_label_is_right_where_it_is_the_answer():
    parameters = noisy_pairs.initial(0, LABELS)
    parameters["ln_final_w"].zero_()
    parameters["ln_final_b"][:, 0] = 1  # so that logits are the first row of W_U
    parameters["W_U"][:, 0] = torch.arange(LABELS).float()
    given = Batch(np.array([[0, 1, 0], [0, 1, 1]]), np.array([[3, 7], [3, 7]]), np.array([0, 1]), np.array([3, 7]))
    features = torch.zeros(2, 3, 64)
    assert noisy_pairs.accuracy(parameters, features, given, of_all=False) == 0.5
    assert noisy_pairs.accuracy(parameters, features, given, of_all=True) == 0


def test_a_network_begins_small_and_trains_all_but_biases_and_positions_of_queries():
    parameters = noisy_pairs.initial(0, LABELS)
    names = noisy_pairs.trained_names(parameters)
    assert {"W_item", "W_pos", "W_E", "W_U", "blocks.1.W_Q", "blocks.0.ln_w", "ln_final_w"} <= set(names)
    assert all(not parameters[name].any() for name in set(parameters) - set(names))
    assert parameters["W_item"].std().item() == pytest.approx(0.02, rel=0.05)


def test_what_a_sequence_is_read_as_follows_its_order():
    """Positions alone tell the first pair from the second: without them their exchange changes nothing."""
    parameters = noisy_pairs.initial(0, LABELS)
    given = Batch(np.array([[0, 1, 0]]), np.array([[3, 7]]), np.array([0]), np.array([3]))
    features = torch.randn(1, 3, 64, generator=torch.Generator().manual_seed(0))
    exchanged = given._replace(shown=given.shown[:, ::-1].copy())
    both = [noisy_pairs.logits(parameters, features, given)]
    both.append(noisy_pairs.logits(parameters, features[:, [1, 0, 2]], exchanged))
    assert not torch.allclose(*both, atol=1e-6)


def test_where_the_query_is_not_shown_neither_is_its_label():
    found = noisy_pairs.drawn(200, KNOWN, rng(), shown=0.0)
    assert (found.answer[:, None] != found.shown).all() and (found.classes[:, :2] != found.classes[:, 2:]).all()


def test_frequent_classes_are_drawn_in_proportion_to_a_power_of_their_rank():
    found = np.bincount(Classes(3, 3, zipf=1.0).drawn(11_000, rng()), minlength=3) / 11_000
    assert found == pytest.approx([6 / 11, 3 / 11, 2 / 11], abs=0.02)


def test_a_run_is_evaluated_on_its_sets_and_gives_the_same_numbers_again():
    asked = NoisyPairs(2, 3, CLASSES, LABELS, tests=20, evaluate_every=2)
    first, second = (noisy_pairs.make(asked, lambda steps, loss: None).history for _ in range(2))
    assert first == second and [row[0] for row in first] == [0, 2] and len(first[0]) == 2 + len(SETS)


def test_the_querys_attention_is_told_to_the_right_label_and_to_the_other():
    """Even attention is a fifth each; pointed at the place of the first label it is the share of its answers."""
    asked = NoisyPairs(1, 0, CLASSES, LABELS, tests=40)
    parameters = {name: each[0] for name, each in noisy_pairs.initial(0, LABELS).items()}
    for name in ("blocks.0.W_Q", "blocks.0.W_K", "blocks.1.W_Q"):
        parameters[name].zero_()
    even = noisy_pairs.attention_to_labels(asked, parameters, "constrained")
    assert list(even) == [f"L{layer}H{head}" for layer in (1, 2) for head in range(4)]
    assert even["L1H2"] == even["L2H0"] == (pytest.approx(0.2), pytest.approx(0.2))
    match = noisy_pairs.sets_of(asked)[0].tests["constrained"].match
    _point_at_place_1(parameters)
    right, other = noisy_pairs.attention_to_labels(asked, parameters, "constrained")["L1H0"]
    assert right == pytest.approx((match == 0).mean(), abs=1e-3) and right + other == pytest.approx(1, abs=1e-3)


def _point_at_place_1(parameters):
    """The stream is positions alone; a head of layer 1 looks at the second."""
    for name in ("W_item", "W_E", "W_pos"):
        parameters[name].zero_()
    parameters["W_pos"][range(5), range(5)] = 1.0
    parameters["blocks.0.W_Q"][0, 4, 0] = 100.0
    parameters["blocks.0.W_K"][0, 1, 0] = 10.0


def test_what_is_learnt_is_the_answer_read_at_the_query():
    flat = Flat([{name: each[0] for name, each in noisy_pairs.initial(0, LABELS).items()}])
    given = noisy_pairs.drawn(5, KNOWN, rng())
    features = noisy_pairs.items(np.random.default_rng(1).standard_normal((CLASSES, 64)), given.classes, rng())
    leaves = {name: p.detach().requires_grad_() for name, p in flat.views().items()}
    logits = noisy_pairs.logits(leaves, features, given)
    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(given.answer))
    names = noisy_pairs.trained_names(leaves)
    through = dict(zip(names, torch.autograd.grad(expected, [leaves[name] for name in names]), strict=True))
    loss, found = noisy_pairs.gradient(flat, features, given)
    torch.testing.assert_close(loss, expected.detach()[None])
    for name, here in flat.views(found).items():
        torch.testing.assert_close(here, through.get(name, torch.zeros_like(here)))
