"""The figures of the appendix: each has its function's name, says in words what it shows, and goes by the numbers "
"given."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from induction_heads.papers.singh_2024 import measures, runs
from induction_heads.papers.singh_2024.figures import (
    ablations,
    direct_effects,
    grafting,
    match_strength,
    previous_token_heads,
    progress_measures,
    wiring,
)

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("style")
SEEN = np.array([0, 1_000, 2_000, 3_000])
HEADS = np.arange(8)


def history(end: float = 0.01) -> pd.DataFrame:
    loss = np.geomspace(2.0, end, len(SEEN))
    sets = {f"{name}_loss": loss for name in ("train", "unseen_classes", "held_out_label_pairs")}
    return pd.DataFrame({"sequences": SEEN} | sets)


def checked(drawing, function, *words: str):
    """The drawing, when it is named as its function and its words say this."""
    drawing.figure.draw_without_rendering()
    assert drawing.name == function.__name__
    assert drawing.title and drawing.caption.endswith(".") and drawing.alternative.endswith(".")
    for word in words:
        assert word in drawing.alternative
    return drawing


ROWS_7 = {name: history() for name in ("no clamp", "Layer 1 of seed 5", "Layer 1 of seed 6", "Layer 1 of seed 7")}
ROWS_8 = {
    "no clamp": (),
    "strongest previous-token head": ("L1H4",),
    "weakest previous-token head": ("L1H3",),
    "three heads": ("L1H4", "L1H2", "L1H5"),
    "all heads": tuple(f"L1H{h}" for h in range(8)),
}


def test_figure_7():
    learning = measures.learning(ROWS_7)
    own = "Layer 1 of seed 6"
    checked(grafting.figure_7(ROWS_7, learning, own), grafting.figure_7, "Layer 1 of seed 6 (its own), frozen")
    checked(grafting.figure_7_start(ROWS_7, own), grafting.figure_7_start, "no graft 2.00")


def test_the_papers_runs_of_figure_7_stand_beside_ours_of_the_same_role():
    five, six, seven = (f"Layer 1 of seed {seed}" for seed in (5, 6, 7))
    assert grafting.as_ours(ROWS_7, six) == {"no clamp": "no clamp", five: six, six: five, seven: seven}
    assert all(theirs == ours for theirs, ours in grafting.as_ours(ROWS_7, five).items())

    def shown(own):
        axes = grafting.figure_7_start(ROWS_7, own).figure.axes[0]
        return {line.get_ydata()[0]: line.get_xdata()[0] for line in axes.lines if line.get_marker() == "D"}

    rows = list(ROWS_7)
    assert shown(five)[rows.index(five)] == shown(six)[rows.index(six)]  # its own Layer 1 stands beside our own


def test_figure_8():
    rows = {name: history() for name in ROWS_8}
    learning = measures.learning(rows)
    drawn = previous_token_heads.figure_8(rows, ROWS_8, learning, 3_000)
    checked(drawn, previous_token_heads.figure_8, "the head that attends there least (L1H3)")
    legend = drawn.figure.axes[0].get_legend()
    assert "the paper" not in [text.get_text() for text in legend.get_texts()]
    assert "the paper" in legend.get_title().get_text()
    checked(
        previous_token_heads.figure_8_unseen(rows, ROWS_8, 3_000), previous_token_heads.figure_8_unseen, "heads 0.010"
    )


def test_the_heads_of_figure_8_have_the_colours_of_the_rows_that_clamp_them():
    drawn = previous_token_heads.figure_8_heads(np.linspace(0.1, 0.8, 8), ROWS_8, 5)
    checked(drawn, previous_token_heads.figure_8_heads, "L1H7 0.80")
    colours = [patch.get_facecolor() for patch in drawn.figure.axes[0].patches]
    assert colours[2] == colours[5] and colours[0] == colours[1] == colours[6] == colours[7]
    assert len({colours[h] for h in (0, 2, 3, 4)}) == 4


def test_figure_10():
    clamped = {name: history(0.001) for name in runs.CONTRASTED}
    drawn = progress_measures.figure_10(history(), clamped, clamped, 3_000)
    checked(drawn, progress_measures.figure_10, "match 0.001 and 0.001")
    table = progress_measures.Learning(measures.learning(clamped), measures.learning(clamped))
    drawn = progress_measures.figure_10_seeds({5: table, 7: table}, table)
    checked(drawn, progress_measures.figure_10_seeds, "2 seeds")


def test_table_1():
    attention = np.array([0.1, 0.9, 0.2, 0.7, 0.3, 0.4, 0.05, 0.6])
    drawn = wiring.figure_previous_token_heads(attention, (1, 3, 7))
    checked(drawn, wiring.figure_previous_token_heads, "L1H1 0.90, L1H3 0.70, L1H7 0.60", "3 lie above")
    keys = [(group, kept) for group in ("previous-token heads", "other heads") for kept in ("patterns", "values")]
    table = pd.DataFrame({"accuracy": [0.99, 0.7, 0.4, 0.98], "the paper": 0.5}, pd.MultiIndex.from_tuples(keys))
    checked(wiring.table_1_bars(table), wiring.table_1_bars, "other heads ablated, patterns preserved 0.400")
    cut = wiring.table_1_cut({2: table.accuracy, 3: table.accuracy / 2}, 3)
    checked(cut, wiring.table_1_cut, "previous-token heads ablated, values preserved 0.35")


def test_figure_11_frames_the_wires():
    worth = np.zeros((8, 8))
    worth[1, 2], worth[6, 5] = 0.06, -0.3
    effects = {
        (kept, active): pd.DataFrame(worth if kept == "values" else 0 * worth)
        for kept in ("values", "patterns")
        for active in ("all but one", "only one")
    }
    drawn = wiring.figure_11(effects, (1,), 0.05)
    checked(drawn, wiring.figure_11, "1 through patterns, 0 through values")
    assert [len(ax.patches) for ax in drawn.figure.axes[:4]] == [1, 0, 0, 0]
    assert [text.get_text() for text in drawn.figure.axes[0].texts] == ["0.06", "-0.30"]
    checked(wiring.figure_11_wires(effects, (1,), 0.05), wiring.figure_11_wires, "L1H1 to L2H2", "none")
    scores = dict.fromkeys("QKV", np.linspace(0.1, 0.2, 64).reshape(8, 8))
    told = {"Q": 0.1, "K": -0.25, "V": 0.5}
    checked(wiring.figure_11_scores(scores, effects, (1,), told, 0.05), wiring.figure_11_scores, "K -0.25")
    checked(wiring.figure_11_composition(scores, scores, (1,)), wiring.figure_11_composition, "Q 0.150 and 0.150")


def test_figure_12():
    columns = {"whole": [2.0, 1.0, 0.1], "no Layer 1": [2.0, 1.2, 0.15], "no Layer 2": [2.0, 1.5, 1.1]}
    loss = pd.DataFrame(columns, index=[0, 5_000, 9_000])
    for published in (False, True):
        drawn = direct_effects.figure_12(loss, 7_000.0, {7: loss / 2, 8: loss / 3}, published=published)
        checked(drawn, direct_effects.figure_12, "Layer 1 0.200 at most, at 5,000, and 0.0500 at the end")
        assert ("the paper" in drawn.caption) == published
    key = [text.get_text() for text in drawn.figure.axes[0].get_legend().get_texts()]
    assert "ours, seeds 7, 8" in key
    checked(direct_effects.figure_12_log(loss, 7_000.0), direct_effects.figure_12_log, "worth 0.0500")
    effects = pd.concat({"context": -loss, "correct": -loss}, axis=1)
    checked(direct_effects.figure_12_logits(effects, 7_000.0), direct_effects.figure_12_logits, "0.20 at most")


def test_figures_13_and_14():
    strength, alone = HEADS / 10, 2 - HEADS / 5
    checked(ablations.figure_13(strength, alone, alone / 10, 0.01), ablations.figure_13, "L2H7 0.70, 0.600, 0.0600")
    first = np.array([0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.04, 0.06])
    drawn = ablations.figure_14((7, 6, 5, 4, 3, 2, 1, 0), first, first[:7], 0.06)
    checked(drawn, ablations.figure_14, "Steps that raise the loss: 1 of 7 and 0 of 6")


def test_figure_15():
    strengths = np.array([0.0, 0.3, 0.5, 1.0])
    rows = {s: history(0.01 + s) for s in strengths}
    drawn = match_strength.figure_15(rows, 3_000)
    checked(drawn, match_strength.figure_15, "4 strengths", "training set 0.010, 0.510, 1.010")
    key = [text.get_text() for text in drawn.figure.axes[0].get_legend().get_texts()]
    assert key[1:] == ["s = 1", "s = 0.5", "s = 0"]
    learning = measures.learning(rows)
    final = dict.fromkeys(match_strength.SETS, strengths + 0.1)
    checked(match_strength.figure_15_summary(learning, final), match_strength.figure_15_summary, "training set 1.10")
    shares = dict.fromkeys(match_strength.ANSWERS, np.full(4, 1 / 3))
    drawn = match_strength.figure_15_answers(strengths, shares)
    checked(drawn, match_strength.figure_15_answers, "the right label 33% at 0 and 33% at 1")
