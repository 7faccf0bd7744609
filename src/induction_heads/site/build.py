"""Writes the site: gathers what a build has made as sources for Sphinx, and has them written as pages.

Everything stands under build/site, and the sources under build/site-sources.
"""

import dataclasses
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ..machinery import execution, paths
from ..machinery.paper import Paper
from ..machinery.settings import Settings

FOLDER, SOURCES = "site", "site-sources"  # under build
NEEDS = ("sphinx", "myst_nb", "sphinx_book_theme", "latex2mathml")
KEPT = ("lab",)  # in the site's folder, written by others
STATIC = Path(__file__).parent / "static"
COURSE = ("course", "induction-heads-course", "course")  # the students' version under build
CONFIGURATION = {
    "project": "How induction heads form",
    "extensions": ["myst_nb", "induction_heads.site.mathematics"],
    "html_theme": "sphinx_book_theme",
    "html_title": "How induction heads form",
    "html_static_path": [str(STATIC)],
    "html_css_files": ["site.css"],
    "html_math_renderer": "mathml",
    "html_context": {"default_mode": "auto"},  # light or dark as the reader's system says
    "html_theme_options": {
        "navbar_persistent": [],  # the search is at the side
        "use_download_button": False,
        "use_fullscreen_button": False,
        "show_toc_level": 2,
        "show_navbar_depth": 1,
        "secondary_sidebar_items": {"**": ["page-toc"], "ledger": []},  # a wide table has no contents to list
    },
    "author": "the induction-heads contributors",
    "html_show_search_summary": False,  # a page opened from file: may not read others
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_use_index": False,
    "html_domain_indices": False,
    "myst_enable_extensions": ["amsmath", "colon_fence", "dollarmath"],
    "myst_heading_anchors": 3,
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "nb_render_markdown_format": "myst",  # readings have mathematics
    "nb_ipywidgets_js": {},  # else every page with a control would ask another host for a script
    # Anchors written as HTML are none to MyST, and a lesson's headings may skip a level; `make check-site` tests links.
    # A name such as Run in a signature may be one of several papers' classes: then any of them is linked.
    "suppress_warnings": ["myst.xref_missing", "myst.header", "mystnb.unknown_mime_type", "ref.python"],
    "add_module_names": False,
    "python_maximum_signature_line_length": 80,
    "toc_object_entries": False,
}


def in_small(settings: Settings) -> Settings:
    """The settings of the notebooks that stand in where a build has made none."""
    return dataclasses.replace(settings, profile="smoke")


def missing(paper: Paper, settings: Settings) -> list[str]:
    """The paper's notebooks that were executed neither with these settings nor in small."""
    choices = (settings, in_small(settings))
    names = execution.names(paper.key)
    return [name for name in names if not any(execution.executed(name, each).is_file() for each in choices)]


def write(papers: Iterable[Paper], settings: Settings) -> str:
    """Writes the site from what is there and says where it is; nothing is executed."""
    check_installed()
    site, sources = paths.BUILD / FOLDER, paths.BUILD / SOURCES
    gather(list(papers), settings, sources, has_lab=(site / "lab" / "index.html").exists())
    site.mkdir(parents=True, exist_ok=True)
    for old in site.iterdir():
        if old.name not in KEPT:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    render(sources, site)
    return str(site / "index.html")


def check_installed() -> None:
    lacking = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if lacking:
        raise ValueError(f"the site needs {', '.join(lacking)}, which is not installed: pip install -e '.[site]'")


def gather(papers: Sequence[Paper], settings: Settings, sources: Path, has_lab: bool) -> None:
    """Writes the sources of all pages, and the files that are copied as they are, into a fresh folder."""
    from . import api, code, galleries, notebooks, verdicts, words
    from .links import LAB, Pages
    from .shelf import Shelf

    shutil.rmtree(sources, ignore_errors=True)
    choices = (settings, in_small(settings))
    books = {paper.key: [notebooks.latest(name, choices) for name in execution.names(paper.key)] for paper in papers}
    lessons = {f"notebooks/course/{path.name}": path for path in paths.BUILD.joinpath(*COURSE).glob("*.ipynb")}
    modules = api.modules(Path(__file__).parents[1])
    shelf = Shelf(sources / "_as_it_is")
    made = galleries.Made(papers, settings, books, modules, shelf, has_lab, bool(lessons))
    titles = {paper.key: paper.title for paper in papers}
    texts = words.pages(books, titles, sorted(lessons)) | api.pages(modules)
    texts |= {"index.md": galleries.front(made), "ledger.md": verdicts.page(made)}
    texts |= {f"papers/{paper.key}.md": galleries.paper(made, paper) for paper in papers}
    code.write(modules, shelf.root)
    executed = {book.page: book for each in books.values() for book in each}
    others = [*(module.code_place for module in modules), *([LAB] if has_lab else [])]
    pages = Pages.of({*texts, *executed, *lessons, *others}, texts)
    for page, text in texts.items():
        _put(sources / page, words.followed(text, page, pages))
    for page, book in executed.items():
        _put(sources / page, json.dumps(notebooks.for_site(book, pages, shelf)))
    for page, path in lessons.items():
        _put(sources / page, json.dumps(notebooks.plain(path, page, pages, shelf)))


def _put(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def render(sources: Path, site: Path, configuration: dict | None = None) -> None:
    """Sphinx's part; `ValueError` where it finds something wrong in the sources, which it has named."""
    from sphinx.application import Sphinx

    settings = CONFIGURATION | {"html_extra_path": [str(sources / "_as_it_is")], "exclude_patterns": ["_as_it_is"]}
    application = Sphinx(
        str(sources),
        None,
        str(site),
        str(sources.with_name(f"{sources.name}-read")),
        "html",
        confoverrides=settings | (configuration or {}),
        status=None,
        warning=sys.stderr,
        freshenv=True,
    )
    application.build()
    if application.statuscode:
        raise ValueError("the site was not written: Sphinx says above why")


Run = Callable[[Paper, Settings], None]


def make(papers: Sequence[Paper], settings: Settings, execute: Run) -> str:
    """The site; notebooks that no build has made are executed in small first, a paper at a time."""
    check_installed()
    for paper in papers:
        if lacking := missing(paper, settings):
            print(f"{paper.target}: {len(lacking)} notebooks were never executed; now in small", flush=True)
            try:
                execute(paper, in_small(settings))
            except (execution.NotebookError, ValueError, OSError, ArithmeticError) as error:
                print(f"{paper.target}: {error}; its page shows the notebooks as they are", file=sys.stderr)
    return write(papers, settings)
