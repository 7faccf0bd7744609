"""The READMEs of the folders of figures: of a paper, its argument told through its figures; of all papers, a row each.

A figure's title, caption and alternative text lie beside it (`drawing.Page`); what stands between figures is the
paper's story; the marks below them are those of the ledger. What is missing is left out.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import execution, field, ledger, paths, readme
from .paper import Paper
from .settings import Settings

Claims = list[dict[str, Any]]


def write(paper: Paper, settings: Settings) -> str:
    """Writes README.md into the folder of a paper's figures and says where it is."""
    folder = paths.figures_dir(paper.key, settings)
    return _write(folder, page(paper, folder, settings))


def write_front(papers: Iterable[Paper], settings: Settings) -> str:
    """Writes README.md into the folder of all figures, and the map of the field beside it; says where they are."""
    folder, papers = paths.figures_of_all(settings), list(papers)
    of_field = field.write(papers, folder)
    text = front(papers, folder, settings)
    if of_field:
        text += f"\n[A map of the field]({field.PAGE}): which claims agree, and what is open.\n"
    return _write(folder, text)


def _write(folder: Path, text: str) -> str:
    target = folder / "README.md"
    with paths.write_whole(target) as part:
        part.write_text(text, encoding="utf-8")
    return str(target)


def front(papers: Iterable[Paper], folder: Path, settings: Settings) -> str:
    """A row a paper: one picture, one sentence, how many claims have which verdict, and how long it takes."""
    lines = [
        "# How induction heads form",
        "",
        f"Made by `make reproduce-all{_options(settings)}`: every paper with its figures and a verdict on every claim.",
        "",
        "| paper | | claims | time on two cores |",
        "|---|---|---|---|",
    ]
    times = readme.read(folder / readme.TIMES)
    for paper in papers:
        here = folder / paper.key
        words = words_of(here, paper.picture)
        picture = here / f"{paper.picture}.png"
        shown = f'<img src="{paper.key}/{picture.name}" width="320" alt="{_attribute(words["alternative"])}">'
        claims = ledger.read(here)
        cells = (
            f"**[{paper.title}]({paper.key}/README.md)** {_sources(paper)}<br>{paper.sentence}",
            shown if picture.exists() else "",
            ledger.summary(claim["verdict"] for claim in claims) or "not measured yet",
            execution.duration(float(times[paper.key])) if paper.key in times else "",
        )
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def page(paper: Paper, folder: Path, settings: Settings) -> str:
    """The gallery of what is in the folder."""
    claims = ledger.read(folder)
    shown: set[str] = set()
    on = f" on the data set `{settings.dataset}`" if paper.on_a_data_set else ""
    lines = [f"# {paper.title}", "", f"{paper.introduction or paper.sentence} {_sources(paper)}", ""]
    lines += [
        f"Made by `make {paper.target}{_options(settings)}`{on}. Layers count from 1 and heads from 0; head numbers "
        "mean nothing across implementations, so compare our heads with the paper's as wholes. "
        "The marks below a figure say whether what the paper states of it holds here.",
        "",
    ]
    if claims:
        counts = ledger.summary(claim["verdict"] for claim in claims)
        lines += [
            f"**{len(claims)} claims: {counts}.** The [table of verdicts](#verdicts), with criteria and numbers, "
            "is at the end.",
            "",
        ]
    stems = sorted({path.stem for path in folder.glob("*") if path.suffix in (".png", ".csv")})
    for part in paper.story:
        body: list[str] = []
        for picture in part.pictures:
            found = [stem for stem in stems if belongs(stem, picture)]
            body += _entry(folder, picture, found, [c for c in claims if picture in about(c["source"], paper.places)])
            shown |= set(found)
        if body:
            lines += [f"## {part.title}", "", part.text, "", *body]
    if rest := [stem for stem in stems if stem not in shown and (folder / f"{stem}.png").exists()]:
        lines += ["## More pictures", "", ", ".join(_link(folder, stem) for stem in rest) + ".", ""]
    return "\n".join([*lines, *_verdicts(claims)]).rstrip() + "\n"


def belongs(stem: str, picture: str) -> bool:
    """Whether a file is the picture or a companion: figure_1_more and figure_1b are of figure_1, figure_10 is not."""
    return stem == picture or (stem.startswith(picture) and not stem[len(picture)].isdigit())


