"""Automata and their strings: what is possible, what is separate, and distributions that are those of the state."""

import numpy as np
import torch

from induction_heads.networks.tokens import languages
from induction_heads.networks.tokens.generators import HELD_OUT, SEPARATOR, TRAINING
from induction_heads.networks.tokens.languages import SYMBOLS, Automata, Languages, Symbols
from induction_heads.networks.tokens.training import TokenRun, from_plain, plain
from induction_heads.networks.tokens.variants import NGramHeads

RING = Automata(  # state 0 says 1 or 2 and goes to 1 or 2; both go on to 0, by 3 and by 4
    np.array([[[1, 2, 9], [3, 9, 9], [4, 9, 9]]]), np.array([[[1, 2, 0], [0, 0, 0], [0, 0, 0]]]), np.array([[2, 1, 1]])
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_from_a_state_different_symbols_lead_to_different_other_states():
    found = languages.automata(rng(), 500)
    for state in range(languages.FEWEST_STATES):
        symbol, target = found.symbol[:, state], found.target[:, state]
        assert ((1 <= symbol) & (symbol <= SYMBOLS)).all() and (target != state).all()
        assert all(len(set(row)) == 3 for row in symbol.tolist()) and all(len(set(row)) == 3 for row in target.tolist())
    assert set(np.unique(found.degree)) == {1, 2, 3}


def test_no_state_leads_out_of_its_automaton():
    """With four states, every edge of the first four stays among them; in some automata there are eight."""
    found = languages.automata(rng(), 500)
    reached = found.target[:, :4].max((1, 2))
    assert reached.min() == 3 and reached.max() == 7


def test_strings_are_those_of_the_automaton_and_their_distributions_those_of_its_states():
    found = languages.strings(RING, np.zeros(50, dtype=int), rng(), length=40)
    half = torch.zeros(SYMBOLS + 1)
    half[[1, 2]] = 0.5
    for tokens, truth in zip(found.tokens, found.truth, strict=True):
        assert tokens[0] == SEPARATOR
        for before, token, said in zip(tokens[:-1].tolist(), tokens[1:].tolist(), truth[1:], strict=True):
            if token == SEPARATOR:
                assert (said == 0).all()
            elif before in (1, 2):
                assert token == before + 2 and said[token] == 1
            else:
                assert token in (1, 2) and torch.equal(said, half)


def test_strings_have_one_symbol_or_more_and_at_most_19():
    tokens = Languages().tested(1, 64).tokens
    ends = [np.flatnonzero(row == SEPARATOR) for row in tokens.numpy()]
    lengths = np.concatenate([np.diff(each) - 1 for each in ends])
    assert lengths.min() == 1 and lengths.max() == 19


def test_all_strings_up_to_a_length_are_spelled():
    """1, 2, then 13 and 24, each as a number with base 11; what is left is 0."""
    (found,) = languages.spelled(RING, 2)
    codes = np.frombuffer(found, dtype=int)
    assert codes[codes > 0].tolist() == [1, 2, 1 * 11 + 3, 2 * 11 + 4] and len(codes) == 3 + 9


def test_no_language_of_the_tests_is_one_of_training():
    training, held_out = (languages.spelled(languages.known(use)) for use in (TRAINING, HELD_OUT))
    assert len(training) == 4096 and len(held_out) == 128 and not set(training) & set(held_out)


def test_sequences_of_a_stream_are_the_same_each_time_and_others_for_another_seed():
    data = Languages()
    first, again, other = data.block(3, 1).tokens, data.block(3, 1).tokens, data.block(4, 1).tokens
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == (100, 32, 128) and first.max() == SYMBOLS == data.vocabulary - 1
    assert torch.equal(data.held_out(1, 5).tokens, data.tested(1, 5).tokens)


def test_separators_and_the_first_token_are_no_targets():
    assert Symbols().counted(torch.tensor([[3, 4, 0, 5]])).tolist() == [[False, True, False, True]]


def test_a_run_on_languages_is_the_same_when_it_is_read_back():
    run = TokenRun(3, Languages(), 1, variant=NGramHeads((1, 2)), targets=Symbols())
    assert from_plain(plain(run)) == run
