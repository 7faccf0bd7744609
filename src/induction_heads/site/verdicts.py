"""The ledger as one table of all papers, to be filtered in the reader's browser; without a script it is whole."""

import html
import math
from typing import Any

from ..machinery import ledger
from ..machinery.paper import Paper
from .galleries import Made

INTRODUCTION = (
    "What each paper states, our criterion, fixed before our numbers were looked at, the paper's numbers and ours. "
    "*Holds*: true for nine tenths of the seeds measured or more; *does not hold here*: for one tenth or fewer; "
    "*in part*: between. In brackets the share of all seeds, with 95 % confidence."
)
COLUMNS = ("claim", "the paper states", "criterion", "the paper", "ours: lowest, median, highest", "verdict")


def page(made: Made) -> str:
    rows = [_row(paper, claim) for paper in made.papers for claim in made.claims(paper)]
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    lines = ["# The ledger", "", INTRODUCTION, "", _controls(made), ""]
    lines += ['<div class="wide"><table id="ledger">', f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows, "</tbody>"]
    return "\n".join([*lines, "</table></div>", '<script src="_static/ledger.js" defer></script>']) + "\n"


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
    names: dict[str, float | None] = next(iter(claim["values"].values()), {})
    ours = "; ".join(f"{name} {_spread(claim, name)}" for name in names)
    stated = f"{claim['statement']} ({claim['source']})"
    verdict = f"{ledger.MARKS[claim['verdict']]} {claim['verdict']}: {claim['seeds']}"
    told = (claim["criterion"], claim["paper"], ours, verdict)
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in (stated, *told))
    link = f'<a href="papers/{paper.key}.html">{paper.key}</a> {html.escape(str(claim["id"]))}'
    marks = f'data-paper="{paper.key}" data-verdict="{claim["verdict"]}" data-seeds="{len(claim["holds"])}"'
    return f'<tr {marks}><th scope="row">{link}</th>{cells}</tr>'


def _spread(claim: dict[str, Any], name: str) -> str:
    """Of one number over the seeds; a null is never learnt."""
    values = [numbers.get(name) for numbers in claim["values"].values()]
    return ledger.spread(math.inf if value is None else value for value in values)
