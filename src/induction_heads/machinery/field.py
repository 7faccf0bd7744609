"""A map of the field: papers by what they ask, and which claims agree or contradict each other in our measurements.

Papers say which claims are about one question, and whether they say the same of it (`paper.Edge`). What follows from
the verdicts of both stands here, and is written as a page with one figure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import ledger, paths
from .colours import INK, QUIET
from .ledger import FAILS, HOLDS, IN_PART, UNMEASURED
from .paper import QUESTIONS, Edge, Paper

AGREE, CONTRADICT, PARTLY, OPEN = "agree here", "contradict each other here", "agree in part", "not measured"
LOOKS = {AGREE: ("#2A74DA", "-"), CONTRADICT: ("#AA3003", "--"), PARTLY: ("#99940B", "-."), OPEN: ("#8A8A8A", ":")}
ENDS: Mapping[str, dict[str, Any]] = {
    HOLDS: dict(marker="o", fillstyle="full"),
    IN_PART: dict(marker="o", fillstyle="left"),
    FAILS: dict(marker="o", markerfacecolor="white"),
    UNMEASURED: dict(marker="x"),
}
ASKED = {"what": "What is learnt?", "when": "When?", "why": "Why then?", "data": "From which data?"}
PICTURE, PAGE = "field.png", "FIELD.md"
PICTURES = ("field.svg", PICTURE)  # of the same, the better one first
HEAD = ("| question | one claim | the other | our measurements |", "|---|---|---|---|")  # of the map as a table


@dataclass(frozen=True)
class Related:
    """An edge with what the ledgers hold of both claims."""

    paper: str
    edge: Edge
    statements: tuple[str, str]
    verdicts: tuple[str, str]

    @property
    def other(self) -> str:
        return self.edge.other.partition(":")[0]

    @property
    def ends(self) -> list[tuple[str, str, str]]:
        """Of both claims: the paper, what it states, and our verdict."""
        return list(zip((self.paper, self.other), self.statements, self.verdicts, strict=True))

    @property
    def relation(self) -> str:
        return relation(self.edge.same, *self.verdicts)

    @property
    def says(self) -> str:
        return "they say the same" if self.edge.same else "they say the opposite"


def relation(same: bool, one: str, other: str) -> str:
    """What two verdicts say of claims that say the same, or the opposite."""
    if UNMEASURED in (one, other):
        return OPEN
    if IN_PART in (one, other):
        return PARTLY
    return AGREE if ((one == HOLDS) == (other == HOLDS)) == same else CONTRADICT


def related(papers: Iterable[Paper], folder: Path) -> list[Related]:
    """Every edge between claims that stand in the ledgers of a folder of figures."""
    papers = list(papers)
    known = {
        f"{paper.key}:{claim['id']}": (claim["statement"], claim["verdict"])
        for paper in papers
        for claim in ledger.read(folder / paper.key)
    }
    found = []
    for paper in papers:
        for edge in paper.edges:
            ends = [known.get(name) for name in (f"{paper.key}:{edge.claim}", edge.other)]
            if all(ends):
                (one, first), (other, second) = (end for end in ends if end)
                found.append(Related(paper.key, edge, (one, other), (first, second)))
    return found


def write(papers: Iterable[Paper], folder: Path) -> str:
    """Writes the page and its figure, twice, into the folder of all figures, where there is something to relate."""
    papers = list(papers)
    edges = related(papers, folder)
    if not edges:
        return ""
    _draw(papers, edges, folder)
    with paths.write_whole(folder / PAGE) as part:
        part.write_text("\n".join(page(papers, edges)) + "\n", encoding="utf-8")
    return str(folder / PAGE)


def page(papers: Sequence[Paper], edges: Sequence[Related]) -> list[str]:
    """The page's lines."""
    titles = {paper.key: paper.title for paper in papers}
    lines = ["# A map of the field", "", introduction(edges), "", f"![{alternative(edges)}]({PICTURE})", "", *HEAD]
    for each in edges:
        cells = [f"[{titles[key]}]({key}/README.md): {stated} *{verdict}*" for key, stated, verdict in each.ends]
        lines.append(f"| {each.edge.about} | {cells[0]} | {cells[1]} | {each.says}, and {each.relation} |")
    if questions := [paper for paper in papers if paper.left_open]:
        lines += ["", "## What is open", ""]
        lines += [f"- {paper.left_open} ([{paper.title}]({paper.key}/README.md))" for paper in questions]
    return lines


