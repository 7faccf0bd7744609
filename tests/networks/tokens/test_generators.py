"""What each generator draws, and that streams are drawn from their seed alone."""

import numpy as np
import pytest
import torch

from induction_heads.networks.tokens.generators import (
    BATCH,
    EVERY_TARGET,
    REP,
    REP_W,
    STEPS_A_BLOCK,
    Duplicate,
    Hapax,
    Mixed,
    Pooled,
    Repeat,
    Snippets,
    Span,
    repeats_a_bigram,
)

N = 211  # sequences
EVERY = [
    REP,
    REP_W,
    Repeat(12, 32, distinct=False, alphabet=(6, 39)),
    Duplicate(20, 3),
    Span(0.3),
    Span(0.3, classes=4),
    Snippets(Span(0.1), backward=0.5),
    Snippets(Span(0.1), backward=0.5, span=7, anywhere=True),
    Mixed(Span(0.1), Snippets(Span(0.1)), steps=70),
    Pooled(Span(0.3), pool=7),
]


def draw(generator, n: int = N, seed: int = 0):
    tokens, copied = generator.draw(np.random.default_rng(seed), n)
    return tokens.numpy(), copied.numpy()


@pytest.mark.parametrize("generator", EVERY, ids=str)
def test_sequences_have_the_length_and_vocabulary_that_are_promised(generator):
    tokens, copied = draw(generator)
    assert tokens.shape == copied.shape == (N, generator.length)
    assert 0 <= tokens.min() and tokens.max() < generator.vocabulary


@pytest.mark.parametrize("generator", EVERY, ids=str)
def test_copied_tokens_have_been_seen(generator):
    tokens, copied = draw(generator)
    assert copied.any()
    for row, where in zip(tokens, copied, strict=True):
        assert all(row[t] in row[:t] for t in np.flatnonzero(where))


def test_a_block_of_different_tokens_is_repeated():
    tokens, copied = draw(REP)
    sizes = 63 - copied.sum(1)  # targets 1..U are not copied
    assert (sizes.min(), sizes.max()) == (8, 32)
    for row, size in zip(tokens, sizes, strict=True):
        assert len(set(row[:size])) == size
        assert (row[size:] == row[:-size]).all()
    assert not copied[np.arange(N), sizes].any() and copied[np.arange(N), sizes + 1].all()


def test_drawing_with_replacement_repeats_tokens_within_a_block():
    tokens, copied = draw(REP_W)
    sizes = 63 - copied.sum(1)
    assert all((row[size:] == row[:-size]).all() for row, size in zip(tokens, sizes, strict=True))
    different = np.mean([len(set(row[:size])) / size for row, size in zip(tokens, sizes, strict=True)])
    # n draws of 64 show 64 (1 - (63/64)^n) on average
    assert different == pytest.approx(np.mean([64 * (1 - (63 / 64) ** n) / n for n in sizes]), abs=0.02)


def test_an_alphabet_limits_the_tokens_of_a_block():
    tokens, _ = draw(Repeat(29, 31, distinct=False, alphabet=(2, 3)))
    assert {len(set(row)) for row in tokens} == {2, 3}
    assert len(np.unique(tokens)) == 64


def test_duplicates_are_in_one_order_and_without_the_separator():
    tokens, copied = draw(Duplicate(5, 3))
    assert (tokens[:, :5] == tokens[:, 5:10]).all() and (tokens[:, :5] == tokens[:, 10:]).all()
    assert all(len(set(row)) == 5 for row in tokens)
    assert set(np.unique(tokens)) == set(range(1, 64))
    assert (copied == ([False] * 6 + [True] * 9)).all()


def test_free_tokens_have_3_806_nats():
    (p,) = Span(0.0).probabilities
    assert p[0] == 0 and p.sum() == pytest.approx(1)
    assert -(p[1:] * np.log(p[1:])).sum() == pytest.approx(3.806, abs=5e-4)
    assert (np.diff(p[1:]) < 0).all() and p[1] / p[32] == pytest.approx(32**0.7)


def test_free_tokens_come_as_often_as_they_should():
    tokens, copied = draw(Span(0.0), 2_003)
    assert not copied.any()
    found = np.bincount(tokens.ravel(), minlength=64) / tokens.size
    assert np.abs(found - Span(0.0).probabilities[0]).max() < 0.004


def test_spans_of_3_to_12_tokens_come_from_at_least_5_back():
    tokens, copied = draw(Span(1.0))  # from token 6 on, one copy after the other
    for row, where in zip(tokens, copied, strict=True):
        starts = np.flatnonzero(~where[6:]) + 6
        lengths = np.diff(starts)
        assert starts[0] == 6 and lengths.min() >= 3 and lengths.max() <= 12
        for start, length in zip(starts[:-1], lengths, strict=True):
            span = row[start : start + length].tolist()
            assert any(row[s : s + length].tolist() == span for s in range(start - 4))


def test_the_classes_are_fixed_permutations_of_the_ranks():
    table = Span(0.3, classes=4).probabilities
    assert (np.sort(table, 1) == np.sort(Span(0.3).probabilities, 1)).all()
    assert len({tuple(row) for row in table}) == 4
    assert (table == Span(0.1, classes=4).probabilities).all()


