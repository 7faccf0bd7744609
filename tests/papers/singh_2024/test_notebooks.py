"""Every notebook has the form that the build relies on, runs in the smoke profile, and says the same when run twice."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from induction_heads.machinery import execution, paths
from induction_heads.machinery.settings import Settings

NAMES = execution.names("singh_2024")
SMOKE = Settings(profile="smoke")

each_notebook = pytest.mark.parametrize("name", NAMES)
each_notebook_in_its_own_group = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow, pytest.mark.xdist_group(name)]) for name in NAMES]
)


def read(name: str) -> dict:
    return json.loads(execution.source(name).read_text(encoding="utf-8"))


def test_there_are_notebooks():
    assert NAMES


@each_notebook
def test_it_is_committed_without_outputs(name):
    for cell in read(name)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@each_notebook
def test_its_kernel_is_python3_with_the_full_language_header(name):
    metadata = read(name)["metadata"]
    assert metadata["kernelspec"]["name"] == "python3" and metadata["kernelspec"]["language"] == "python"
    assert {"name", "file_extension", "mimetype", "pygments_lexer"} <= set(metadata["language_info"])


@each_notebook
def test_its_cells_have_ids_of_their_own(name):
    ids = [cell["id"] for cell in read(name)["cells"]]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_its_parameters_are_plain_and_begin_with_the_settings(name):
    parameters = execution.parameters_of(execution.source(name))
    assert {"profile": "paper", "dataset": "characters", "device": "cpu"}.items() <= parameters.items()


@each_notebook
def test_its_first_cell_says_what_it_asks_and_how_long_it_takes(name):
    first = read(name)["cells"][0]
    text = "".join(first["source"])
    assert first["cell_type"] == "markdown" and text.startswith("# ")
    assert execution.stated_seconds(execution.source(name)) and "two cores" in text


@each_notebook
def test_it_prints_claims_that_nbval_compares(name):
    """In nbval's lax mode only cells with this tag are compared; without one it would pass whatever came out."""
    assert any("nbval-check-output" in cell["metadata"].get("tags", ()) for cell in read(name)["cells"])


def command(*arguments: str, **options) -> subprocess.CompletedProcess:
    """A Python command as `make` would run it: unchecked, on one thread, and not part of this pytest."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    plain |= {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    ended = subprocess.run([sys.executable, *arguments], env=plain, capture_output=True, text=True, **options)
    assert ended.returncode == 0, f"{' '.join(arguments)}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    return ended


@pytest.fixture(scope="session")
def smoke_runs() -> None:
    """All runs of the smoke profile are in the store; of several workers one trains and the others wait."""
    paths.BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.BUILD / "tests.lock"):
        command("-m", "induction_heads", "train", "--profile", "smoke")


@each_notebook_in_its_own_group
def test_it_runs_in_the_smoke_profile_and_twice_with_the_same_claims(name, smoke_runs, tmp_path):
    command("-m", "induction_heads", "notebook", name, "--profile", "smoke")
    executed = Path(shutil.copy(execution.executed(name, SMOKE), tmp_path))
    for cell in json.loads(executed.read_text())["cells"]:
        assert not any(output["output_type"] == "error" for output in cell.get("outputs", ()))
    nbval = "--nbval-lax --nbval-current-env --nbval-cell-timeout=600 -p no:cacheprovider -p no:xdist -q"
    command("-m", "pytest", *nbval.split(), executed.name, cwd=tmp_path)
