"""A map of the field: papers by what they ask, and which claims agree or contradict each other in our measurements.

Papers say which claims are about one question, and whether they say the same of it (`paper.Edge`). What follows from
the verdicts of both stands here, and is written as a page with one figure.
"""

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

    def cells(self, titles: Mapping[str, str], page: str) -> list[str]:
        """Both claims as cells of a table in Markdown; `page` is the address of a paper's page, with its `{key}`."""
        ends = zip((self.paper, self.other), self.statements, self.verdicts, strict=True)
        return [f"[{titles[key]}]({page.format(key=key)}): {statement} *{verdict}*" for key, statement, verdict in ends]

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
        *HEAD,
    ]
    for each in edges:
        cells = each.cells(titles, "{key}/README.md")
        says = "say the same" if each.edge.same else "say the opposite"
        lines.append(f"| {each.edge.about} | {cells[0]} | {cells[1]} | they {says}, and {each.relation} |")
    if questions := [paper for paper in papers if paper.left_open]:
        lines += ["", "## What is open", ""]
        lines += [f"- {paper.left_open} ([{paper.title}]({paper.key}/README.md))" for paper in questions]
    return lines


def columns(papers: Iterable[Paper]) -> list[Paper]:
    """Those that ask a question, from left to right: by their questions, the first of them foremost."""
    asking = [paper for paper in papers if paper.questions]
    return sorted(asking, key=lambda paper: [QUESTIONS.index(question) for question in paper.questions])


def _draw(papers: Sequence[Paper], edges: Sequence[Related], target: Path) -> None:
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
    names = [paper.key.replace("_", " ").capitalize() for paper in asking]
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
    fig.savefig(target, metadata={"Software": None}, bbox_inches="tight")
    plt.close(fig)


def _key(ax: Any, drawn: Sequence[Related]) -> None:
    from matplotlib.lines import Line2D

    relations = [name for name in LOOKS if any(each.relation == name for each in drawn)]
    lines = [Line2D([], [], color=LOOKS[name][0], ls=LOOKS[name][1], lw=1.8, label=name) for name in relations]
    verdicts = [word for word in ENDS if any(word in each.verdicts for each in drawn)]
    looks: dict[str, Any] = dict(color=INK, ls="", ms=7, markerfacecoloralt="white")
    lines += [Line2D([], [], label=f"the claim {word}", **looks, **ENDS[word]) for word in verdicts]
    ax.legend(handles=lines, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=2, fontsize=8, frameon=False)
