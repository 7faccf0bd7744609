"""What a page of the site must not have: broken links, pictures without words, ids twice, requests to other hosts.

Only HTML and CSS are read. `python -m induction_heads.site.checking FOLDER` prints each fault, a line each.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGEST_PAGE = 1_000_000  # bytes, without what it shows
FETCHED = {  # what a browser fetches by itself: element -> attributes
    "img": ("src", "srcset"),
    "script": ("src",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "input": ("src",),
}
RELATIONS = ("stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch", "manifest")
ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


@dataclass
class Page(HTMLParser):
    """A page as it was read."""

    text: str
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    without_words: list[str] = field(default_factory=list)
    in_style: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        if "id" in known:
            self.ids.append(known["id"])
        if tag == "a" and "name" in known and known["name"] != known.get("id"):
            self.ids.append(known["name"])
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        if tag == "img" and not known.get("alt", "").strip():
            self.without_words.append(known.get("src", ""))
        self.fetched += [part for name in FETCHED.get(tag, ()) if name in known for part in _each(name, known[name])]
        if tag == "link" and set(known.get("rel", "").split()) & set(RELATIONS):
            self.fetched.append(known.get("href", ""))
        self.fetched += addresses(known.get("style", ""))

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.fetched += addresses(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False


def _each(name: str, value: str) -> list[str]:
    """The addresses in an attribute; a `srcset` has several, each with a width."""
    if name != "srcset" or value.startswith("data:"):
        return [value]
    return [part.split()[0] for part in value.split(",") if part.split()]


def addresses(css: str) -> list[str]:
    """What a sheet asks for."""
    return [one or other for one, other in ADDRESS.findall(css)]


def other_host(address: str) -> bool:
    parts = urlsplit(address.strip())
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ws", "wss")


def pages_of(root: Path) -> list[Path]:
    """Every page; what the theme keeps among its own files is a template, and none."""
    return sorted(path for path in root.rglob("*.html") if "_static" not in path.relative_to(root).parts)


def faults(root: Path) -> Iterator[str]:
    """Every fault of the site in a folder."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in pages_of(root)}
    if not pages:
        yield f"{root}: there is no page"
    ids = {path: set(page.ids) for path, page in pages.items()}
    for path, page in pages.items():
        name = path.relative_to(root)
        if path.stat().st_size > LARGEST_PAGE and name.parts[0] != "lab":  # which holds its program
            yield f"{name}: {path.stat().st_size:,} bytes"
        yield from (f"{name}: the id {each!r} stands there twice" for each in sorted(_twice(page.ids)))
        yield from (f"{name}: {each[:80]} has no alternative text" for each in page.without_words)
        yield from (f"{name}: asks another host for {each}" for each in page.fetched if other_host(each))
        for each in [*page.links, *page.fetched]:
            if not other_host(each) and (why := broken(root, path, each, ids)):
                yield f"{name}: {each} {why}"
    for path in sorted(root.rglob("*.css")):
        asked = addresses(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(root)}: asks another host for {each}" for each in asked if other_host(each))


def _twice(ids: list[str]) -> set[str]:
    return {each for each, times in Counter(ids).items() if times > 1}


def broken(root: Path, page: Path, address: str, ids: dict[Path, set[str]]) -> str:
    """What is wrong with an address on a page; empty where nothing is."""
    parts = urlsplit(address)
    if parts.scheme:  # data:, mailto:, javascript:
        return ""
    if parts.path.startswith("/"):
        return "leads to the host's root, not to the site's"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(root.resolve()) and not target.is_relative_to(root):
        return "leads out of the site"
    if not target.is_file():
        return "leads nowhere"
    anchor = unquote(parts.fragment)
    if "=" in anchor:  # settings, which the page's script reads: no place
        return ""
    known = ids.get(target, ids.get(page) if target == page else None)
    return "names a place that is not there" if anchor and known is not None and anchor not in known else ""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("one folder was expected: python -m induction_heads.site.checking FOLDER", file=sys.stderr)
        return 2
    root = Path(arguments[0]).resolve()
    found = list(faults(root))
    print("\n".join(found))
    pages = sorted(pages_of(root), key=lambda path: path.stat().st_size)
    if pages:
        largest = f"the largest {pages[-1].relative_to(root)} with {pages[-1].stat().st_size:,} bytes"
        print(f"{len(pages)} pages, {largest}: {len(found)} faults")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
