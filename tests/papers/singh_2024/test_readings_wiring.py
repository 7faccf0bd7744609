"""The readings of table 1 and figure 11 say what the numbers say, also where they go against the prediction."""

import itertools

import numpy as np
import pandas as pd

from induction_heads.papers.singh_2024.published import paper_table
from induction_heads.papers.singh_2024.readings import wiring as readings
from induction_heads.papers.singh_2024.wiring import AtLabels

KEYS = [(group, kept) for group in ("previous-token heads", "other heads") for kept in ("patterns", "values")]
PAPER = (0.9985, 0.699, 0.343, 0.993)


def table(*accuracies: float) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(KEYS, names=["ablated", "preserved"])
    return pd.DataFrame({"accuracy": accuracies, "the paper": PAPER}, index=index)


def test_the_published_table_is_the_papers():
    found = paper_table("1").set_index(["ablated", "preserved"]).accuracy
    assert tuple(found[key] for key in KEYS) == PAPER


def test_heads_near_the_threshold_fail_the_prediction():
    clear = np.array([0.9, 0.8, 0.1, 0.2, 0.45])
    assert "came true" in readings.reading_previous(clear, 0.5)[0]
    assert "between 0.45 and 0.80" in readings.reading_previous(clear, 0.5)[1]
    assert "failed" in readings.reading_previous(np.array([0.9, 0.55, 0.45, 0.42, 0.1]), 0.5)[0]
    text = " ".join(readings.reading_previous(np.array([0.1, 0.2, 0.3]), 0.5))
    assert "failed" in text and "No head is a previous-token head" in text


def test_table_1_needs_both_differences():
    good = readings.reading_table_1(table(*PAPER))
    assert "came true" in good[0] and good[1] == "Their order is that of the paper's Table 1."
    assert "failed" in readings.reading_table_1(table(0.99, 0.92, 0.34, 0.98))[0]
    assert "failed" in readings.reading_table_1(table(0.99, 0.7, 0.95, 0.98))[0]
    assert readings.reading_table_1(table(0.98, 0.7, 0.34, 0.99))[1].startswith("Their order is not that")
    assert "are equal" in readings.reading_table_1(table(0.99, 0.7, 0.34, 0.99))[1]


def test_values_that_need_layer_1_refute_that_labels_stand_in_their_tokens():
    sizes = AtLabels(embedding=0.15, layer_1=6.0)
    assert "came true" in readings.reading_values(0.97, 5, sizes)[0]
    partly = readings.reading_values(0.6, 5, sizes)
    assert "failed" in partly[0] and "40 times as long" in partly[1] and "two ways" in partly[2]
    nothing = readings.reading_values(0.21, 5, sizes)
    assert "failed" in nothing[0] and "without it nothing is copied" in nothing[2]


def test_no_place_of_the_line_that_parts_the_groups_fails():
    good, bad = table(*PAPER).accuracy, table(0.94, 0.7, 0.34, 0.993).accuracy
    assert "came true:** for k = 2 " in readings.reading_cut({2: good, 3: bad}, 3)[0]
    assert "failed:** for no k" in readings.reading_cut({2: bad, 3: bad}, 3)[0]


def effects(lost: np.ndarray) -> dict:
    frame, nothing = pd.DataFrame(lost), pd.DataFrame(np.zeros((8, 8)))
    conditions = itertools.product(("values", "patterns"), ("all but one", "only one"))
    return dict.fromkeys(conditions, nothing) | {("values", "all but one"): frame}


def test_private_lines_are_not_many_to_many():
    private = readings.reading_11(effects(0.3 * np.eye(8)), (2, 3), 0.05)
    assert "failed:** 0 Layer 1 heads" in private[0] and "have 25 % of all that is lost" in private[1]
    shared = np.zeros((8, 8))
    shared[:2, :3] = 0.2
    assert "came true:** 2 Layer 1 heads" in readings.reading_11(effects(shared), (0,), 0.05)[0]


def test_scores_that_tell_the_wiring_fail_the_prediction():
    poor, before = {"Q": -0.1, "K": 0.5, "V": 0.3}, {"Q": 0.0, "K": 0.1, "V": 0.0}
    text = readings.reading_scores(poor, before)
    assert "came true" in text[0] and "leaves 75 % of the variance" in text[1]
    assert "failed" in readings.reading_scores(poor | {"V": -0.75}, before)[0]
