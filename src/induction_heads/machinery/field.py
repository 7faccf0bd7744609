"""A map of the field: papers by what they ask, and which claims agree or contradict each other in our measurements.

Papers say which claims are about one question, and whether they say the same of it (`paper.Edge`). What follows from
the verdicts of both stands here, and is written as a page with one figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import ledger, paths
from .ledger import HOLDS, IN_PART, UNMEASURED
from .paper import QUESTIONS, Edge, Paper

AGREE, CONTRADICT, PARTLY, OPEN = "agree here", "contradict each other here", "agree in part", "not measured"
LOOKS = {AGREE: ("#2A74DA", "-"), CONTRADICT: ("#AA3003", "--"), PARTLY: ("#99940B", "-."), OPEN: ("#8A8A8A", ":")}
ASKED = {"what": "What is learnt?", "when": "When?", "why": "Why then?", "data": "From which data?"}
PICTURE, PAGE = "field.png", "FIELD.md"


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
    def relation(self) -> str:
        return relation(self.edge.same, *self.verdicts)


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
    """Writes the page and its figure into the folder of all figures, where there is something to relate; says where."""
    papers = list(papers)
    edges = related(papers, folder)
    if not edges:
        return ""
    with paths.write_whole(folder / PICTURE) as part:
        _draw(papers, edges, part)
    with paths.write_whole(folder / PAGE) as part:
        part.write_text("\n".join(page(papers, edges)) + "\n", encoding="utf-8")
    return str(folder / PAGE)


def page(papers: Sequence[Paper], edges: Sequence[Related]) -> list[str]:
    """The page's lines."""
    titles = {paper.key: paper.title for paper in papers}
    counts = {name: sum(edge.relation == name for edge in edges) for name in LOOKS}
    told = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    lines = [
        "# A map of the field",
        "",
        f"Papers by what they ask, and claims of two papers on one question: {told}. An edge follows from the verdicts "
        "of both claims *in our own measurements*, whatever the papers state.",
        "",
        f"![Papers in columns by question, joined by {len(edges)} edges: {told}.]({PICTURE})",
        "",
        "| question | one claim | the other | our measurements |",
        "|---|---|---|---|",
    ]
    for each in edges:
        ends = zip((each.paper, each.other), each.statements, each.verdicts, strict=True)
        cells = [f"[{titles[key]}]({key}/README.md): {statement} *{verdict}*" for key, statement, verdict in ends]
        says = "say the same" if each.edge.same else "say the opposite"
        lines.append(f"| {each.edge.about} | {cells[0]} | {cells[1]} | they {says}, and {each.relation} |")
    if questions := [paper for paper in papers if paper.left_open]:
        lines += ["", "## What is open", ""]
        lines += [f"- {paper.left_open} ([{paper.title}]({paper.key}/README.md))" for paper in questions]
    return lines


def places(papers: Iterable[Paper]) -> dict[str, tuple[float, float]]:
    """Where each paper stands: in the column of its first question, or between those of several; down by order."""
    found: dict[str, tuple[float, float]] = {}
    heights = dict.fromkeys([i / 2 for i in range(2 * len(QUESTIONS))], 0.0)
    for paper in papers:
        columns = [QUESTIONS.index(question) for question in paper.questions]
        if columns:
            x = round(2 * sum(columns) / len(columns)) / 2
            found[paper.key] = (x, -heights[x])
            heights[x] += 1.0
    return found


def _draw(papers: Sequence[Paper], edges: Sequence[Related], target: Path) -> None:
    import matplotlib.pyplot as plt  # only who draws waits for it
    from matplotlib.lines import Line2D

    from .plots import style

    style()
    at: Mapping[str, tuple[float, float]] = places(papers)
    rows = 1 - min(y for _, y in at.values())
    fig, ax = plt.subplots(figsize=(10.5, 1.6 + 1.1 * rows))
    for i, each in enumerate(edges):
        if each.paper in at and each.other in at:
            color, dashes = LOOKS[each.relation]
            bend = (0.12 + 0.05 * (i % 4)) * (1 if i % 2 else -1)
            look: dict[str, Any] = dict(
                arrowstyle="-", color=color, ls=dashes, lw=1.8, connectionstyle=f"arc3,rad={bend}"
            )
            ax.annotate("", at[each.paper], at[each.other], arrowprops=look, zorder=1)
    for paper in papers:
        if paper.key in at:
            box: dict[str, Any] = dict(boxstyle="round,pad=0.35", fc="white", ec="#4A4A4A", lw=0.8)
            name = paper.key.replace("_", " ").capitalize()
            ax.text(*at[paper.key], name, ha="center", va="center", size=9, bbox=box, zorder=2)
    for i, question in enumerate(QUESTIONS):
        ax.text(i, 0.75, ASKED[question], ha="center", weight="bold", size=10)
    ax.set(xlim=(-0.5, len(QUESTIONS) - 0.5), ylim=(0.4 - rows, 1.0))
    ax.axis("off")
    shown = [name for name in LOOKS if any(edge.relation == name for edge in edges)]
    lines = [Line2D([], [], color=LOOKS[name][0], ls=LOOKS[name][1], lw=1.8, label=name) for name in shown]
    ax.legend(handles=lines, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=len(shown), fontsize=8)
    fig.savefig(target, metadata={"Software": None})
    plt.close(fig)
