"""The ledger's distances by hand; readings of its causes say what is confirmed, what is not, and what is not known."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from induction_heads.machinery.ledger import Claim, Verdict
from induction_heads.machinery.store import Trained
from induction_heads.papers.singh_2024 import causes, many_seeds, margins, runs
from induction_heads.papers.singh_2024.readings import claims as readings
from induction_heads.papers.singh_2024.study import Study


def above_a_quarter(numbers):
    return numbers["share"] >= 0.25


def test_a_margin_is_the_factor_to_the_bar_on_either_side():
    assert margins.margin(above_a_quarter, {"share": 0.2}) == pytest.approx(1.25, rel=0.01)
    assert margins.margin(above_a_quarter, {"share": 0.4}) == pytest.approx(1.6, rel=0.01)


def test_a_margin_is_that_of_the_number_that_is_nearest():
    def both(numbers):
        return numbers["share"] >= 0.25 and numbers["loss"] < 0.05

    assert margins.margin(both, {"share": 0.4, "loss": 0.04}) == pytest.approx(1.25, rel=0.01)


def test_counts_change_by_ones():
    assert margins.margin(lambda n: n["heads"] == 8, {"heads": 8.0}) == pytest.approx(9 / 8)
    assert margins.margin(lambda n: n["heads"] >= 7, {"heads": 8.0}) == pytest.approx(8 / 6)


def test_what_no_number_changes_is_as_far_as_can_be():
    assert margins.margin(lambda n: n["lost"] < 0.005, {"lost": 0.0}) == margins.FURTHEST
    assert margins.margin(lambda n: n["learnt"] < 10, {"learnt": float("inf")}) == margins.FURTHEST


def found(**by_claim: list[tuple[bool, float]]) -> pd.DataFrame:
    rows = [(c, 5 + i, held, m) for c, seeds in by_claim.items() for i, (held, m) in enumerate(seeds)]
    return pd.DataFrame(rows, columns=["claim", "seed", "holds", "margin"])


def test_a_hair_has_to_be_one_for_every_seed_that_misses():
    ledger = found(a=[(False, 1.05), (True, 1.9)], b=[(False, 1.05), (False, 1.2)], c=[(True, 1.01)])
    assert margins.by_a_hair(ledger) == ["a"]
    text = " ".join(readings.reading_margins(ledger, ["a"]))
    assert "2 of 3 claims miss" in text and "a misses by a hair" in text
    assert "more in some seed: b." in text and "those that hold, c does" in text


def test_verdicts_become_a_row_a_seed():
    claim = SimpleNamespace(id="x", holds=above_a_quarter)
    verdict = SimpleNamespace(claim=claim, by_seed={5: False, 6: True}, numbers={5: {"share": 0.2}, 6: {"share": 0.3}})
    table = margins.margins([verdict])
    assert table.holds.tolist() == [False, True] and table.margin.round(1).tolist() == [1.3, 1.2]


def test_plateau_claims_that_miss_no_more_often_fail_the_prediction():
    more = found(a=[(False, 1.5)], b=[(True, 1.5)], c=[(True, 1.5)])
    (text,) = readings.reading_grid(more, ["a", "b"])
    assert "**The prediction came true:** the 2 claims" in text and "miss for 50 %" in text and "others for 0 %" in text
    (text,) = readings.reading_grid(more, ["b"])
    assert "**The prediction failed:** the 1 claims" in text and "miss for 0 %" in text and "others for 50 %" in text


def shares(here: list[float], there: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"here": here, "there": there}, index=range(5, 5 + len(here)))


def test_data_on_which_every_seed_waits_longer_are_confirmed():
    confirmed, sentences = readings.reading_data(shares([0.2, 0.22], [0.35, 0.4]), "glyphs", "characters")
    text = " ".join(sentences)
    assert confirmed and "**Confirmed: glyphs makes the plateau short.**" in text
    assert "a plateau in none of 2 seeds; on characters 0.35 to 0.40, in all 2 seeds" in text
    assert "in all 2 seeds, by +0.16" in text  # the median of .15 and .18


def test_data_that_change_less_than_seeds_do_are_not_confirmed():
    confirmed, sentences = readings.reading_data(shares([0.2, 0.4], [0.22, 0.43]), "glyphs", "characters")
    assert not confirmed and "change less than the seed does" in " ".join(sentences)


def test_data_on_which_no_seed_waits_longer_explain_no_miss_here():
    confirmed, sentences = readings.reading_data(shares([0.3, 0.31], [0.2, 0.2]), "characters", "glyphs")
    assert not confirmed and "it is glyphs that makes the plateau short" in " ".join(sentences)


def verdict(id: str, held: dict[int, bool]) -> Verdict:
    numbers = {seed: {"met": float(yes)} for seed, yes in held.items()}
    return Verdict(Claim(id, *["words"] * 5, lambda n: n["met"] == 1, lambda study, seed: {}), numbers)


def test_seeds_in_view_that_hold_more_often_fail_the_prediction():
    lucky = verdict("2", {5: True, 6: True, 10: False, 11: False})  # a half of all, none without 5 and 6
    (text,) = readings.reading_elsewhere([lucky], [5, 6], [], [])[:1]
    assert "**The prediction failed:**" in text and "changes by more than 50 % (2)" in text
    even = verdict("2", {5: True, 6: False, 10: True, 11: False})
    assert "**The prediction came true:**" in readings.reading_elsewhere([even], [5, 6], [], [])[0]


def test_the_table_of_shares_counts_all_seeds_those_not_drawn_and_other_data():
    here = [verdict("2", {5: True, 6: True, 10: True, 11: False}), verdict("7", {5: True})]
    table = many_seeds.compared(here, [5, 6], [verdict("2", {5: False})])
    assert [cell.split(" (")[0] for cell in table.loc["2"][1:]] == [
        "holds in part: 3 of 4",
        "holds in part: 1 of 2",
        "does not hold here: 0 of 1",
    ]
    assert list(table.loc["7"][2:]) == ["–", "–"]


def test_a_verdict_about_the_circuit_that_other_data_change_fails_the_prediction():
    here, there = verdict("2", {5: True, 10: True}), verdict("2", {5: False, 10: False})
    assert "**The prediction failed:** 0 of 1 claims" in readings.reading_elsewhere([here], [5], [there], [])[1]
    text = readings.reading_elsewhere([here], [5], [there], ["2"])[1]
    assert "**The prediction came true:** 0 of 1 claims" in text and text.endswith("another one: 2.")
    assert readings.reading_elsewhere([here], [5], [], [])[1] == "Nothing was measured on other data."


def test_without_other_data_nothing_is_known():
    confirmed, (text,) = readings.reading_data(shares([0.2], [float("nan")]), "glyphs", "characters")
    assert confirmed is None and "not known" in text


def test_heads_alone_train_no_further_than_is_planned(monkeypatch):
    """Whole, the runs of the seeds that no figure draws would take longer than all notebooks."""
    history = pd.DataFrame({"sequences": [0, 5_000, 10_000], "train_loss": [1.6, 0.7, 0.2]})
    asked = []

    class Asked(Study):
        def __init__(self):
            pass

        def results(self, result, seed=5, until_learnt=False):
            asked.append((result, seed, until_learnt))
            rows = runs.result(result).of(seed, until_learnt)
            return {name: Trained(run, Path(), history, None, 0.0) for name, run in rows.items()}

    monkeypatch.setattr(causes, "at_the_end", lambda study, seed: SimpleNamespace(strength=np.arange(8)))
    found = causes.of_strongest(Asked(), (5, 6))
    assert asked == [("4b", 5, True), ("4b", 6, True)]
    assert len(found) == 16 and set(found[found.strongest]["head"]) == {7}


def alone(*rows: tuple[int, bool, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["seed", "strongest", "learnt", "share"])
    return table.assign(head=table.groupby("seed").cumcount())


def test_a_strongest_head_that_waits_least_is_a_selection():
    heads = alone((5, True, 10.0, 0.2), (5, False, 20.0, 0.3), (5, False, 30.0, 0.4))
    places = causes.ranks_of_strongest(heads)
    assert places.to_dict() == {5: 1}
    confirmed, sentences = readings.reading_strongest(heads, places)
    text = " ".join(sentences)
    assert confirmed and "2 of 2 of the other heads" in text and "0 of 1 of the strongest" in text


def test_a_strongest_head_that_is_slow_is_not():
    heads = alone((5, True, 40.0, 0.2), (5, False, 20.0, 0.3), (5, False, 30.0, 0.4))
    confirmed, sentences = readings.reading_strongest(heads, causes.ranks_of_strongest(heads))
    assert not confirmed and "**Not confirmed:**" in " ".join(sentences) and "places 3 of 3" in " ".join(sentences)


def groups(met: dict[int, bool], chosen: int) -> pd.DataFrame:
    rows = [(7, size, size == chosen, held) for size, held in met.items()]
    return pd.DataFrame(rows, columns=["seed", "heads", "chosen", "table-1"])


def test_a_miss_that_another_line_mends_is_the_threshold():
    confirmed, sentences = readings.reading_grouping(
        groups({2: False, 3: True, 4: True}, 2), ["table-1"], {"table-1": [7]}
    )
    text = " ".join(sentences)
    assert confirmed and "misses for 1 seed;" in text and "by seed: 7 (2 → 3, 4)." in text and "mends 1 of 1" in text


def test_a_miss_that_no_line_mends_is_not():
    confirmed, sentences = readings.reading_grouping(groups({2: False, 3: False}, 2), ["table-1"], {"table-1": [7]})
    text = " ".join(sentences)
    assert not confirmed and "met with no number of heads for seed 7 (2 heads)." in text and "not known" in text


def test_nothing_missed_confirms_nothing():
    confirmed, (text,) = readings.reading_grouping(groups({2: True}, 2), ["table-1"], {"table-1": []})
    assert not confirmed and "nothing to explain" in text


def test_what_no_confirmed_cause_covers_is_called_not_known():
    text = " ".join(readings.reading_unknown(["1", "3", "6"], {"1", "11"}, ["6"]))
    assert "covers 1." in text and "Not known is why 3 and 6 miss" in text and "Of these 6 does so by a hair" in text
    assert "every claim that misses belongs" in " ".join(readings.reading_unknown(["1"], {"1"}, [])).lower()


def test_shares_of_a_straight_line_are_a_sixth_and_of_a_wait_more():
    """A straight line from ln 2 to 0.4 ln 2 loses a tenth of itself slowest at its top: a tenth over six tenths."""
    loss = [0.6931, 0.27726]
    straight = pd.DataFrame({"sequences": [0.0, 600.0], "train_loss": loss})
    waiting = pd.DataFrame({"sequences": [0.0, 500.0, 600.0], "train_loss": [0.6931, 0.69, 0.27726]})
    both = causes.of_data({5: straight}, {5: waiting})
    assert both.at[5, "here"] == pytest.approx(1 / 6, abs=0.01) and both.at[5, "there"] > 0.8
