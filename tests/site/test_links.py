"""Links of the project's Markdown lead to pages of the site; what the site does not have is words alone."""

import pytest

from induction_heads.site.links import between, relinked

PAGE = "notebooks/a/one.ipynb"
PAGES = {"notebooks/glossary.md", "notebooks/b/two.ipynb", "code/induction_heads/machinery/paths.html"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the [glossary](../glossary.md#loss).", "the [glossary](../glossary.md#loss)."),
        ("[two](../b/two.ipynb)", "[two](../b/two.ipynb)"),
        ("[three](../b/three.ipynb)", "three"),
        ("[here](#here)", "[here](#here)"),
        ("[paper](https://arxiv.org/abs/1)", "[paper](https://arxiv.org/abs/1)"),
        ("![picture](x.png)", "![picture](x.png)"),
        (
            "[paths](../../src/induction_heads/machinery/paths.py)",
            "[paths](../../code/induction_heads/machinery/paths.html)",
        ),
    ],
)
def test_a_link_leads_where_the_same_thing_stands(text, expected):
    assert relinked(text, PAGE, PAGES) == expected


def test_the_way_between_two_pages_works_under_any_address():
    assert between("notebooks/a/one.html", "figures/x.svg") == "../../figures/x.svg"
    assert between("index.html", "figures/x.svg") == "figures/x.svg"
