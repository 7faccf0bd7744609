"""The front page, and a page a paper: its argument told through its figures, each with what stands behind it."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..machinery import field, gallery, ledger, paths
from ..machinery.paper import Paper
from ..machinery.settings import Settings
from . import atlas, code
from .api import Module
from .links import LAB, between
from .notebooks import Executed, button, shown
from .shelf import Shelf, image, words

PARTS_ON_FRONT = 5  # of the first paper's story
FRONT = (
    "Experiments on how induction heads form in transformers, which anybody can run again on two cores: {papers} "
    "papers, and a measured verdict on each of {claims} claims."
)
COURSE, GUIDE = "notebooks/course/00_route.ipynb", "notebooks/course/teachers_guide.md"


@dataclass(frozen=True)
class Made:
    """What pages are written from."""

    papers: Sequence[Paper]
    settings: Settings  # of the figures
    notebooks: Mapping[str, Sequence[Executed]]  # by paper
    modules: Sequence[Module]
    shelf: Shelf
    has_lab: bool
    has_course: bool

    def stems(self, paper: Paper) -> list[str]:
        folder = paths.figures_dir(paper.key, self.settings)
        return sorted({path.stem for path in folder.glob("*") if path.suffix in (".svg", ".png", ".csv")})

    def claims(self, paper: Paper) -> list[dict[str, Any]]:
        return ledger.read(paths.figures_dir(paper.key, self.settings))


def front(made: Made) -> str:
    """The argument in figures, every paper as a card, the map of the field, and ways on."""
    page, first = "index.md", made.papers[0]
    claims = sum(len(made.claims(each)) for each in made.papers)
    lines = ["# How induction heads form", "", FRONT.format(papers=len(made.papers), claims=claims), ""]
    lines += [f"*{first.title}* {first.introduction or first.sentence}", ""]
    lines += [_lab(made), ""]
    for part in first.story[:PARTS_ON_FRONT]:
        found = [picture for picture in part.pictures if picture in made.stems(first)]
        if found:
            lines += [f"## {part.title}", "", part.text, "", *_figure(page, made, first, found[0]), ""]
            lines += [*_behind(page, made, first, found[0]), ""]
    lines += [f"The whole argument: [{first.title}](papers/{first.key}.md)", "", "## The papers", ""]
    lines += ['<div class="cards">', *(_card(page, made, paper) for paper in made.papers), "</div>", ""]
    lines += ["## The map of the field", "", *_field(page, made), ""]
    lines += ["## Ways on", "", *_ways(made), "", *_contents(made)]
    return "\n".join(lines) + "\n"


def paper(made: Made, of: Paper) -> str:
    """A paper's gallery."""
    page, claims, stems = f"papers/{of.key}.md", made.claims(of), made.stems(of)
    lines = [f"# {of.title}", "", of.introduction or of.sentence, "", *_sources(of), ""]
    if claims:
        counts = ledger.summary(claim["verdict"] for claim in claims)
        lines += [f"{len(claims)} claims: {counts}. {_to_ledger(page, of, 'All verdicts with their numbers')}", ""]
    else:
        lines += [f"No claim is measured yet: `make {of.target}` does that.", ""]
    if listed := made.notebooks.get(of.key, ()):
        lines += ["Notebooks:", "", *(f"- {button(page, each, each.title)}" for each in listed), ""]
    told: set[str] = set()
    for part in of.story:
        body: list[str] = []
        for picture in part.pictures:
            main = [picture] if picture in stems else [stem for stem in stems if gallery.belongs(stem, picture)]
            told.update(main)
            about = [claim for claim in claims if picture in gallery.about(claim["source"], of.places)]
            body += [line for stem in main for line in ["", *_entry(page, made, of, stem)]] + ["", *_marks(about), ""]
        if any(body):
            lines += [f"## {part.title}", "", part.text, "", *body]
    if rest := [stem for stem in stems if stem not in told]:
        lines += ["## More figures", ""]
        lines += [line for stem in rest for line in [*_entry(page, made, of, stem), ""]]
    return "\n".join(lines) + "\n"


def _entry(page: str, made: Made, of: Paper, stem: str) -> list[str]:
    """A figure or a table under its title, and what stands behind it."""
    said = words(of.key, stem, made.settings)
    return [
        f"### {said['title']}",
        "",
        *_figure(page, made, of, stem),
        "",
        said["caption"],
        "",
        *_behind(page, made, of, stem),
    ]


