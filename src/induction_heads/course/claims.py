"""The ledger of a paper, for the lesson that judges it: the committed one, or its copy in the students' zip."""

import shutil
from pathlib import Path
from typing import Any

from induction_heads.machinery import ledger
from induction_heads.machinery.paths import ROOT

FIGURES = ROOT / "figures"


def claims(paper: str) -> dict[str, dict[str, Any]]:
    """The claims of `figures/PAPER/claims.json` by their ids, as `ledger.as_json` has them.

    `ValueError` where it is neither in the repository nor beside the folder of the lessons.
    """
    beside = Path.cwd().parent / FIGURES.name
    for folder in (FIGURES / paper, beside / paper):
        if found := ledger.read(folder):
            return {claim["id"]: claim for claim in found}
    raise ValueError(
        f"the ledger of {paper!r} should be in {FIGURES} or in {beside}, and is in neither; "
        f"there are {', '.join(papers()) or 'none'}: copy the folder {FIGURES.name} of the course's zip there"
    )


def papers() -> list[str]:
    """The papers that have a ledger here."""
    folders = (FIGURES, Path.cwd().parent / FIGURES.name)
    return sorted({path.parent.name for folder in folders for path in folder.glob("*/claims.json")})


def pack(folder: Path) -> None:
    """Copies every ledger to where students find it: beside the folder of their lessons."""
    for source in FIGURES.glob("*/claims.json"):
        target = folder / FIGURES.name / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