def words_of(folder: Path, stem: str) -> dict[str, str]:
    """Title, caption and alternative text of a figure; its name where nothing was said of it."""
    words = {"title": stem.replace("_", " ").capitalize(), "caption": "", "alternative": ""}
    try:
        return words | json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return words


def _entry(folder: Path, picture: str, found: list[str], claims: Claims) -> list[str]:
    """A figure or a table with its caption and verdicts, and links to what belongs to it."""
    if not found:
        return []
    main = [picture] if picture in found else found
    words = words_of(folder, main[0])
    lines = [f"### {words['title']}", ""]
    for stem in main:
        table, alternative = folder / f"{stem}.csv", words_of(folder, stem)["alternative"] or words["title"]
        lines += markdown_table(table) if table.exists() else [f"![{_attribute(alternative)}]({stem}.png)"]
        lines += [""]
    lines += [words["caption"], ""]
    for claim in claims:
        mark = ledger.MARKS[claim["verdict"]]
        lines += [f"- {mark} *{claim['statement']}* {claim['verdict'].capitalize()}: {claim['seeds']}."]
    lines += [""] if lines[-1] else []
    if others := [stem for stem in found if stem not in main]:
        lines += ["More: " + ", ".join(_link(folder, stem) for stem in others) + ".", ""]
    return lines


def about(source: str, places: Mapping[str, str]) -> set[str]:
    """The stems that a claim's source names: "figure 16b, 16c" is about figure_16; `places` holds what names none."""
    kinds = re.findall(r"(figure|table) ((?:\d+[a-c]?(?:, )?)+)", source)
    named = {(kind, number) for kind, numbers in kinds for number in re.findall(r"\d+[a-c]?", numbers)}
    stems = {f"{kind}_{number}" for kind, number in named}
    stems |= {f"{kind}_{number.rstrip('abc')}" for kind, number in named}
    return stems | ({places[source]} if source in places else set())


def _sources(paper: Paper) -> str:
    each = [f"{source.authors}, {source.year}, [arXiv {source.arxiv}]({source.address})" for source in paper.sources]
    return f"({'; '.join(each)}.)"


def _link(folder: Path, stem: str) -> str:
    name = f"{stem}.png" if (folder / f"{stem}.png").exists() else f"{stem}.csv"
    return f"[{stem.replace('_', ' ')}]({name})"


def _attribute(text: str) -> str:
    """Text that stands in an attribute or between brackets."""
    return text.replace("\n", " ").replace('"', "”").replace("[", "(").replace("]", ")")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def markdown_table(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file)) or [[""]]
    return [_row(row) for row in (head, ["---"] * len(head), *rows)]


def _verdicts(claims: Claims) -> list[str]:
    """The table of all claims, with the range of each number over the seeds; claims.json has those of every seed."""
    if not claims:
        return ["## Verdicts", "", "Not measured yet: `make reproduce-all`."]
    lines = [
        "## Verdicts",
        "",
        "Criteria were fixed, from the paper's own numbers, before ours were looked at. *Holds*: true for nine tenths "
        "of the seeds measured or more; *does not hold here*: for one tenth or fewer; *in part*: between. In brackets: "
        "the share of all seeds, with 95 % confidence. Beside a number of the paper: where it lies among ours, its "
        f"percentile from {ledger.MANY} seeds on; below, within or above our range with fewer. "
        "[claims.json](claims.json) has the numbers of every seed.",
        "",
        "| claim | the paper states | criterion | the paper | ours: lowest, median, highest | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for claim in claims:
        ours = "; ".join(
            f"{name} {_spread(claim['values'], name)}" for name in ledger.names_of(claim["values"].values())
        )
        verdict = f"{ledger.MARKS[claim['verdict']]} {claim['verdict']}: {claim['seeds']}"
        stated = f"{claim['statement']} ({claim['source']})"
        lines.append(_row((claim["id"], stated, claim["criterion"], claim["paper"], ours, verdict)))
    return lines


def _spread(values: Mapping[str, Mapping[str, float | None]], name: str) -> str:
    """Of one number over the seeds; a null is never learnt."""
    each = [numbers[name] for numbers in values.values() if name in numbers]
    return ledger.spread(math.inf if x is None else x for x in each)


def _options(settings: Settings) -> str:
    """What has to be given to make to have these settings."""
    defaults = Settings()
    given = {"PROFILE": (settings.profile, defaults.profile), "DATASET": (settings.dataset, defaults.dataset)}
    return "".join(f" {name}={value}" for name, (value, default) in given.items() if value != default)