def _figure(page: str, made: Made, of: Paper, stem: str) -> list[str]:
    table = paths.figures_dir(of.key, made.settings) / f"{stem}.csv"
    if table.exists():
        return gallery.markdown_table(table)
    place = made.shelf.figure(of.key, stem, made.settings)
    return [image(page, place, words(of.key, stem, made.settings)["alternative"])] if place else []


def _behind(page: str, made: Made, of: Paper, stem: str) -> list[str]:
    """The code that drew it, the notebook that shows it, and the runs."""
    own = [module for module in made.modules if f".papers.{of.key}." in module.name]
    shared = [module for module in made.modules if ".papers." not in module.name]
    parts = []
    if place := code.drawn_by(stem, own) or code.drawn_by(stem, shared):
        parts.append(f'<a href="{between(page, place)}">the code that drew it</a>')
    parts += [button(page, each, "the notebook") for each in made.notebooks.get(of.key, ()) if stem in shown(each)]
    if runs := words(of.key, stem, made.settings)["runs"]:
        parts.append(f"runs: {html.escape(runs)}")
    return [f'<p class="behind">{" · ".join(parts)}</p>'] if parts else []


def _marks(claims: Iterable[dict[str, Any]]) -> list[str]:
    return [
        f"- {ledger.MARKS[claim['verdict']]} *{claim['statement']}* {claim['verdict'].capitalize()}: {claim['seeds']}."
        for claim in claims
    ]


def _card(page: str, made: Made, of: Paper) -> str:
    """One paper: its picture, what it asks, how many claims have which verdict."""
    place = made.shelf.figure(of.key, of.picture, made.settings)
    picture = image(page, place, words(of.key, of.picture, made.settings)["alternative"]) if place else ""
    words_of_claims = [claim["verdict"] for claim in made.claims(of)]
    counts = f"{len(words_of_claims)} claims: {ledger.summary(words_of_claims)}" if words_of_claims else ""
    verdicts = _to_ledger(page, of, counts) if counts else "not measured yet"
    way = between(page, f"papers/{of.key}.html")
    source = "; ".join(f"{source.authors}, {source.year}" for source in of.sources)
    return (
        f'<section class="paper-card">{picture}<h3><a href="{way}">{html.escape(of.title)}</a></h3>'
        f'<p class="source">{html.escape(source)}</p><p>{html.escape(of.sentence)}</p><p>{verdicts}</p></section>'
    )


def _to_ledger(page: str, of: Paper, said: str) -> str:
    return f'<a href="{between(page, "ledger.html")}?paper={of.key}">{html.escape(said)}</a>'


def _sources(of: Paper) -> list[str]:
    return [
        f"- {source.authors}, {source.year}: *{source.title}*, [arXiv {source.arxiv}]({source.address})"
        for source in of.sources
    ]


def _lab(made: Made) -> str:
    if made.has_lab:
        return f'<p class="try"><a href="{LAB}">Grow an induction head here, in your browser</a></p>'
    return "`make lab-page` adds the experiment itself: a page in which the network trains in the browser."


def _field(page: str, made: Made) -> list[str]:
    """The map of the field, drawn and in words; a sentence where there is none."""
    drawn_by = code.drawn_by("_draw", [module for module in made.modules if module.name == field.__name__])
    return atlas.section(page, made.papers, paths.figures_of_all(made.settings), made.shelf, drawn_by)


def _ways(made: Made) -> list[str]:
    course = (
        f"[The course]({COURSE}): lessons with exercises; [for teachers]({GUIDE})"
        if made.has_course
        else "The course: `make course` adds it"
    )
    return [
        "- [The ledger](ledger.md): every claim, its criterion, the paper's numbers and ours",
        "- [The notebooks](notebooks/index.md), as they were executed last",
        "- [Glossary and equations](notebooks/glossary.md)",
        f"- {course}",
        "- [The package](api/index.md): every function, with shapes",
        "- [Open it in JupyterLab](open.md) and run everything yourself",
        "- [How to cite](cite.md)",
    ]


def _contents(made: Made) -> list[str]:
    """The site's contents, for the bar at the side."""
    course = [COURSE.removesuffix(".ipynb")] if made.has_course else []
    papers = [f"papers/{each.key}" for each in made.papers]
    more = ["ledger", "notebooks/index", "notebooks/glossary", *course, "api/index", "open", "cite"]
    parts = (("Papers", papers), ("All of them", more))
    return [
        line
        for name, pages in parts
        for line in ["```{toctree}", ":hidden:", f":caption: {name}", "", *pages, "```", ""]
    ]
