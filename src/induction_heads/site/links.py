"""Links in the project's Markdown, followed to where the same thing stands on the site.

A page is named by its path in the site's sources, which for notebooks and the glossary is their path in the project.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ANCHOR = re.compile(r'<a id="([^"]+)">')  # as the project's Markdown has them
OWN = "word-"  # before such an anchor's name on the site, where headings and functions have names of their own
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^()\s]+)\)")
LAB = "lab/index.html"  # on the site
WHERE_LESSONS_HAVE_IT = (f"build/site/{LAB}", f"notebooks/{LAB}")  # in the repository, and in the students' folder
ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:", re.IGNORECASE)  # another host


@dataclass(frozen=True)
class Pages:
    """The pages of the site, and the anchors that their texts have."""

    names: frozenset[str]
    anchors: frozenset[tuple[str, str]] = frozenset()  # page and anchor

    @staticmethod
    def of(names: Iterable[str], texts: Mapping[str, str]) -> "Pages":
        return Pages(
            frozenset(names), frozenset((page, name) for page in texts for name in ANCHOR.findall(texts[page]))
        )


def relinked(text: str, page: str, pages: Pages) -> str:
    """The text of a page with links that lead to pages of the site; what the site does not have is words alone."""

    def followed(link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        path, _, anchor = target.partition("#")
        if path and ELSEWHERE.match(path):
            return link[0]
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        own = OWN if (wanted, anchor) in pages.anchors else ""
        place = f"#{own}{anchor}" if anchor else ""
        if wanted in pages.names:
            return f"[{words}]({path}{place})"
        # Sphinx knows its own pages alone, and would drop a link in Markdown to another.
        other = LAB if wanted in WHERE_LESSONS_HAVE_IT else code_page(wanted)
        return f'<a href="{between(page, other)}{place}">{words}</a>' if other in pages.names else words

    return LINK.sub(followed, ANCHOR.sub(rf'<a id="{OWN}\1">', text))


def code_page(source: str) -> str:
    """The page that shows a file of the package, named from the project's root: `src/PACKAGE/x.py`."""
    return f"code/{source.removeprefix('src/').removesuffix('.py')}.html" if source.endswith(".py") else ""


def between(page: str, target: str) -> str:
    """The way from a page to a file of the site, both named from its root."""
    return os.path.relpath(target, posixpath.dirname(page) or ".").replace(os.sep, "/")