def test_a_sequence_is_of_one_class():
    generator = Span(0.0, classes=4)
    tokens, _ = draw(generator, 307)
    likelihood = np.log(np.maximum(generator.probabilities, 1e-9))[:, tokens].sum(-1)  # class sequence
    counts = np.bincount(likelihood.argmax(0), minlength=4)
    assert counts.min() > 50
    # A sequence tells its class: its best likelihood is the entropy of a class, not of the mixture.
    assert -likelihood.max(0).mean() / 64 == pytest.approx(3.806, abs=0.03)


@pytest.mark.parametrize(("backward", "direction"), [(0.0, 1), (1.0, -1)])
def test_snippets_come_twice_around_a_separator(backward, direction):
    tokens, copied = draw(Snippets(Span(0.1), backward, span=10))
    snippets = tokens[:, :63].reshape(-1, 21)
    assert (snippets[:, 10] == 0).all()
    assert (snippets[:, 11:] == snippets[:, :10][:, ::direction]).all()
    assert (snippets[:, :10] > 0).all()
    assert (copied[:, :63].reshape(-1, 21) == ([False] * 12 + [True] * 9)).all()


def test_snippets_may_begin_anywhere():
    tokens, copied = draw(Snippets(Span(0.1), anywhere=True), 401)
    first = (tokens == 0).argmax(1)
    assert set(first) == set(range(21))
    for row, where, separator in zip(tokens, copied, first, strict=True):
        expected = [t for s in range(separator, 64, 21) for t in range(s + 2, min(s + 11, 64)) if t >= 11]
        assert np.flatnonzero(where).tolist() == expected
        assert (row[expected] == row[np.array(expected) - 11]).all()


def test_snippets_of_either_direction_are_mixed():
    tokens, _ = draw(Snippets(Span(0.1), 0.25), 401)
    snippets = tokens[:, :63].reshape(-1, 21)
    backward = (snippets[:, 11:] == snippets[:, 9::-1]).all(1).mean()
    assert backward == pytest.approx(0.25, abs=0.05)


def test_the_share_of_snippets_falls_to_nothing():
    mixed = Mixed(Span(0.1), Snippets(Span(0.1)), steps=150, share=0.5)
    first, second = (mixed.block(3, number).tokens for number in (0, 1))
    shares = (torch.cat([first, second])[..., 10] == 0).float().mean(1)  # a separator there: natural tokens are never 0
    assert shares[:10].mean() == pytest.approx(0.5, abs=0.08)
    assert shares[70:80].mean() == pytest.approx(0.25, abs=0.08)
    assert shares[150:].max() == 0


def test_a_pool_is_seen_evenly_and_the_rest_is_fresh():
    pooled = Pooled(Span(0.3), pool=37, share=0.5)
    blocks = torch.cat([pooled.block(2, number).tokens for number in (0, 1)])
    pool = pooled.repeated(2).tokens
    seen = (blocks.flatten(0, 1)[:, None] == pool).all(-1)  # sequence, of the pool
    assert seen.view(2 * STEPS_A_BLOCK, BATCH, 37).sum((1, 2)).tolist() == [16] * (2 * STEPS_A_BLOCK)
    times = seen.sum(0)
    assert times.max() - times.min() <= 1
    assert len(blocks.flatten(0, 1).unique(dim=0)) == 37 + 16 * 2 * STEPS_A_BLOCK


@pytest.mark.parametrize("generator", EVERY, ids=str)
def test_a_block_is_drawn_from_its_seed_and_number_alone(generator):
    later = generator.block(5, 1)
    first = generator.block(5, 0)
    assert later.tokens.shape == (STEPS_A_BLOCK, BATCH, generator.length)
    assert torch.equal(later.tokens, generator.block(5, 1).tokens)
    assert torch.equal(first.copied, generator.block(5, 0).copied)
    for other in (later, generator.block(6, 0)):
        assert not torch.equal(first.tokens, other.tokens)


def test_what_is_held_out_is_not_what_is_trained_on():
    trained = {tuple(row) for row in REP.block(1, 0).tokens.flatten(0, 1).tolist()}
    assert not trained & {tuple(row) for row in REP.held_out(1, 1_000).tokens.tolist()}


def test_hapax_omits_what_an_induction_head_gets_right():
    tokens = torch.tensor([1, 2, 3, 1, 2, 3, 2, 2, 2])
    assert repeats_a_bigram(tokens).tolist() == [False] * 4 + [True, True, False, False, True]
    assert Hapax().counted(tokens).tolist() == [False, True, True, True, False, False, True, True, False]
    assert EVERY_TARGET.counted(tokens).tolist() == [False] + [True] * 8


def test_hapax_omits_most_targets_where_spans_are_copied():
    """61 % of them, as measured earlier with other permutations of the classes."""
    tokens = Span(0.3, classes=4).draw(np.random.default_rng(0), 1_009).tokens
    assert repeats_a_bigram(tokens)[:, 1:].float().mean().item() == pytest.approx(0.61, abs=0.01)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Repeat(9, 8), "blocks of 1 to 64 tokens, got 9 to 8"),
        (lambda: Repeat(8, 65), "blocks of 1 to 64 tokens"),
        (lambda: Repeat(alphabet=(6, 39)), "drawn with replacement"),
        (lambda: Duplicate(64, 2), "expected 1 to 63 tokens"),
        (lambda: Span(1.5), "expected a probability"),
        (lambda: Snippets(Span(0.1), span=32), "spans of at most 31"),
        (lambda: Pooled(REP, pool=0), "at least one sequence"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
