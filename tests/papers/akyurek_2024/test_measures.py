"""Distances, n-grams and matched tokens by hand; runs, criteria, figures and readings go by the numbers given."""

import math
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
import torch

from drawn import checked
from induction_heads.machinery.store import Trained
from induction_heads.networks.tokens.languages import SYMBOLS, Strings
from induction_heads.papers.akyurek_2024 import figures, measures, readings, runs
from induction_heads.papers.akyurek_2024.claims import CLAIMS, TWO_GRAMS
from induction_heads.papers.akyurek_2024.runs import BIGRAM, BOTH, ONE, TWO

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
CAME_TRUE, FAILED = "**The prediction came true:**", "**The prediction failed:**"
NUMBERS = {ONE: 0.58, TWO: 0.28, BIGRAM: 0.3, BOTH: 0.24, TWO_GRAMS: 0.26}
KNOWN = {claim.id: claim for claim in CLAIMS}


def said(*of: dict[int, float]) -> torch.Tensor:
    """One sequence of distributions, by symbol."""
    found = torch.zeros(1, len(of), SYMBOLS + 1)
    for place, shares in enumerate(of):
        for symbol, share in shares.items():
            found[0, place, symbol] = share
    return found


def test_distance_is_half_of_what_differs_and_is_not_asked_at_separators():
    truth = said({1: 0.5, 2: 0.5}, {}, {3: 1.0})
    found = measures.distance(said({1: 1.0}, {4: 1.0}, {3: 1.0}), truth)[0]
    assert found[0] == pytest.approx(0.5) and math.isnan(found[1]) and found[2] == 0


def test_an_answer_is_possible_where_the_state_has_its_symbol():
    truth = said({1: 0.5, 2: 0.5}, {3: 1.0})
    assert measures.possible(said({2: 0.6, 4: 0.4}, {4: 1.0}), truth)[0].tolist() == [1, 0]


def test_n_grams_count_what_came_after_the_same_tokens():
    """0 1 2 1 3 1: after 1 came 2 and 3; after 3 1 nothing yet, so that pairs are asked; symbols so far 1 2 1 3 1."""
    tokens = torch.tensor([[0, 1, 2, 1, 3, 1, 2]])
    assert measures.n_grams(tokens, 1)[0, 6, [1, 2, 3]].tolist() == pytest.approx([0.6, 0.2, 0.2])
    assert measures.n_grams(tokens, 2)[0, 6, [1, 2, 3]].tolist() == pytest.approx([0, 0.5, 0.5])
    assert torch.equal(measures.n_grams(tokens, 3)[0, 6], measures.n_grams(tokens, 2)[0, 6])
    assert measures.n_grams(tokens, 2)[0, 1, 1:].tolist() == pytest.approx([1 / SYMBOLS] * SYMBOLS)


def test_a_context_begins_with_its_string():
    """After the separator always came 4, whatever stood before it."""
    tokens = torch.tensor([[0, 4, 5, 0, 4, 6, 0, 4]])
    for order in (2, 3, 4):
        assert measures.n_grams(tokens, order)[0, 7, 4] == 1


def test_answers_are_read_before_their_token():
    run = runs.models(0)[ONE]
    one = Trained(run, Path(), pd.DataFrame(), run.family.begin(run, None).learnt, 0.0)
    test = Strings(torch.tensor([[0, 4, 5]]), said({}, {4: 1.0}, {5: 1.0}))
    found = measures.answers(one, one.final, test)
    assert (found[0, 0] == 0).all() and torch.allclose(found[0, 1:].sum(-1), torch.ones(2))
    other = measures.answers(one, one.final, test._replace(tokens=torch.tensor([[0, 4, 9]])))
    assert torch.equal(found, other)


def test_matched_tokens_by_hand():
    """7 8 1 7 8 9 8: the query is 8 after 9; before keys 2 and 5 stand 7 8: one token matches."""
    found = measures.suffixes(torch.tensor([[7, 8, 1, 7, 8, 9, 8]]))[0]
    assert found[6].tolist() == [0, 0, 1, 0, 0, 1, -1]
    assert found[4].tolist() == [0, 0, 2, 0, -1, -1, -1]


