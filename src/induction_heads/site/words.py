"""Pages that are text: the project's glossary and teacher's guide, the list of notebooks, how to open and to cite."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..machinery import paths
from .links import Pages, relinked
from .notebooks import Executed

COURSE_TEXTS = ("teachers_guide.md", "guide/*.md")  # in notebooks/course
OPEN = """\
# Open it in JupyterLab

You need Python from 3.11 to 3.14, git, make, a C++ compiler (GCC from 11, clang from 14) and the package registry. No
GPU, no data. In the project's folder:

```sh
make lab                  # the environment, then JupyterLab on the notebooks
make figure-3a            # the first figure alone: a few minutes
make reproduce-all        # every paper: all runs, notebooks, figures, verdicts
```

*Run all* in a notebook trains what is missing with a live bar and reads the rest from the store. `make help` lists
everything, `make status` says what is done and how long the rest takes.

With conda: `conda env create -f environment.yml`, then `make VENV= lab`.

Without make and without the project's folder, from the wheel alone:

```sh
induction-heads start FOLDER   # notebooks, the course where it was made, and a README
cd FOLDER && induction-heads lab
```

On Windows take WSL, in which all is as on Linux. Without a compiler the same runs train in PyTorch, 5 to 10 times
slower.

The lab in the browser trains one network a page, without Python, from the same C++; the bench in JupyterLab
(`live_bench`) trains at full speed and writes into the store, so that notebooks find its runs.
"""


def pages(books: Mapping[str, Sequence[Executed]], titles: Mapping[str, str], lessons: Sequence[str]) -> dict[str, str]:
    """Each such page by its path in the sources, from each paper's notebooks and title, and the lessons' pages."""
    notebooks = paths.ROOT / "notebooks"
    found = {"open.md": OPEN, "cite.md": cite(paths.ROOT / "CITATION.cff"), "notebooks/index.md": listed(books, titles)}
    if (notebooks / "glossary.md").exists():
        found["notebooks/glossary.md"] = (notebooks / "glossary.md").read_text(encoding="utf-8")
    course = notebooks / "course"
    guides = {
        f"notebooks/course/{path.relative_to(course).as_posix()}": path.read_text(encoding="utf-8")
        for pattern in COURSE_TEXTS
        for path in sorted(course.glob(pattern))
    }
    found |= guides
    more = [*lessons, *guides]
    if more:
        found["notebooks/index.md"] += _contents("The course", more)
    return found


def listed(books: Mapping[str, Sequence[Executed]], titles: Mapping[str, str]) -> str:
    """The list of notebooks."""
    lines = ["# Notebooks", "", "As they were executed last; those marked were executed in small.", ""]
    for paper, each in books.items():
        lines += [f"## {titles[paper]}", ""]
        lines += [f"- [{book.title}]({book.name}.ipynb){' (in small)' if book.in_small else ''}" for book in each]
        lines += [""]
    return "\n".join(lines) + _contents("", [book.page for each in books.values() for book in each])


def _contents(caption: str, pages: Sequence[str]) -> str:
    names = [re.sub(r"\.(ipynb|md)$", "", page.removeprefix("notebooks/")) for page in pages]
    head = [f":caption: {caption}"] if caption else []
    return "\n".join(["", "```{toctree}", ":hidden:", *head, "", *names, "```", ""])


def cite(path: Path) -> str:
    """How to cite the paper and the project, from CITATION.cff."""
    known = yaml.safe_load(path.read_text(encoding="utf-8"))
    lines = ["# How to cite", "", known["message"], ""]
    for title, entry in (("The paper", known.get("preferred-citation")), ("The project", known)):
        if entry:
            lines += [f"## {title}", "", "```bibtex", *bibtex(entry), "```", ""]
    return "\n".join(lines)


def bibtex(entry: Mapping[str, Any]) -> list[str]:
    """An entry of CITATION.cff in BibTeX."""
    authors = [
        f"{author['family-names']}, {author['given-names']}" if "family-names" in author else f"{{{author['name']}}}"
        for author in entry["authors"]
    ]
    year = entry.get("year") or str(entry.get("date-released", ""))[:4]
    kind = "inproceedings" if "conference" in entry else "software"
    fields = {
        "author": " and ".join(authors),
        "title": f"{{{entry['title']}}}",
        "year": str(year),
        "booktitle": entry.get("collection-title", ""),
        "version": str(entry.get("version", "")),
        "url": entry.get("url", ""),
    }
    key = re.sub(r"\W", "", authors[0].split(",")[0]).lower()
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return [f"@{kind}{{{key}{year},", *lines, "}"]


def followed(text: str, page: str, pages: Pages) -> str:
    """A page's links to what the site has; those that the site itself has written lead somewhere already."""
    return relinked(text, page, pages) if page.startswith("notebooks/") else text
