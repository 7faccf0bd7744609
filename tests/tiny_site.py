"""What a site of one paper with one figure and two claims is made from."""

import json
from pathlib import Path

from induction_heads.machinery import paths
from induction_heads.machinery.paper import Edge, Paper, Part, Source
from induction_heads.machinery.settings import Settings
from induction_heads.site import galleries
from induction_heads.site.api import Module
from induction_heads.site.shelf import Shelf

CLAIM = {
    "id": "1",
    "statement": "It falls < fast.",
    "source": "figure 1",
    "criterion": "a | b",
    "paper": "0.1",
    "published": {"loss": 1234.5},
    "placed": {"loss": "above ours"},
    "values": {"5": {"loss": 0.5}, "6": {"loss": None}, "7": {"loss": 0.25}},
    "holds": {"5": True, "6": False, "7": True},
    "verdict": "holds in part",
    "seeds": "2 of 3 (9 to 99 %)",
}
PAPER = Paper(
    key="tiny",
    title="On falling",
    sources=(Source("Nobody", 1604, "On falling", "1604.00001"),),
    sentence="Things fall.",
    picture="figure_1",
    study=lambda settings: None,
    results={},
    claims=lambda: [],
    story=(Part("Falling", "It goes down.", ("figure_1",)),),
    questions=("when", "why"),
    edges=(Edge("2", "tiny:1", True, "does it fall < fast?"),),
    left_open="Why not up?",
)
OTHER = CLAIM | {"id": "2", "verdict": "does not hold here", "holds": {"5": False}, "seeds": "0 of 1"}
DRAWS = Module("house.papers.tiny.figures", "def figure_1():\n    pass\n", "code/house/papers/tiny/figures.html")
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 4"><path d="M0 0l9 4" stroke="black"/></svg>'


def made(folder: Path, monkeypatch, claims: tuple[dict, ...] = (CLAIM,)) -> galleries.Made:
    """With its figures and the site's shelf in a folder."""
    monkeypatch.setattr(paths, "figures_of_all", lambda settings: folder / "figures")
    figures = folder / "figures" / PAPER.key
    figures.mkdir(parents=True)
    (figures / "claims.json").write_text(json.dumps({"claims": claims}))
    (figures / "figure_1.svg").write_text(PICTURE)
    (figures / "figure_1.json").write_text(
        json.dumps({"title": "Figure 1: a fall", "caption": "Look.", "alternative": "A curve.", "runs": "seed 5"})
    )
    (folder / "figures" / "field.svg").write_text(PICTURE)
    return galleries.Made([PAPER], Settings(), {PAPER.key: []}, [DRAWS], Shelf(folder / "site"), False, False)
