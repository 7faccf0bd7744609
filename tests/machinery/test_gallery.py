"""The gallery shows what is there, in the paper's order, with verdicts, and tolerates what is missing."""

import json

import pytest

from induction_heads.machinery import gallery, paths
from induction_heads.machinery.settings import Settings
from induction_heads.papers.singh_2024.paper import PAPER


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "figures_dir", lambda paper, settings: tmp_path)
    return tmp_path


def ledger(folder, **changes):
    claim = {
        "id": "1",
        "statement": "The loss falls.",
        "source": "figure 3a",
        "quantity": "q",
        "criterion": "a | b",
        "reason": "r",
        "paper": "0.1",
        "values": {seed: {"loss": loss, "time": None} for seed, loss in (("5", 0.5), ("6", None), ("7", 0.25))},
        "holds": {"5": True, "6": False},
        "verdict": "holds in part",
        "seeds": "1 of 2 (1 to 99 %)",
    }
    (folder / "claims.json").write_text(json.dumps({"claims": [claim | changes]}))


def written(folder) -> str:
    assert gallery.write(PAPER, Settings()) == str(folder / "README.md")
    return (folder / "README.md").read_text()


def test_an_empty_folder_gives_a_page_without_figures(folder):
    text = written(folder)
    assert text.startswith("# What needs to go right") and "![" not in text and "Not measured yet" in text


def test_figures_stand_in_the_papers_order_with_their_captions(folder):
    for name in ("figure_10", "figure_3a", "figure_1_circuit"):
        (folder / f"{name}.png").touch()
    words = {"title": "Figure 3a", "caption": "A wait.", "alternative": 'A [falling] "curve".'}
    (folder / "figure_3a.json").write_text(json.dumps(words))
    text = written(folder)
    assert "![A (falling) ”curve”.](figure_3a.png)" in text
    places = [text.index(f"({name}.png)") for name in ("figure_1_circuit", "figure_3a", "figure_10")]
    assert places == sorted(places) and text.count("A wait.") == 1
    assert "Figure 4a" not in text


def test_what_belongs_to_a_figure_is_linked_below_it_and_other_pictures_at_the_end(folder):
    for name in ("figure_3a", "figure_3a_seeds", "figure_something_else"):
        (folder / f"{name}.png").touch()
    text = written(folder)
    assert "More: [figure 3a seeds](figure_3a_seeds.png)." in text
    assert text.index("## More pictures") < text.index("figure_something_else.png") < text.index("## Verdicts")


def test_a_figure_does_not_claim_those_whose_number_begins_with_its_own(folder):
    for name in ("figure_1_circuit", "figure_11", "figure_12"):
        (folder / f"{name}.png").touch()
    assert written(folder).count("(figure_11.png)") == 1


def test_a_table_is_shown_as_one(folder):
    (folder / "table_1.csv").write_text("heads,accuracy\nprevious-token,0.9985\n")
    assert "| heads | accuracy |\n| --- | --- |\n| previous-token | 0.9985 |" in written(folder)


def test_verdicts_stand_below_their_figure_and_in_the_table(folder):
    (folder / "figure_3a.png").touch()
    ledger(folder)
    text = written(folder)
    assert "- ◐ *The loss falls.* Holds in part: 1 of 2 (1 to 99 %)." in text
    row = "| 1 | The loss falls. (figure 3a) | a \\| b | 0.1 | loss 0.25, 0.5, never; time never | ◐ holds in part: "
    assert f"{row}1 of 2" in text


def test_the_table_says_where_the_papers_number_lies(folder):
    ledger(folder, paper="loss 0.1 (below ours)")
    text = written(folder)
    assert "| loss 0.1 (below ours) | loss 0.25, 0.5, never" in text and "percentile from 20 seeds on" in text


def test_a_damaged_ledger_is_no_ledger(folder):
    (folder / "claims.json").write_text("{half")
    assert "Not measured yet" in written(folder)


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("figure 3a", "figure_3a"),
        ("section 3", "figure_3_direct_path"),
        ("figure 16b, 16c", "figure_16"),
        ("figure 16a, table 3", "table_3"),
        ("table 1", "table_1"),
    ],
)
def test_a_source_names_its_figures(source, stem):
    assert stem in gallery.about(source, PAPER.places)


def test_every_claim_stands_below_some_figure():
    shown = {picture for part in PAPER.story for picture in part.pictures}
    assert all(gallery.about(claim.source, PAPER.places) & shown for claim in PAPER.claims())


def test_the_front_page_has_a_row_for_each_paper(tmp_path):
    (tmp_path / PAPER.key).mkdir()
    (tmp_path / PAPER.key / f"{PAPER.picture}.png").touch()
    ledger(tmp_path / PAPER.key)
    row = gallery.front([PAPER], tmp_path, Settings()).splitlines()[-1]
    assert PAPER.sentence in row and "1 hold in part" in row and f'src="{PAPER.key}/{PAPER.picture}.png"' in row
