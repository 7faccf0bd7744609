"""What follows from code and from finished runs alone is computed once, and kept for as long as that code is the same.

Which code it is follows from the imports: a module counts with everything that it imports, so that a comment in one
paper makes nothing stale in another, and a drawing makes no measurement stale.
"""

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from . import paths

PACKAGE = Path(__file__).parents[1]
NAME = PACKAGE.name


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def imported(tree: ast.AST, module: str = "") -> set[str]:
    """The modules of this package that a piece of code imports, at its top or inside a function.

    `module` is the code's own, as a dotted path with `__init__` where it is one; relative imports start from there.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = module.split(".")[: -node.level] if node.level else []
            base = [*inside, *(node.module.split(".") if node.module else [])]
            names |= {".".join([*base, alias.name]) for alias in node.names}
    return {found for name in names if name.split(".")[0] == NAME and (found := _module(name))}


def _module(name: str) -> str:
    """The module that a dotted name is, or is in; with `__init__` where it is a package."""
    parts = name.split(".")
    while parts:
        path = PACKAGE.joinpath(*parts[1:])
        if path.with_suffix(".py").is_file() and len(parts) > 1:
            return ".".join(parts)
        if (path / "__init__.py").is_file():
            return ".".join([*parts, "__init__"])
        parts.pop()
    return ""


@cache
def _needs(module: str) -> frozenset[str]:
    """What a module imports, and the packages that it is in."""
    source = _file(module).read_text(encoding="utf-8")
    parts = module.split(".")[:-1]
    packages = {".".join([*parts[:n], "__init__"]) for n in range(1, len(parts) + 1)}
    return frozenset(
        imported(ast.parse(source), module) | {package for package in packages if _file(package).is_file()}
    )


def _file(module: str) -> Path:
    return PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")


def modules(first: Iterable[str]) -> list[str]:
    """These modules and everything of this package that they import, however far."""
    found: set[str] = set()
    left = [_module(name.removesuffix(".__init__")) for name in first]
    while left:
        module = left.pop()
        if module and module not in found:
            found.add(module)
            left += _needs(module)
    return sorted(found)


def files(first: Iterable[str]) -> list[Path]:
    """The files that these modules are made of: sources, and what lies beside an `__init__` that is not Python."""
    found: list[Path] = []
    for module in modules(first):
        path = _file(module)
        found.append(path)
        if path.stem == "__init__" and path.parent != PACKAGE:
            found += _beside(path.parent)
    return found


def _beside(folder: Path) -> list[Path]:
    """Files that are not Python, also in folders that are no packages."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            found += _beside(path)
        elif path.is_file() and path.suffix != ".py":
            found.append(path)
    return found


_parsing = Lock()  # Python 3.11 loses count where two threads parse at once


def code(*first: str) -> str:
    """One hash of all that numbers of these modules can come from beside the runs: their code, and the lock."""
    with _parsing:
        return _code(*first)


@cache
def _code(*first: str) -> str:
    lock = paths.ROOT / "requirements.lock"
    each = [*files(first), *([lock] if lock.exists() else [])]
    lines = [f"{path.name if path == lock else path.relative_to(PACKAGE).as_posix()} {sha256(path)}" for path in each]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def remembered(made_from: list, compute: Callable[..., Mapping[str, Any]], *given: Any) -> dict[str, Any]:
    """What `compute(*given)` gave the last time for the same plain values and the same code, or gives now."""
    name = hashlib.sha256(json.dumps([*made_from, code(compute.__module__)]).encode()).hexdigest()[:16]
    path = paths.BUILD / "remembered" / f"{name}.json"
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        kept = None
    if isinstance(kept, dict):
        return kept
    found = json.dumps(compute(*given), default=float)
    with paths.write_whole(path) as part:
        part.write_text(found)
    return json.loads(found)
