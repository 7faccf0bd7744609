"""Makes the environment that requirements.lock describes: `python .ci/environment.py .venv`. Standard library only.

The stamp `.venv/.installed` is written last and holds what was installed; an installation that was cut off leaves
`.venv/.installing` instead, and the next one starts from nothing. Two makes at once: the second waits for the first.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("INDUCTION_HEADS_BUILD") or ROOT / "build")
LOCK, PROJECT = ROOT / "requirements.lock", ROOT / "pyproject.toml"


def wanted() -> str:
    """Everything the environment depends on: the lock, the project's dependencies, where it lies, and the Python."""
    content = [LOCK.read_bytes(), PROJECT.read_bytes(), str(ROOT).encode(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(content)).hexdigest()


def make(folder: Path) -> None:
    """Installs into `folder` unless it already holds what is wanted."""
    stamp, unfinished, python = folder / ".installed", folder / ".installing", folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == wanted() and works(python):
        stamp.touch()
        return
    started = time.time()
    packages = sum("==" in line for line in LOCK.read_text().splitlines())
    print(f"Installing {packages} packages into {folder}: one to five minutes.", flush=True)
    stamp.unlink(missing_ok=True)
    if unfinished.exists() or not works(python):
        venv.create(folder, clear=True)
        unfinished.touch()
        run([str(python), "-m", "ensurepip", "--default-pip"])
    unfinished.touch()
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet"]
    run([*pip, "install", "--requirement", str(LOCK)])
    # The build backend is in the lock, so nothing is fetched here.
    run([*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    run([*pip, "check"], "requirements.lock does not hold what pyproject.toml asks for; `make lock` writes it anew")
    unfinished.unlink()
    stamp.write_text(wanted())
    finished = time.time()
    times = BUILD / "times"
    times.mkdir(parents=True, exist_ok=True)
    times.joinpath("environment.json").write_text(json.dumps({"seconds": finished - started, "finished": finished}))
    print(f"Installed in {finished - started:.0f} s.", flush=True)


def works(python: Path) -> bool:
    """Whether this is an interpreter of the version that runs us."""
    ask = "import sys, pip; sys.stdout.write(sys.version)"
    try:
        return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout == sys.version
    except OSError:
        return False


def alone(handle: IO) -> None:
    """Waits until no other make installs; where the system has no such locks, nobody waits."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Waiting for another make, which is installing.", flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)


def run(command: list[str], hint: str = "see the lines above") -> None:
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if finished.returncode:
        sys.exit(f"{finished.stdout}The environment is not complete: {hint}.")


if __name__ == "__main__":
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "environment.lock", "w") as handle:
        alone(handle)
        make(Path(sys.argv[1]))