def introduction(edges: Iterable[Related]) -> str:
    """What the map shows, how often, and what an edge follows from."""
    return (
        f"Papers by what they ask, and claims of two papers on one question: {_told(edges)}. An edge follows from the "
        "verdicts of both claims *in our own measurements*, whatever the papers state."
    )


def alternative(edges: Sequence[Related]) -> str:
    """The figure in words."""
    return f"Papers in columns by question, joined by {len(edges)} edges: {_told(edges)}."


def _told(edges: Iterable[Related]) -> str:
    counts = Counter(edge.relation for edge in edges)
    return ", ".join(f"{counts[name]} {name}" for name in LOOKS if counts[name])


def column(paper: Paper) -> str:
    """What stands above a paper's column."""
    return paper.key.replace("_", " ").capitalize()


def columns(papers: Iterable[Paper]) -> list[Paper]:
    """Those that ask a question, from left to right: by their questions, the first of them foremost."""
    asking = [paper for paper in papers if paper.questions]
    return sorted(asking, key=lambda paper: [QUESTIONS.index(question) for question in paper.questions])


def _draw(papers: Sequence[Paper], edges: Sequence[Related], folder: Path) -> None:
    """A column a paper: above, the questions it asks; below, a row for what is asked of two papers' claims."""
    import matplotlib.pyplot as plt  # only who draws waits for it

    from .plots import style

    style()
    asking = columns(papers)
    at = {paper.key: x for x, paper in enumerate(asking)}
    drawn = [each for name in LOOKS for each in edges if each.relation == name and {each.paper, each.other} <= set(at)]
    rows = len(QUESTIONS) + 1 + len(drawn)
    fig, ax = plt.subplots(figsize=(3.6 + 0.42 * len(at), 1.7 + 0.24 * rows))
    for paper in asking:
        for question in paper.questions:
            ax.plot(at[paper.key], QUESTIONS.index(question), marker="s", color=QUIET, ms=6)
    for y, each in enumerate(drawn, len(QUESTIONS) + 1):
        color, dashes = LOOKS[each.relation]
        ends = [at[each.paper], at[each.other]]
        ax.plot(ends, [y, y], color=color, ls=dashes, lw=1.8, zorder=2)
        for x, verdict in zip(ends, each.verdicts, strict=True):
            ax.plot(x, y, color=color, ms=7, markerfacecoloralt="white", zorder=3, **ENDS[verdict])
    names = [column(paper) for paper in asking]
    ax.set_xticks(range(len(at)), names, rotation=60, ha="left", rotation_mode="anchor", size=8)
    ax.xaxis.tick_top()
    labels = [ASKED[question] for question in QUESTIONS] + [""] + [each.edge.about for each in drawn]
    ax.set_yticks(range(rows), labels, size=8)
    ax.set(xlim=(-0.6, len(at) - 0.4), ylim=(rows - 0.4, -0.6))
    ax.axhline(len(QUESTIONS), color=INK, lw=0.8)
    ax.grid(axis="both", color=QUIET, alpha=0.3, lw=0.6)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    _key(ax, drawn)
    for name in reversed(PICTURES):
        with paths.write_whole(folder / name) as part:
            timeless = {"Creator": None, "Date": None} if name.endswith(".svg") else {"Software": None}
            fig.savefig(part, metadata=timeless, bbox_inches="tight")
    plt.close(fig)


def _key(ax: Any, drawn: Sequence[Related]) -> None:
    from matplotlib.lines import Line2D

    relations = [name for name in LOOKS if any(each.relation == name for each in drawn)]
    lines = [Line2D([], [], color=LOOKS[name][0], ls=LOOKS[name][1], lw=1.8, label=name) for name in relations]
    verdicts = [word for word in ENDS if any(word in each.verdicts for each in drawn)]
    looks: dict[str, Any] = dict(color=INK, ls="", ms=7, markerfacecoloralt="white")
    lines += [Line2D([], [], label=f"the claim {word}", **looks, **ENDS[word]) for word in verdicts]
    ax.legend(handles=lines, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=2, fontsize=8, frameon=False)
