"""The ledger has a row a claim with what it is filtered by; a gallery tells what stands behind a figure."""

from dataclasses import replace

import pytest

import tiny_site
from induction_heads.site import galleries, verdicts, words
from tiny_site import CLAIM, PAPER


@pytest.fixture
def made(tmp_path, monkeypatch):
    return tiny_site.made(tmp_path, monkeypatch)


def test_a_row_has_what_it_is_filtered_by(made):
    text = verdicts.page(made)
    assert '<tr data-paper="tiny" data-verdict="holds in part" data-seeds="3">' in text
    assert "It falls &lt; fast. (figure 1)" in text and '<td data-of="criterion">a | b</td>' in text
    assert '<option value="tiny">On falling</option>' in text and "<option>does not hold here</option>" in text


def test_a_row_has_the_papers_numbers_beside_ours(made):
    (row,) = [line for line in verdicts.page(made).splitlines() if line.startswith("<tr data")]
    assert '<td>1,230 <span class="source">above ours</span></td><td>0.25, 0.5, never</td>' in row


def test_many_numbers_open_when_asked_for(made):
    many = {f"loss {i}": i for i in range(5)}
    claim = CLAIM | {"published": {}, "placed": {}, "values": {"5": many}, "holds": {"5": True}}
    assert verdicts._row(PAPER, claim).count("<details><summary>5 numbers</summary>") == 1
    assert "<details>" not in verdicts._row(PAPER, CLAIM)


def test_a_figure_has_its_words_its_code_its_runs_and_what_the_paper_states_of_it(made):
    text = galleries.paper(made, PAPER)
    assert 'src="../figures/characters-paper/tiny/figure_1.svg" alt="A curve."' in text
    assert '<a href="../code/house/papers/tiny/figures.html#L-1">the code that drew it</a> · runs: seed 5' in text
    assert "- ◐ *It falls < fast.* Holds in part: 2 of 3 (9 to 99 %)." in text
    assert text.index("## Falling") < text.index("### Figure 1: a fall") < text.index("Look.")


def test_the_front_page_tells_the_argument_then_the_papers_then_the_field(made):
    text = galleries.front(made)
    places = [
        text.index(part) for part in ("It goes down.", 'class="paper-card"', "## The map of the field", "Not drawn yet")
    ]
    assert places == sorted(places)
    assert '<a href="ledger.html?paper=tiny">1 claims: 1 hold in part</a>' in text


def test_the_front_page_says_what_is_not_there_yet_and_links_to_what_is(made):
    assert "`make lab-page`" in galleries.front(made) and "`make course`" in galleries.front(made)
    text = galleries.front(replace(made, has_lab=True, has_course=True))
    assert 'href="lab/index.html"' in text and "notebooks/course/00_route" in text
    assert "`make lab-page`" not in text


def test_an_entry_in_bibtex():
    entry = {"title": "T", "authors": [{"family-names": "Singh", "given-names": "A."}, {"name": "us"}], "year": 2024}
    assert words.bibtex(entry) == [
        "@software{singh2024,",
        "  author = {Singh, A. and {us}},",
        "  title = {{T}},",
        "  year = {2024},",
        "}",
    ]
