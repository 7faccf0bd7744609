"""Links in the project's Markdown, followed to where the same thing stands on the site.

A page is named by its path in the site's sources, which for notebooks and the glossary is their path in the project.
"""

import os
import posixpath
import re
from collections.abc import Collection

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^()\s]+)\)")
ELSEWHERE = re.compile(r"[a-z][a-z+.-]*:|#", re.IGNORECASE)  # another host, or a place on the same page


def relinked(text: str, page: str, pages: Collection[str]) -> str:
    """The text of a page with links that lead to pages of the site; what the site does not have is words alone."""

    def followed(link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        if ELSEWHERE.match(target):
            return link[0]
        path, mark, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        if wanted in pages:
            return link[0]
        if (code := code_page(wanted)) in pages:
            return f"[{words}]({between(page, code)}{mark}{anchor})"
        return words

    return LINK.sub(followed, text)


def code_page(source: str) -> str:
    """The page that shows a file of the package, named from the project's root: `src/PACKAGE/x.py`."""
    return f"code/{source.removeprefix('src/').removesuffix('.py')}.html" if source.endswith(".py") else ""


def between(page: str, target: str) -> str:
    """The way from a page to a file of the site, both named from its root."""
    return os.path.relpath(target, posixpath.dirname(page) or ".").replace(os.sep, "/")
