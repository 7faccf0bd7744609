"""Where others host: Binder takes the lock and a compiler, Colab the wheel alone; and what a small machine allows."""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from induction_heads.machinery.paths import ROOT

BINDER = ROOT / ".binder"
SMALL = [sys.executable, str(ROOT / ".ci" / "small_machine.py")]
HOLDS_300_MB = "import time; block = bytearray(b'x') * (300 * 2**20); time.sleep(1)"


def words_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_binder_takes_the_lock_and_a_compiler():
    assert words_of((BINDER / "requirements.txt").read_text())[-1] == "-r ../requirements.lock"
    assert (BINDER / ".." / "requirements.lock").exists()
    assert "g++" in (BINDER / "apt.txt").read_text().split()


def test_binder_s_last_step_fetches_nothing():
    step = (BINDER / "postBuild").read_text()
    assert "--no-deps" in step and "--no-build-isolation" in step and "--no-index" in step
    assert subprocess.run(["sh", "-n", str(BINDER / "postBuild")]).returncode == 0


def test_colab_asks_for_the_wheel_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = (ROOT / "notebooks" / "colab.ipynb").read_text(encoding="utf-8")
    assert set(re.findall(r"induction_heads-[\w.]+?-py3", text)) == {f"induction_heads-{version}-py3"}


def test_the_workflow_that_tests_pages_fails_where_there_is_no_browser():
    steps = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    assert steps.index("chromedriver --version") < steps.index("run: .ci/run")
    assert "installed()" in (ROOT / ".ci" / "run").read_text()


def test_colab_installs_the_wheel_and_fetches_nothing_else():
    cells = json.loads((ROOT / "notebooks" / "colab.ipynb").read_text(encoding="utf-8"))["cells"]
    first, *others = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert first.splitlines()[-1] == "%pip install --quiet {WHEEL}"
    for line in "\n".join([first.replace("%pip install --quiet {WHEEL}", ""), *others]).splitlines():
        assert not any(word in line for word in ("pip", "http", "git ", "wget", "curl", "apt")), line


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="small_machine.py counts in /proc")
def test_a_small_machine_ends_what_holds_too_much_and_says_what_was_held():
    def held(megabytes: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*SMALL, "1", megabytes, sys.executable, "-c", HOLDS_300_MB], capture_output=True, text=True
        )

    too_small, enough = held("200"), held("600")
    assert too_small.returncode == 1 and "and 200 is the limit" in too_small.stderr
    assert enough.returncode == 0 and 300 <= int(enough.stderr.split("at most ")[1].split()[0]) < 600


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="small_machine.py counts in /proc")
def test_a_small_machine_has_so_many_cores():
    ask = "from induction_heads.machinery import processes; raise SystemExit(processes.cores())"
    assert subprocess.run([*SMALL, "1", "4096", sys.executable, "-c", ask], capture_output=True).returncode == 1
