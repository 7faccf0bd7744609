"""A tiny site, written by Sphinx and looked through by our own check; it needs what `make site` installs."""

import re

import pytest

from induction_heads.site import build, checking

pytestmark = pytest.mark.slow
INDEX = """# Front

Where $x^2$ is, and [words](words.md#anchor).

```{toctree}
words
```
"""
WORDS = """# Words

- <a id="anchor"></a>**word**: see [front](index.md).

$$\\sum_i x_i$$

```{py:function} f(x: Float[Tensor, 'run head'], *, n: int=1) -> Tensor
It doubles.
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx_book_theme", reason="pip install -e '.[site]'")
    sources, site = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("site")
    (sources / "_as_it_is").mkdir()
    (sources / "_as_it_is" / "extra.txt").write_text("x")
    (sources / "index.md").write_text(INDEX)
    (sources / "words.md").write_text(WORDS)
    build.render(sources, site)
    return site


def test_nothing_is_wrong_with_it(site):
    assert list(checking.faults(site)) == []


def test_mathematics_is_mathml_and_shapes_are_in_the_signature(site):
    assert "<msup>" in (site / "index.html").read_text()
    text = (site / "words.html").read_text()
    assert 'display="block"' in text and not re.search("<script[^>]*mathjax", text, re.IGNORECASE)
    words = re.sub("<[^>]+>", "", text)
    assert "f(x: Float[Tensor, 'run head'], *, n: int = 1)" in re.sub(r"\s+", " ", words)


def test_what_is_copied_as_it_is_lies_there(site):
    assert (site / "extra.txt").read_text() == "x"
