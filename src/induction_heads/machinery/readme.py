"""The numbers in README.md: written from committed results by `make readme`, and a test fails where they differ.

In the text a number stands between two comments, `<!--n:KEY-->22<!--/n-->`, which a reader does not see.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import execution, ledger, paths
from .paper import Paper
from .settings import Settings

README = paths.ROOT / "README.md"
PLACE = re.compile(r"<!--n:(.*?)-->.*?<!--/n-->", re.DOTALL)
TIMES, BENCH, PLATFORMS = "times.json", "bench.json", "platforms.json"  # among the committed figures


def write(papers: Iterable[Paper]) -> str:
    """Keeps how long the last build and bench took here among the figures, and fills the README; says what it holds."""
    papers = list(papers)
    figures = paths.figures_of_all(Settings())
    keep_times(figures, papers)
    values = values_of(figures)
    with paths.write_whole(README) as part:
        part.write_text(filled(README.read_text(encoding="utf-8"), values), encoding="utf-8")
    return "\n".join(f"{key:40} {value}" for key, value in values.items())


def keep_times(figures: Path, papers: Iterable[Paper]) -> None:
    """What this machine measured, where it measured it; else what stands there stays."""
    times = read(figures / TIMES)
    for part, (seconds, _) in execution.kept_times(Settings()).items():
        times[part] = round(seconds)
    for part, (seconds, _) in execution.kept_times(None).items():
        times[part] = round(seconds)
    for paper in papers:
        if seconds := execution.seconds_of(paper.key, Settings()):
            times[paper.key] = round(seconds)
    _keep(figures / TIMES, times)
    bench = paths.BUILD / "figures" / BENCH
    if bench.exists():
        _keep(figures / BENCH, read(bench))


def _keep(path: Path, values: Mapping[str, Any]) -> None:
    with paths.write_whole(path) as part:
        part.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")


def read(path: Path) -> dict[str, Any]:
    """A file of values; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def values_of(figures: Path) -> dict[str, str]:
    """Key -> what the README says there: counts of verdicts, times in words, milliseconds."""
    ledgers = sorted(path.parent for path in figures.glob("*/claims.json"))
    found = {"papers": str(len(ledgers)), "claims": str(sum(len(ledger.read(folder)) for folder in ledgers))}
    for folder in ledgers:
        words = [claim["verdict"] for claim in ledger.read(folder)]
        found[f"{folder.name} claims"] = str(len(words))
        found[f"{folder.name} verdicts"] = ledger.summary(words)
        for claim in ledger.read(folder):
            found[f"{folder.name} claim {claim['id']}"] = claim["seeds"]
    found |= {f"time {part}": execution.duration(float(seconds)) for part, seconds in read(figures / TIMES).items()}
    found |= {f"platform {name}": result for name, result in read(figures / PLATFORMS).items()}
    for row, columns in read(figures / BENCH).items():
        found |= {f"bench {row} {column}": f"{number:.3g}" for column, number in columns.items()}
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with the value of each key in its place; `KeyError` with one line where a key has none."""

    def value(place: re.Match[str]) -> str:
        if place[1] not in values:
            raise KeyError(f"README.md asks for {place[1]!r}, which no result has; there are {', '.join(values)}")
        return f"<!--n:{place[1]}-->{values[place[1]]}<!--/n-->"

    return PLACE.sub(value, text)
