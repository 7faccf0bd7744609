"""One copy of every figure on the site, each an SVG where there is one, with its words."""

import base64
import hashlib
import html
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..machinery import gallery, paths
from ..machinery.settings import Settings
from .links import between

KINDS = (".svg", ".png")  # the better one first
FOLDER = "figures"  # on the site


@dataclass(frozen=True)
class Shelf:
    """The folder whose content is copied to the site as it is."""

    root: Path

    def figure(self, paper: str, stem: str, settings: Settings) -> str:
        """Puts a paper's figure there and gives its place on the site; empty where there is no such figure."""
        for kind in KINDS:
            source = paths.figures_dir(paper, settings) / f"{stem}{kind}"
            if source.exists():
                return self.file(source, f"{FOLDER}/{paths.build_name(settings)}/{paper}/{source.name}")
        return ""

    def file(self, source: Path, place: str) -> str:
        target = self.root / place
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return place

    def picture(self, encoded: str) -> str:
        """Puts a picture there that is no file: the PNG of a notebook's output, in base 64."""
        content = base64.b64decode(encoded)
        place = f"{FOLDER}/notebooks/{hashlib.sha256(content).hexdigest()[:16]}.png"
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return place


def image(page: str, place: str, alternative: str, *, eager: bool = False) -> str:
    """A figure in HTML, on a page of the site; a click shows it alone and large."""
    way = html.escape(between(page, place))
    loading = "" if eager else ' loading="lazy"'
    picture = f'<img src="{way}" alt="{html.escape(alternative)}"{loading}>'
    return f'<a class="figure" href="{way}">{picture}</a>'


def words(paper: str, stem: str, settings: Settings) -> dict[str, str]:
    """Title, caption, alternative text and runs of a figure, as far as something was said of it."""
    found = gallery.words_of(paths.figures_dir(paper, settings), stem)
    return found | {"alternative": found["alternative"] or found["title"], "runs": found.get("runs", "")}
