"""Links of the project's Markdown lead to pages of the site; what the site does not have is words alone."""

import pytest

from induction_heads.site.links import Pages, between, relinked

PAGE = "notebooks/a/one.ipynb"
GLOSSARY = 'Read of [loss](#loss), in [two](b/two.ipynb#part): <a id="loss"></a>**loss**'
LAB = '<a href="../../lab/index.html#tour=data">the *lab*</a>'
NAMES = (
    "lab/index.html",
    "notebooks/glossary.md",
    PAGE,
    "notebooks/b/two.ipynb",
    "code/induction_heads/machinery/paths.html",
)
PAGES = Pages.of(NAMES, {"notebooks/glossary.md": GLOSSARY})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the [glossary](../glossary.md#loss).", "the [glossary](../glossary.md#word-loss)."),
        ("the [glossary](../glossary.md).", "the [glossary](../glossary.md)."),
        ("[two](../b/two.ipynb)", "[two](../b/two.ipynb)"),
        ("[three](../b/three.ipynb)", "three"),
        ("[here](#here)", "[here](#here)"),
        ("[the *lab*](../../build/site/lab/index.html#tour=data)", LAB),
        ("[the *lab*](../lab/index.html#tour=data)", LAB),  # as the students' folder has it
        ("[paper](https://arxiv.org/abs/1)", "[paper](https://arxiv.org/abs/1)"),
        ("![picture](x.png)", "![picture](x.png)"),
        (
            "[paths](../../src/induction_heads/machinery/paths.py)",
            '<a href="../../code/induction_heads/machinery/paths.html">paths</a>',
        ),
    ],
)
def test_a_link_leads_where_the_same_thing_stands(text, expected):
    assert relinked(text, PAGE, PAGES) == expected


def test_where_the_site_has_no_lab_there_is_no_link_to_it():
    without = Pages.of(["notebooks/glossary.md"], {})
    assert relinked("[lab](../../build/site/lab/index.html)", PAGE, without) == "lab"


def test_anchors_of_a_text_keep_clear_of_headings_and_links_follow_them():
    expected = 'Read of [loss](#word-loss), in [two](b/two.ipynb#part): <a id="word-loss"></a>**loss**'
    assert relinked(GLOSSARY, "notebooks/glossary.md", PAGES) == expected


def test_the_way_between_two_pages_works_under_any_address():
    assert between("notebooks/a/one.html", "figures/x.svg") == "../../figures/x.svg"
    assert between("index.html", "figures/x.svg") == "figures/x.svg"
