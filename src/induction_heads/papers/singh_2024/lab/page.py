"""Joins the lab into one file of HTML, which needs no server and asks no other host for anything."""

import html
import json
from pathlib import Path

from induction_heads.machinery.paths import write_whole

from . import contents

FOLDER = Path(__file__).parent
SCRIPT = (
    "contents",
    "settings",
    "plot",
    "circuit",
    "prediction",
    "attention",
    "tours",
    "runs",
    "form",
    "drawing",
    "main",
)  # in this order
LARGEST = 2_000_000  # bytes


def page(home: str | None = None) -> str:
    """The page; `home` is the address of the site that it belongs to, from where the page lies."""
    data = contents.characters_data()
    carried = [f'<script type="application/json" id="facts">{_inside(json.dumps(contents.facts(data)))}</script>']
    carried += [
        f'<script type="text/plain" id="{name}">{content}</script>' for name, content in contents.blobs(data).items()
    ]
    carried.append(f'<script type="text/plain" id="worker">\n{_part("worker.js")}</script>')
    script = "\n".join(_part(f"{name}.js") for name in SCRIPT)
    parts = {
        "/* STYLE */": _part("style.css"),
        "<!-- HOME -->": f'<p><a href="{html.escape(home)}">To the front page</a></p>' if home else "",
        "<!-- LICENCE -->": html.escape(contents.licence()),
        "<!-- CONTENTS -->": "\n".join(carried),
        "/* SCRIPT */": f'(() => {{\n"use strict";\n{script}\n}})();',
    }
    whole = _part("page.html")
    for mark, part in parts.items():
        if whole.count(mark) != 1:
            raise ValueError(f"page.html should have {mark} once, has it {whole.count(mark)} times")
        whole = whole.replace(mark, part)
    return whole


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _inside(text: str) -> str:
    """JSON that cannot end the element it stands in."""
    return text.replace("<", "\\u003c")


def write(folder: Path, home: str | None = None) -> Path:
    """Writes FOLDER/index.html, whole or not at all."""
    with write_whole(folder / "index.html") as part:
        part.write_text(page(home), encoding="utf-8")
    return folder / "index.html"
