"""The network: its task, a circuit set by hand that solves it, and the coefficients that are read off weights."""

import pytest
import torch

from induction_heads.papers.musat_2025 import network
from induction_heads.papers.musat_2025.network import Induction

RUN = Induction(steps=2, seed=3, pairs=3, rate=1.0, dimension=64, batch=5)


def parts():
    generator = torch.Generator().manual_seed(1)
    rotated = network.rotation(RUN.dimension, generator)
    return rotated, *network.sequences(RUN, rotated, generator)


def test_the_rotation_keeps_lengths_and_turns_nothing_inside_out():
    rotated, *_ = parts()
    assert torch.allclose(rotated @ rotated.T, torch.eye(64), atol=1e-5)
    assert torch.linalg.det(rotated) == pytest.approx(1, abs=1e-3)


def test_the_query_is_the_last_item_and_labels_stand_where_the_rotation_takes_their_items():
    rotated, h0, target = parts()
    assert h0.shape == (5, 7, 128)
    assert torch.equal(h0[:, 6, :64], h0[:, 4, :64]) and torch.equal(target, h0[:, 5, :64])
    assert torch.allclose(h0[:, 3, 64:], h0[:, 2, 64:] @ rotated.T, atol=1e-5)


def circuit(rotated, strength=60.0):
    """Previous token by the rotation, match by layer 1's token, copy of layer 2's token."""
    d, one = len(rotated), torch.eye(len(rotated))
    w1, w2, w3 = torch.zeros(2 * d, 2 * d), torch.zeros(4 * d, 4 * d), torch.zeros(d, 8 * d)
    w1[d:, d:] = strength * rotated
    w2[:d, 2 * d : 3 * d] = strength * one
    w3[:, 4 * d : 5 * d] = one
    return w1, w2, w3


def test_the_three_steps_together_answer_with_the_label():
    rotated, h0, target = parts()
    assert torch.allclose(network.answer(circuit(rotated), h0), target, atol=1e-3)


def test_without_the_match_the_answer_is_the_mean_of_the_context():
    rotated, h0, _ = parts()
    w1, w2, w3 = circuit(rotated)
    assert torch.allclose(network.answer((w1, 0 * w2, w3), h0), h0[:, :6, :64].mean(1), atol=1e-5)


def test_coefficients_of_the_circuit_are_its_strengths_and_hold_all_of_it():
    rotated, *_ = parts()
    found, nineteen, three = network.coefficients(circuit(rotated, 2.0), rotated)
    assert len(found) == len(network.NAMES) == 19
    grown = {name: x for name, x in found.items() if abs(x) > 1e-4}
    expected = {network.ALPHA_3: 2.0, network.BETA_2: 2.0, network.GAMMA_3: 1.0}
    assert grown == {name: pytest.approx(x, abs=1e-4) for name, x in expected.items()}
    assert (nineteen, three) == (pytest.approx(1, abs=1e-4), pytest.approx(1, abs=1e-4))


def test_what_lies_between_tokens_and_positions_is_in_no_direction():
    rotated, *_ = parts()
    w1, w2, w3 = (0 * w for w in circuit(rotated))
    w1[:64, 64:] = 1.0
    _, nineteen, three = network.coefficients((w1, w2, w3), rotated)
    assert nineteen == pytest.approx(0, abs=1e-6) and three == 0


def test_the_strongest_blocks_of_the_circuit_are_its_own():
    rotated, *_ = parts()
    learnt = dict(zip(("W1", "W2", "W3"), circuit(rotated), strict=True))
    found = network.strongest(learnt)
    assert found == {"W1": ("position", "position"), "W2": ("tok", "A tok"), "W3": ("label", "A²tok")}


def test_a_run_begins_at_zero_where_the_loss_is_half_a_length():
    made = network.make(RUN, lambda steps, loss: None)
    first = dict(zip(network.FAMILY.columns, made.history[0], strict=True))
    assert first["steps"] == 0 and first["loss"] == pytest.approx(0.5, rel=0.2)
    assert all(first[name] == 0 for name in network.NAMES)


def test_the_same_run_gives_the_same_numbers():
    again = [network.make(RUN, lambda steps, loss: None).history for _ in range(2)]
    assert again[0] == again[1]
