"""Writes requirements.lock: what `.[dev]` of pyproject.toml resolves to, every package at one exact version.

Run by `make lock`. Versions in the present lock are kept where they still satisfy pyproject.toml. There are no hashes,
and torch is written without its `+cpu`, because one lock has to serve both builds of torch.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
HEADER = """\
# Every package at one exact version, for Python 3.11 on Linux. Made from pyproject.toml by `make lock`; do not edit.
"""


def resolve(constraints: list[str]) -> dict[str, str]:
    """Name and version of every package `.[dev]` needs, by pip's own resolver, installing nothing."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        subprocess.run([*pip, "--report", str(report), *constraints, "-e", f"{ROOT}[dev]"], check=True)
        found = [entry["metadata"] for entry in json.loads(report.read_text())["install"]]
    return {entry["name"].lower().replace("_", "-"): entry["version"].split("+")[0] for entry in found}


if __name__ == "__main__":
    versions = resolve(["-c", str(LOCK)] if LOCK.exists() else [])
    versions.pop("induction-heads")
    LOCK.write_text(HEADER + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions)))
    print(f"{LOCK.name}: {len(versions)} packages")
