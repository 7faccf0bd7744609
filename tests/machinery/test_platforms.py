"""What only POSIX has is not asked for when a module is imported; where it is missing one line says what is lost."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import induction_heads
from induction_heads import cli
from induction_heads.machinery import processes

SOURCES = sorted(Path(induction_heads.__file__).parent.rglob("*.py"))
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
WITHOUT_POSIX = f"""
import builtins, os, signal, sys

import torch, pandas, matplotlib.pyplot  # other people's packages see to themselves

real = builtins.__import__

def without_posix(name, given=None, *rest):
    if name in {POSIX_ONLY!r} and (given or {{}}).get("__name__", "").startswith("induction_heads"):
        raise ImportError(name)
    return real(name, given, *rest)

builtins.__import__ = without_posix
for name in ("fork", "setsid", "sched_getaffinity", "geteuid", "getuid", "killpg", "nice"):
    delattr(os, name)
del signal.SIGHUP

from induction_heads import cli
from induction_heads.bench import pairs
from induction_heads.machinery import processes, supervise

print(processes.cores(), processes.peak_megabytes())
sys.stdout.flush()
sys.exit(supervise.main([sys.executable, "-c", "raise SystemExit(3)"]))
"""


def test_no_module_imports_what_only_posix_has():
    """At its top; a function may, if it copes without."""
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not POSIX_ONLY & set(names), f"{path.name} imports {POSIX_ONLY & set(names)}"


def test_without_posix_commands_run_unguarded_and_one_line_says_so():
    ended = subprocess.run([sys.executable, "-c", WITHOUT_POSIX], capture_output=True, text=True)
    assert ended.returncode == 3
    assert ended.stdout.split() == [str(os.cpu_count()), "nan"]
    (line,) = ended.stderr.splitlines()
    assert line.startswith("This system cannot guard processes") and "WSL" in line


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no such thing as an affinity here")
def test_cores_are_those_that_may_be_used():
    ask = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    ask += "from induction_heads.machinery import processes; print(processes.cores())"
    assert subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True).stdout == "1\n"


def test_peak_memory_counts_what_was_used():
    before = processes.peak_megabytes()
    block = bytearray(b"x") * (200 * 2**20)
    assert processes.peak_megabytes() > max(150, before) - 1 and len(block)


@pytest.mark.parametrize(
    "words, meant",
    [
        ("figure-3a", ("result", ["figure-3a"])),
        ("singh-2024/table-1 figure-3a", ("result", ["singh-2024/table-1", "figure-3a"])),
        ("singh-2024", ("reproduce", ["singh-2024"])),
        ("reproduce-all", ("reproduce", [])),
        ("notebook-01_emergence", ("notebook", ["01_emergence"])),
        ("status singh-2024", ("status", ["singh-2024"])),
    ],
)
def test_what_can_be_said_to_make_can_be_said_to_the_command(words, meant):
    assert cli.understood(words.split()) == meant


def test_settings_are_written_as_for_make():
    assert cli.as_options(["figure-3a", "PROFILE=smoke", "SEEDS=5..9", "FORCE=1", "FORCE="]) == [
        "figure-3a",
        "--profile=smoke",
        "--seeds=5..9",
        "--force",
    ]
    with pytest.raises(
        ValueError, match="no setting is called SEED; there are PROFILE, DATASET, SEEDS, DEVICE and FORCE"
    ):
        cli.as_options(["SEED=6"])


def test_an_unknown_command_is_one_line(capsys):
    assert cli.main(["reprodce"]) == 2
    assert capsys.readouterr().err.startswith("no command is called 'reprodce'; there are start, reproduce, ")
