"""Pages of the package's functions and classes from their docstrings, shapes as they are written in the signatures.

Read from the sources, not by importing them: signatures stand as they were written, and neither PyTorch nor
TransformerLens has to be loaded to make a page.
"""

import ast
import copy
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .links import between

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module of the package, parsed."""

    name: str  # with dots
    code: str
    code_place: str  # of the page with its code, on the site

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.code)

    @property
    def folder(self) -> str:
        """The package that it stands in, which is its page."""
        return self.name if self.is_folder else self.name.rpartition(".")[0]

    @property
    def is_folder(self) -> bool:
        return self.code_place.endswith("__init__.html")

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.tree) or ""


def modules(package: Path) -> list[Module]:
    """Every module of a package with something in it, by name."""
    found = []
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package.parent)
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        code = path.read_text(encoding="utf-8")
        if code.strip() and parts[-1] != "__main__":
            found.append(Module(name, code, f"code/{relative.with_suffix('.html').as_posix()}"))
    return sorted(found, key=lambda module: module.name)


def pages(found: list[Module]) -> dict[str, str]:
    """`api/FOLDER.md` -> the page of all modules of a folder, and `api/index.md`."""
    folders = sorted({module.folder for module in found})
    written = {f"api/{folder}.md": page(folder, [m for m in found if m.folder == folder]) for folder in folders}
    first = {module.name: module.doc.splitlines()[0] for module in found if module.doc and module.is_folder}
    lines = ["# The package", "", "Every public function and class; shapes stand in the signatures.", ""]
    lines += [f"- [`{short(folder)}`]({folder}.md): {first.get(folder, '')}" for folder in folders]
    tree = ["```{toctree}", ":hidden:", "", *folders, "```"]
    return written | {"api/index.md": "\n".join([*lines, "", *tree]) + "\n"}


def short(name: str) -> str:
    """A name without the package's own, which stands before every one of them."""
    return name.partition(".")[2] or name


def page(folder: str, found: list[Module]) -> str:
    lines = [f"# {short(folder)}", ""]
    for module in found:
        if not module.is_folder:
            lines += [f"## {module.name.rpartition('.')[2]}", ""]
        code = between(f"api/{folder}.md", module.code_place)
        lines += [module.doc, "", f'<a class="code" href="{code}">Code of {module.name}</a>', ""]
        lines += [f"```{{py:currentmodule}} {module.name}", "```", ""]
        comments = _comments(module.code)
        for node in module.tree.body:
            if isinstance(node, Function) and _public(node.name):
                lines += _function(node, "function", 3)
            if isinstance(node, ast.ClassDef) and _public(node.name):
                lines += _class(node, comments)
    return "\n".join(lines) + "\n"


def _public(name: str) -> bool:
    return not name.startswith("_")


def _function(node: Function, kind: str, ticks: int) -> Iterator[str]:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    fence = "`" * ticks
    yield f"{fence}{{py:{kind}}} {node.name}({ast.unparse(_arguments(node, kind))}){returns}"
    yield from ["", ast.get_docstring(node) or "", fence, ""]


def _arguments(node: Function, kind: str) -> ast.arguments:
    """Without `self`."""
    if kind == "function" or not node.args.args or any(_named(d) == "staticmethod" for d in node.decorator_list):
        return node.args
    without = copy.copy(node.args)
    without.args = node.args.args[1:]
    return without


def _class(node: ast.ClassDef, comments: dict[int, str]) -> Iterator[str]:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"````{{py:class}} {node.name}{f'({bases})' if bases else ''}"
    yield from ["", ast.get_docstring(node) or "", ""]
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and _public(part.target.id):
            yield from _attribute(part.target.id, ast.unparse(part.annotation), comments.get(part.end_lineno or 0, ""))
        if isinstance(part, Function) and _public(part.name):
            if any(_named(each) in ("property", "cached_property") for each in part.decorator_list):
                kind = ast.unparse(part.returns) if part.returns else ""
                yield from _attribute(part.name, kind, ast.get_docstring(part) or "")
            else:
                yield from _function(part, "method", 3)
    yield from ["````", ""]


def _attribute(name: str, kind: str, said: str) -> list[str]:
    return [f"```{{py:attribute}} {name}", *([f":type: {kind}"] if kind else []), "", said, "```", ""]


def _named(decorator: ast.expr) -> str:
    return ast.unparse(decorator).rpartition(".")[2]


def _comments(code: str) -> dict[int, str]:
    """Line -> the comment at its end."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
