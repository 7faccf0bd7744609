"""Executed notebooks as the site shows them: not run again, each figure a link to its one copy, what made it said."""

import functools
import html
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..machinery import execution
from ..machinery.execution import SHOWS
from ..machinery.remembered import sha256
from ..machinery.settings import Settings
from .links import LINK, Pages, between, relinked
from .shelf import Shelf, image, words

Notebook = dict[str, Any]
PICTURE, WIDGET = "image/png", "application/vnd.jupyter.widget-view+json"
CONTROL = "*Here JupyterLab shows a control that needs Python.*"
LANGUAGE = ("kernelspec", "language_info")  # what is kept of a notebook's metadata
DEFAULTS, INJECTED = "parameters", "injected-parameters"  # tags: what the notebook has, and what it was executed with
UNTITLED = "A picture that the cell above has drawn."


@dataclass(frozen=True)
class Executed:
    """A notebook, and where its executed copy is; no settings where it has not been executed at all."""

    name: str  # PAPER/NAME
    path: Path
    settings: Settings | None

    @property
    def page(self) -> str:
        return f"notebooks/{self.name}.ipynb"

    @property
    def in_small(self) -> bool:
        return self.settings is not None and self.settings.profile == "smoke"

    @property
    def is_old(self) -> bool:
        """Whether the notebook has changed since."""
        record = execution.recorded(execution.Task(self.name, self.settings, ())) if self.settings else None
        return record is not None and record.notebook != sha256(execution.source(self.name))

    @functools.cached_property
    def title(self) -> str:
        """Its first line."""
        first = "".join(self.read()["cells"][0]["source"]).splitlines()[0]
        return LINK.sub(r"\1", first).lstrip("# ")

    def read(self) -> Notebook:
        return json.loads(self.path.read_text(encoding="utf-8"))


def latest(name: str, choices: Iterable[Settings]) -> Executed:
    """A notebook as executed with the first of the settings with which it was."""
    for settings in choices:
        path = execution.executed(name, settings)
        if path.is_file():
            return Executed(name, path, settings)
    return Executed(name, execution.source(name), None)


@functools.cache
def shown(executed: Executed) -> list[str]:
    """The figures and tables that a notebook has shown."""
    outputs = [output for cell in executed.read()["cells"] for output in cell.get("outputs", ())]
    return [name for output in outputs if (name := output.get("metadata", {}).get(SHOWS))]


def for_site(executed: Executed, pages: Pages, shelf: Shelf) -> Notebook:
    """The notebook as a page: links followed, figures on the shelf, nothing of how papermill and Jupyter kept it."""
    notebook = executed.read()
    first, *rest = notebook["cells"]
    cells = [_cell(first, executed, pages, shelf), _said(executed)]
    replaced = DEFAULTS if any(INJECTED in _tags(cell) for cell in rest) else INJECTED
    cells += [_cell(cell, executed, pages, shelf) for cell in rest if replaced not in _tags(cell)]
    return _whole(cells, notebook)


def plain(path: Path, page: str, pages: Pages, shelf: Shelf) -> Notebook:
    """A notebook that is not to be executed, such as a lesson: its cells with their links followed."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    unexecuted = Executed(page.removeprefix("notebooks/").removesuffix(".ipynb"), path, None)
    cells = [_cell(cell, unexecuted, pages, shelf) for cell in notebook["cells"]]
    return _whole(cells, notebook)


def _whole(cells: list[dict[str, Any]], notebook: Notebook) -> Notebook:
    """A notebook of these cells in the language of another."""
    language = {key: notebook["metadata"][key] for key in LANGUAGE if key in notebook["metadata"]}
    return {"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}


def _tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def _markdown(text: str, name: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _said(executed: Executed) -> dict[str, Any]:
    """What made this page, in a box below its title."""
    if executed.settings is None:
        told = "This notebook has not been executed: what follows is its text and its code."
    else:
        when = time.strftime("%d %B %Y", time.gmtime(executed.path.stat().st_mtime))
        told = (
            f"Executed on {when} with `PROFILE={executed.settings.profile}` and `DATASET={executed.settings.dataset}`."
        )
    kind = "note"
    if executed.is_old:
        told += " The notebook has changed since."
    if executed.in_small:
        kind = "warning"
        told += " **In small:** the same runs, much shorter, to show how all is made; compare no number."
    how = f"`make notebook-{executed.name.split('/')[-1]}` executes it again; `make lab` opens it in JupyterLab."
    return _markdown(f":::{{{kind}}}\n{told} {how}\n:::", "how-this-page-was-made")


def _cell(cell: dict[str, Any], executed: Executed, pages: Pages, shelf: Shelf) -> dict[str, Any]:
    text = "".join(cell["source"])
    kept = {"cell_type": cell["cell_type"], "id": cell.get("id", "cell"), "metadata": {}}
    if cell["cell_type"] != "code":
        return kept | {"source": relinked(text, executed.page, pages)}
    outputs = [new for output in cell["outputs"] for new in _output(output, executed, pages, shelf)]
    return kept | {"source": text, "execution_count": cell["execution_count"], "outputs": outputs}


def _output(output: dict[str, Any], executed: Executed, pages: Pages, shelf: Shelf) -> list[dict[str, Any]]:
    """An output as the site shows it; none for what has no meaning outside of Jupyter."""
    if output["output_type"] == "stream":
        return [output] if output["name"] == "stdout" else []
    data = output.get("data", {})
    if PICTURE in data:
        return [_display("text/html", _picture(output, executed, shelf))]
    if WIDGET in data:
        return [_display("text/markdown", CONTROL)]
    if "text/markdown" in data:
        return [_display("text/markdown", relinked("".join(data["text/markdown"]), executed.page, pages))]
    if "text/html" in data:
        return [_display("text/html", _table("".join(data["text/html"])))]
    return [output | {"metadata": {}}]


def _display(kind: str, text: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {kind: text}}


def _picture(output: dict[str, Any], executed: Executed, shelf: Shelf) -> str:
    """The figure of that name, drawn with these settings; else the picture that the notebook holds."""
    known = output.get("metadata", {})
    alternative, stem, paper = known.get(PICTURE, {}).get("alt", ""), known.get(SHOWS), executed.name.split("/")[0]
    place = ""
    if stem and executed.settings:
        place = shelf.figure(paper, stem, executed.settings)
        alternative = alternative or words(paper, stem, executed.settings)["alternative"]
    place = place or shelf.picture("".join(output["data"][PICTURE]))
    return image(executed.page, place, alternative or UNTITLED)


def _table(text: str) -> str:
    """A table of pandas, without its style, in a frame that scrolls."""
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    return f'<div class="wide">{text}</div>'


def button(page: str, executed: Executed, words: str) -> str:
    """A link to a notebook from a page."""
    mark = " (in small)" if executed.in_small else ""
    return f'<a href="{between(page, executed.page.replace(".ipynb", ".html"))}">{html.escape(words)}</a>{mark}'
