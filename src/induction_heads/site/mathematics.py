"""Mathematics as MathML, which browsers show themselves: a Sphinx extension, and nothing is shipped for it."""

import html
import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

# A function stands apart from what it is of, and from a number before it.
SPACE = '<mspace width="0.167em"/>'
FUNCTION = re.compile(r"(</mn>)?(<mi>(?:ln|log|exp|max|min)</mi>)(?!<mo)")


def mathml(latex: str, display: str) -> str:
    """MathML of a formula; one that cannot be converted is shown as it is written."""
    try:
        return FUNCTION.sub(_apart, convert(latex, display=display))
    except Exception as error:  # the converter raises a class of its own for each thing that it misses
        return f'<code class="formula" title="{html.escape(str(error))}">{html.escape(latex)}</code>'


def _apart(found: re.Match[str]) -> str:
    return f"{found[1]}{SPACE}{found[2]}{SPACE}" if found[1] else f"{found[2]}{SPACE}"


def inline(translator: Any, node: Any) -> None:
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block(translator: Any, node: Any) -> None:
    translator.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
