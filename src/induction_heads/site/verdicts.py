"""The ledger as one table of all papers, to be filtered in the reader's browser; without a script it is whole."""

import html
import math
from typing import Any

from ..machinery import ledger
from ..machinery.numbers import published
from ..machinery.paper import Paper
from .galleries import Made

INTRODUCTION = (
    "What each paper states, our criterion, fixed before our numbers were looked at, and the paper's numbers beside "
    "ours: the lowest, the median and the highest of the seeds. "
    "*Holds*: true for nine tenths of the seeds measured or more; *does not hold here*: for one tenth or fewer; "
    "*in part*: between. In brackets the share of all seeds, with 95 % confidence."
)
COLUMNS = ("claim", "verdict", "criterion", "numbers")
AT_ONCE = 3  # numbers of a claim that are shown without being asked for


def page(made: Made) -> str:
    rows = [_row(paper, claim) for paper in made.papers for claim in made.claims(paper)]
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    lines = ["# The ledger", "", INTRODUCTION, "", _controls(made), ""]
    lines += ['<table id="ledger">', f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody></table>"]
    return "\n".join([*lines, '<script src="_static/ledger.js" defer></script>']) + "\n"


def _controls(made: Made) -> str:
    papers = "".join(f'<option value="{p.key}">{html.escape(p.title)}</option>' for p in made.papers if made.claims(p))
    verdicts = "".join(f"<option>{word}</option>" for word in ledger.TOLD)
    return (
        '<form id="ledger-filter" hidden>'
        f'<label>Paper <select name="paper"><option value="">all</option>{papers}</select></label> '
        f'<label>Verdict <select name="verdict"><option value="">all</option>{verdicts}</select></label> '
        '<label>Seeds, at least <input name="seeds" type="number" min="0" value="0"></label> '
        '<output aria-live="polite"></output></form>'
    )


def _row(paper: Paper, claim: dict[str, Any]) -> str:
    """One line without a blank, so that Markdown takes the table as it is."""
    name = f'<a href="papers/{paper.key}.html">{paper.key}</a> {html.escape(str(claim["id"]))}'
    stated = html.escape(f"{claim['statement']} ({claim['source']})")
    verdict = html.escape(f"{ledger.MARKS[claim['verdict']]} {claim['verdict']}: {claim['seeds']}")
    marks = f'data-paper="{paper.key}" data-verdict="{claim["verdict"]}" data-seeds="{len(claim["holds"])}"'
    cells = (verdict, html.escape(claim["criterion"]), _numbers(claim))
    told = "".join(f'<td data-of="{column}">{cell}</td>' for column, cell in zip(COLUMNS[1:], cells, strict=True))
    return f'<tr {marks}><th scope="row"><span class="source">{name}</span> {stated}</th>{told}</tr>'


def _numbers(claim: dict[str, Any]) -> str:
    """A small table; of many numbers, one that opens when it is asked for."""
    names = list(next(iter(claim["values"].values()), {}))
    theirs, placed = claim.get("published", {}), claim.get("placed", {})
    rows = ""
    for name in names:
        stated = published(theirs[name]) if name in theirs else ""
        place = f' <span class="source">{html.escape(placed[name])}</span>' if name in placed else ""
        rows += (
            f'<tr><th scope="row">{html.escape(name)}</th><td>{stated}{place}</td><td>{_spread(claim, name)}</td></tr>'
        )
    head = "".join(f'<th scope="col">{each}</th>' for each in ("", "the paper", "ours"))
    table = f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    if len(names) <= AT_ONCE:
        return table if names else ""
    return f"<details><summary>{len(names)} numbers</summary>{table}</details>"


def _spread(claim: dict[str, Any], name: str) -> str:
    """Of one number over the seeds; a null is never learnt."""
    values = [numbers.get(name) for numbers in claim["values"].values()]
    return ledger.spread(math.inf if value is None else value for value in values)
