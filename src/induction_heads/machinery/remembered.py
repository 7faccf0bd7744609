"""What follows from the code and from finished runs alone is computed once and kept, for as long as the code is the same."""

import hashlib
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import paths


@lru_cache(maxsize=1)
def code() -> str:
    """One hash of all that a number can come from beside the runs: the package and the lock."""
    files = [
        path for path in Path(__file__).parents[1].rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    lock = paths.ROOT / "requirements.lock"
    lines = [
        f"{path.relative_to(paths.ROOT)} {sha256(path)}"
        for path in sorted([*files, *([lock] if lock.exists() else [])])
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def remembered(made_from: list, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `compute` gave the last time for the same plain values and the same code, or gives now."""
    name = hashlib.sha256(json.dumps([*made_from, code()]).encode()).hexdigest()[:16]
    path = paths.BUILD / "remembered" / f"{name}.json"
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        kept = None
    if isinstance(kept, dict):
        return kept
    found = compute()
    with paths.write_whole(path) as part:
        part.write_text(json.dumps(found))
    return found