def test_runs_are_those_of_the_page():
    rows = runs.models(3)
    assert {name: (run.layers, getattr(run.variant, "orders", ())) for name, run in rows.items()} == {
        ONE: (1, ()),
        BIGRAM: (1, (1,)),
        BOTH: (1, (1, 2)),
        TWO: (2, ()),
    }
    assert {run.init_seed for run in rows.values()} == {run.stream_seed for run in rows.values()} == {3}


@pytest.mark.parametrize(
    ("claim", "changed"),
    [
        ("1", {ONE: 0.49}),
        ("1", {TWO_GRAMS: 0.3}),
        ("2", {TWO: 0.44}),
        ("3", {BIGRAM: 0.37}),
        ("3", {ONE: 0.49}),
        ("4", {BOTH: 0.28}),
        ("5", {TWO: 0.2}),
    ],
)
def test_criteria_are_met_and_missed(claim, changed):
    assert KNOWN[claim].holds(NUMBERS) and not KNOWN[claim].holds(NUMBERS | changed)


def curves(last: float) -> list[dict[str, list[float]]]:
    return [{"step": [0.0, 600.0], "TVD": [0.8, last]}] * 2


def test_figures_and_readings_tell_the_numbers():
    networks = {name: [0.5, 0.25] for name in figures.NAMES}
    counted = {order: {"TVD": 0.3, "accuracy": 0.9} for order in "1234"}
    checked(figures.figure_1({"TVD": networks, "accuracy": networks}, counted), figures.figure_1, "0.5, 0.25")
    windows = {name: [np.linspace(0.6, 0.4, 16)] * 2 for name in figures.NAMES}
    checked(figures.figure_2(windows, {"2": windows[ONE][0], "3": windows[ONE][0]}), figures.figure_2, "1 layer 0.40")
    steps = {name: curves(0.3) for name in figures.NAMES}
    checked(figures.figure_3(steps, {"2": 0.26}), figures.figure_3, "0.3, 0.3")
    heads = {0: {"L2H0": [0.5, 0.2, 0.3], "L2H1": [0.8, 0.1, 0.1]}}
    checked(figures.figure_4(heads, [0.8, 0.1, 0.1]), figures.figure_4, "seed 0 0.50", "even 0.20")
    maps = dict.fromkeys(("truth", ONE), np.full((4, SYMBOLS + 1), 0.1))
    checked(figures.figure_5(maps, [1, 0, 2, 3], 88), figures.figure_5, "4 places")


def test_readings_say_failed_where_the_numbers_fail():
    falls = {name: [0.7, 0.3] for name in figures.NAMES}
    assert CAME_TRUE in readings.reading_places(falls, {"2": [0.6, 0.25]})[0]
    assert FAILED in readings.reading_places(falls | {TWO: [0.7, 0.65]}, {"2": [0.6, 0.25]})[0]
    assert CAME_TRUE in readings.reading_steps({TWO: curves(0.4), BOTH: curves(0.3)})[0]
    assert FAILED in readings.reading_steps({TWO: curves(0.2), BOTH: curves(0.3)})[0]
    assert CAME_TRUE in readings.reading_suffixes({0: {"L2H0": [0.5, 0.2, 0.3]}}, [0.8, 0.1, 0.1])[0]
    assert FAILED in readings.reading_suffixes({0: {"L2H0": [0.65, 0.2, 0.15]}}, [0.8, 0.1, 0.1])[0]
    assert "L2H0" in readings.reading_suffixes({0: {"L2H0": [0.5, 0.2, 0.3]}}, [0.8, 0.1, 0.1])[0]
    assert "0.25" in readings.reading_sequence({ONE: [0.5, 0.0, math.nan]})[0]
    added = readings.reading_second_head({BIGRAM: [0.3], BOTH: [0.25]}, {BIGRAM: [0.8], BOTH: [0.9]})[0]
    assert "0.050 nearer" in added and "adds 0.100" in added
    assert "0.90 for n = 2" in readings.reading_accuracy({ONE: [0.5]}, {"2": 0.9})[0]
