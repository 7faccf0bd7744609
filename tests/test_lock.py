"""The lock: what is asked for, and the markers of what only some platforms need. pip itself is not asked here."""

import importlib.util
import re

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from induction_heads.machinery.paths import ROOT


@pytest.fixture(scope="module")
def lock():
    spec = importlib.util.spec_from_file_location("lock", ROOT / ".ci" / "lock.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture(scope="module")
def everywhere(lock):
    return {(platform, python) for platform in lock.PLATFORMS for python in lock.PYTHONS}


def holds(lock, condition: str, platform: str, python: str) -> bool:
    """Whether a marker is true there, as pip reads it."""
    there = lock.PLATFORMS[platform][1] | {"python_version": python}
    return not condition or Marker(condition).evaluate(there)


@pytest.mark.parametrize(
    "needs, expected",
    [
        (lambda platform, python: True, ""),
        (lambda platform, python: platform == "Windows", 'sys_platform == "win32"'),
        (
            lambda platform, python: platform.startswith("Linux"),
            'sys_platform == "linux"',
        ),
        (
            lambda platform, python: platform == "Linux ARM64",
            '(sys_platform == "linux" and platform_machine == "aarch64")',
        ),
        (lambda platform, python: python == "3.11", 'python_version == "3.11"'),
        (
            lambda platform, python: platform == "macOS ARM64" and python in ("3.11", "3.12"),
            '(python_version == "3.11" or python_version == "3.12") and sys_platform == "darwin"',
        ),
        (lambda platform, python: platform == "Windows" or python == "3.14", None),
    ],
    ids=["all", "one system", "both machines", "one machine", "one Python", "both", "either"],
)
def test_a_marker_is_true_where_a_package_is_needed_and_nowhere_else(lock, everywhere, needs, expected):
    where = {pair for pair in everywhere if needs(*pair)}
    condition = lock.marker(where, everywhere)
    if expected is not None:
        assert condition == expected
    assert {pair for pair in everywhere if holds(lock, condition, *pair)} == where


def test_requirements_are_the_project_s_and_those_of_its_extra_dev(lock):
    names = {re.split(r"[<>=\[]", requirement)[0] for requirement in lock.requirements()}
    assert {"torch", "numpy", "pytest", "dask", "hatchling"} <= names
    assert "induction-heads" not in names


def test_a_package_of_two_versions_has_a_line_for_each(lock):
    found = {("Windows", "3.11"): {"a": "1", "b": "1"}, ("Windows", "3.12"): {"a": "2", "b": "1"}}
    assert lock.lines(found) == ['a==1 ; python_version == "3.11"', 'a==2 ; python_version == "3.12"', "b==1"]


def test_here_every_package_of_the_lock_has_one_version(lock):
    for platform in lock.PLATFORMS:
        for python in lock.PYTHONS:
            there = lock.PLATFORMS[platform][1] | {"python_version": python}
            each = [Requirement(line) for line in lock.LOCK.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
            names = [one.name for one in each if one.marker is None or one.marker.evaluate(there)]
            assert len(names) == len(set(names)) and "torch" in names, f"{platform}, Python {python}"
