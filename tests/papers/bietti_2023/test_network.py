"""The network: a circuit written into its memories by hand, recall by hand, and what is trained."""

import numpy as np
import pytest
import torch

from induction_heads.papers.bietti_2023 import measures, network
from induction_heads.papers.bietti_2023.data import LENGTH, VOCABULARY, Language, Sequences
from induction_heads.papers.bietti_2023.network import Memory

RUN = Memory(4, 3, width=16, tests=5, evaluate_every=2, maps_at=(0, 2))
STRONG = 50.0


def weights(width: int = 16) -> dict[str, torch.Tensor]:
    return network.initial(width, torch.Generator().manual_seed(1))


def written(relative: bool) -> dict[str, torch.Tensor]:
    """An induction head as sums of outer products, in a width in which all vectors are nearly orthogonal."""
    found = weights(1024)
    E, p, width = found["E"], found["p"], 1024
    if relative:
        found["W_K1"] = STRONG * torch.outer(E.sum(0), p[1]) / width**1.5
    else:
        found["W_K1"] = STRONG * p[1:LENGTH].T @ p[: LENGTH - 1] / width**1.5
    keys = E @ (found["W_O1"] @ found["W_V1"]).T
    found["W_K2"] = 10 * STRONG * E.T @ keys / width**1.5
    read = E @ found["W_V2"].T
    found["W_O2"] = STRONG * found["U"].T @ read
    return found


@pytest.mark.parametrize("relative", [False, True])
def test_an_induction_head_written_by_hand_answers_from_the_context(relative):
    tokens = torch.tensor([[7, 2, 9, 4, 60, 2]])
    shown = Sequences(tokens, tokens.roll(-1, 1), torch.tensor([[False] * 5 + [True]]))
    seen = network.forward(written(relative), shown, relative)
    assert seen.patterns[0][0].diagonal(-1).min() > 0.9
    assert seen.patterns[1][0, 5, 2] > 0.9 and seen.logits.argmax(1).tolist() == [9]


def test_its_memories_are_filled_and_random_ones_are_not():
    for fixed in (True, False):
        assert all(hits.all() for hits in network.memories(written(False), fixed).values())
    sizes = {name: len(hits) for name, hits in network.memories(weights(), False).items()}
    assert sizes == {"W_O2": VOCABULARY, "W_K2": VOCABULARY, "W_K1": LENGTH - 1}
    assert all(hits.float().mean() < 0.3 for hits in network.memories(weights(), False).values())


def test_patterns_look_back_and_sum_to_one():
    shown = Language(0, True).drawn(np.random.default_rng(0), 2, 11)
    for relative in (False, True):
        for pattern in network.forward(weights(), shown, relative).patterns:
            assert (pattern.triu(1) == 0).all() and torch.allclose(pattern.sum(-1), torch.ones(2, 11))


def test_a_place_is_recalled_where_its_own_score_is_largest():
    scores = torch.tensor([[2.0, 1, 0], [3, 1, 0], [0, 1, 2]])
    assert network.recalled(scores).tolist() == [True, False, True]


def test_only_answers_that_the_context_says_are_right():
    test = Sequences(*(torch.tensor([x]) for x in ([0, 1, 0], [1, 0, 1], [False, False, True])))
    logits = torch.nn.functional.one_hot(torch.tensor([1]), VOCABULARY).float()
    assert network.right(logits, test).tolist() == [[False, False, True]]
    assert not network.right(logits.roll(1), test).any()


def test_keys_as_drawn_stay_and_embeddings_always_do():
    made = {
        keys: network.make(Memory(4, 3, width=16, tests=5, keys=keys), lambda s, loss: None) for keys in (True, False)
    }
    drawn = network.initial(16, torch.Generator().manual_seed(3))
    assert torch.equal(made[False].learnt["W_K1"], drawn["W_K1"])
    assert not torch.equal(made[True].learnt["W_K1"], drawn["W_K1"])
    assert not torch.equal(made[False].learnt["W_O2"], drawn["W_O2"])


def test_the_same_run_gives_the_same_numbers_and_keeps_what_figures_show():
    first, second = (network.make(RUN, lambda steps, loss: None) for _ in range(2))
    assert first.history == second.history and len(first.history) == 3
    maps = measures.maps(first.learnt)
    assert list(maps) == [0, 2] and maps[0][0].shape == (LENGTH, LENGTH)
    assert measures.accuracy_by_window(first.learnt).shape == (2 * LENGTH // measures.WINDOW,)


def test_induction_is_attention_to_what_came_after_the_same_token():
    """The last token is 2, as are those at places 0 and 2; 8 came after the one, 5 after the other."""
    pattern = torch.full((5, 5), 0.2)
    tokens, told = torch.tensor([2, 8, 2, 5, 2]), torch.tensor([False] * 4 + [True])
    assert measures.induction(pattern, tokens, told) == pytest.approx(0.4)
