"""The map of the field on the front page: its figure, and the same in words, for a phone and for who cannot see it.

Everything comes from what figures/FIELD.md is made from, `machinery.field`.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..machinery import field
from ..machinery.paper import QUESTIONS, Paper
from .links import between
from .shelf import Shelf, image

MISSING = "Not drawn yet: `make reproduce-all` draws which claims agree once papers are measured."


def section(page: str, papers: Sequence[Paper], folder: Path, shelf: Shelf, drawn_by: str) -> list[str]:
    """Lines of a page: what the map says, from the ledgers in a folder of figures; who drew it, as a place."""
    edges = field.related(papers, folder)
    if not edges:
        return [MISSING]
    lines = [field.introduction(edges), ""]
    if picture := next((folder / name for name in field.PICTURES if (folder / name).exists()), None):
        place = shelf.file(picture, f"figures/{picture.name}")
        lines += [f'<div class="wide map">{image(page, place, field.alternative(edges))}</div>', ""]
        ways = [(place, "the map alone"), ("ledger.html", "the verdicts behind it")]
        ways += [(drawn_by, "the code that drew it")] if drawn_by else []
        behind = " · ".join(f'<a href="{between(page, to)}">{said}</a>' for to, said in ways)
        lines += [f'<p class="behind">{behind}</p>', ""]
    titles = {paper.key: _link(page, paper) for paper in papers}
    lines += [_opens("The map in words: papers by what they ask", _asked(page, papers)), ""]
    lines += [_opens(f"The map in words: {len(edges)} pairs of claims", _related(titles, edges)), ""]
    if left := [paper for paper in papers if paper.left_open]:
        said = _list(f"{html.escape(paper.left_open)} ({titles[paper.key]})" for paper in left)
        lines += [_opens(f"What is open: {len(left)} questions", said), ""]
    return lines[:-1]


def _asked(page: str, papers: Iterable[Paper]) -> str:
    """Under each question the papers that ask it, in the order of the figure's columns and by the names above them."""
    asking = field.columns(papers)
    return "".join(
        f"<h3>{html.escape(field.ASKED[question])}</h3>"
        + _list(
            f"{html.escape(field.column(paper))}: {_link(page, paper)}"
            for paper in asking
            if question in paper.questions
        )
        for question in QUESTIONS
        if any(question in paper.questions for paper in asking)
    )


def _related(titles: Mapping[str, str], edges: Iterable[field.Related]) -> str:
    """Every edge with both claims, under what follows from their verdicts, in the order of the figure's rows."""
    edges = list(edges)
    parts = []
    for relation in field.LOOKS:
        if those := [each for each in edges if each.relation == relation]:
            parts.append(f"<h3>{len(those)} {html.escape(relation)}</h3>{_list(_edge(titles, each) for each in those)}")
    return "".join(parts)


def _edge(titles: Mapping[str, str], edge: field.Related) -> str:
    claims = (f"{titles[key]}: {html.escape(stated)} <em>{verdict}</em>" for key, stated, verdict in edge.ends)
    return f"<strong>{html.escape(edge.edge.about)}</strong>: {edge.says}.{_list(claims)}"


def _link(page: str, paper: Paper) -> str:
    return f'<a href="{between(page, f"papers/{paper.key}.html")}">{html.escape(paper.title)}</a>'


def _opens(summary: str, content: str) -> str:
    """On one line without a blank, so that Markdown takes it as it is."""
    return f'<details class="map-in-words"><summary>{html.escape(summary)}</summary>{content}</details>'


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
