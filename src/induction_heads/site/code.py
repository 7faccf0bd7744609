"""Pages of the package's code, a file each, with an anchor for every line."""

import ast
import html
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from .api import Module
from .links import between

STYLES = {"light": "xcode", "dark": "github-dark"}
SHEET = "code/code.css"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<link rel="stylesheet" href="{sheet}">
</head>
<body>
<nav><a href="{front}">How induction heads form</a> · <a href="{api}">{folder}</a></nav>
<h1>{name}</h1>
<main>{code}</main>
</body>
</html>
"""
FRAME = """\
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem; font-family: system-ui, sans-serif; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; font-size: .85rem; line-height: 1.45; }
pre a { color: inherit; text-decoration: none; }
:target { background: rgb(255 200 0 / 40%); padding: .2em; }
"""


def write(modules: list[Module], root: Path) -> None:
    """Writes a page a module, and the sheet that they share."""
    formatter = HtmlFormatter(lineanchors="L")
    for module in modules:
        page = module.code_place
        text = PAGE.format(
            name=html.escape(module.name),
            sheet=between(page, SHEET),
            front=between(page, "index.html"),
            api=between(page, f"api/{module.folder}.html"),
            folder=html.escape(module.folder),
            code=highlight(module.code, PythonLexer(), formatter),
        )
        target = root / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    rules = [FRAME, HtmlFormatter(style=STYLES["light"]).get_style_defs(".highlight")]
    dark = HtmlFormatter(style=STYLES["dark"]).get_style_defs(".highlight")
    rules += [f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}"]
    root.joinpath(SHEET).write_text("\n".join(rules) + "\n", encoding="utf-8")


def drawn_by(stem: str, modules: list[Module]) -> str:
    """The place of the function that draws a figure, which has its name, or names it; empty where none is found."""
    mentioned = ""
    for module in modules:
        if f"{stem}" not in module.code:
            continue
        for node in module.tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            place = f"{module.code_place}#L-{node.lineno}"
            if node.name == stem:
                return place
            names = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            mentioned = mentioned or (place if stem in names else "")
    return mentioned
