"""Signatures stand on the pages as they are written, with their shapes; what begins with _ does not."""

import pytest

from induction_heads.site import api, code

SOURCE = '''"""What it is."""

from dataclasses import dataclass

LIMIT = 3


@dataclass(frozen=True)
class Ball(Thing):
    """It falls."""

    height: float  # metres
    _secret: int = 0

    @property
    def speed(self) -> float:
        """Metres a second."""

    def thrown(self, far: bool = True, *, high: int) -> "Ball":
        """Another one."""


def figure_1(heights: Float[Tensor, "run time"], *, scale: float = 1.0) -> Drawing:
    """Draws them."""
    return Drawing("figure_1", ...)


def other() -> Drawing:
    return Drawing("figure_2", ...)


def _hidden():
    """No."""
'''


@pytest.fixture
def modules(tmp_path):
    package = tmp_path / "physics"
    (package / "falling").mkdir(parents=True)
    (package / "__init__.py").write_text('"""Physics, and nothing else."""\n')
    (package / "falling" / "__init__.py").write_text('"""What falls."""\n')
    (package / "falling" / "ball.py").write_text(SOURCE)
    (package / "falling" / "empty.py").write_text("")
    return api.modules(package)


def test_a_folder_is_a_page_with_its_modules(modules):
    assert [module.name for module in modules] == ["physics", "physics.falling", "physics.falling.ball"]
    pages = api.pages(modules)
    assert set(pages) == {"api/index.md", "api/physics.md", "api/physics.falling.md"}
    assert "- [`falling`](physics.falling.md): What falls." in pages["api/index.md"]


def test_signatures_have_their_shapes_and_attributes_their_units(modules):
    text = api.pages(modules)["api/physics.falling.md"]
    assert "{py:function} figure_1(heights: Float[Tensor, 'run time'], *, scale: float=1.0) -> Drawing\n" in text
    assert "{py:class} Ball(Thing)\n" in text
    assert "{py:attribute} height\n:type: float\n\nmetres\n" in text
    assert "{py:attribute} speed\n:type: float\n\nMetres a second.\n" in text
    assert "{py:method} thrown(far: bool=True, *, high: int) -> 'Ball'\n" in text
    assert "hidden" not in text and "secret" not in text


def test_the_code_that_draws_a_figure_is_the_function_of_its_name_or_the_one_that_names_it(modules):
    starts = [line.split("(")[0] for line in SOURCE.splitlines()]
    first, second = starts.index("def figure_1") + 1, starts.index("def other") + 1
    assert code.drawn_by("figure_1", modules) == f"code/physics/falling/ball.html#L-{first}"
    assert code.drawn_by("figure_2", modules) == f"code/physics/falling/ball.html#L-{second}"
    assert code.drawn_by("figure_3", modules) == ""


def test_a_page_of_code_has_an_anchor_a_line(modules, tmp_path):
    code.write(modules, tmp_path / "site")
    text = (tmp_path / "site" / "code" / "physics" / "falling" / "ball.html").read_text()
    assert all(f'id="L-{line}"' in text for line in range(1, len(SOURCE.splitlines()) + 1))
    assert 'href="../../code.css"' in text and 'href="../../../api/physics.falling.html"' in text
