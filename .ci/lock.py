"""Writes requirements.lock: what `.[dev]` of pyproject.toml resolves to, every package at one exact version, on each
platform and with each Python that students have.

Run by `make lock`, which needs the package registry and no other platform: pip's own resolver is asked what it would
install there, from wheels alone, and installs nothing. Versions in the present lock are kept where they still fit. A
package that only some need stands there with a marker. What was found on which platform goes to figures/platforms.json,
and from there into the README. `python .ci/lock.py 'Windows' 3.13` asks for one of them and writes nothing.

There are no hashes, and torch is written without its `+cpu`: one lock has to serve both builds of torch.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
RESULTS = ROOT / "figures" / "platforms.json"
PROJECT = "induction-heads"
# Each with a release of it: 3.11.2 is what Debian 12 has; networkx does not want 3.14.1.
PYTHONS = {"3.11": "3.11.2", "3.12": "3.12.10", "3.13": "3.13.7", "3.14": "3.14.2"}
GLIBC = range(28, 4, -1)  # 2.28, as PyTorch's wheels ask for, and older


def _linux(machine: str, oldest: Iterable[str]) -> list[str]:
    return [f"manylinux_2_{minor}_{machine}" for minor in GLIBC] + [f"{name}_{machine}" for name in oldest]


# What pip calls each platform, and what requirements call it in their markers.
PLATFORMS = {
    "Linux x86-64": (
        _linux("x86_64", ("manylinux2014", "manylinux2010", "manylinux1")),
        {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"},
    ),
    "Linux ARM64": (
        _linux("aarch64", ("manylinux2014",)),
        {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64", "os_name": "posix"},
    ),
    "macOS ARM64": (
        ["macosx_14_0_arm64"],
        {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64", "os_name": "posix"},
    ),
    "Windows": (
        ["win_amd64"],
        {"sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64", "os_name": "nt"},
    ),
}
# pip reads markers as of the machine it runs on, whatever --platform says; so it is told what they are there.
PIP = """
import json, sys
from pip._vendor.packaging import markers
there, here = json.loads(sys.argv.pop(1)), markers.default_environment
markers.default_environment = lambda: here() | there
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
OF_CUDA = re.compile(r"nvidia-.*|cuda-.*|triton")  # come with torch's CUDA build, which names their versions itself
SOURCES_ONLY = ("transformers-stream-generator",)  # come without a wheel, and are pure Python: one is built here
HEADER = """\
# Every package at one exact version, for Python 3.11 to 3.14 on Linux, macOS and Windows; a marker says where one is
# needed that not all need. Made from pyproject.toml by `make lock`; do not edit.
"""
Versions = dict[str, str]  # of each package


def requirements() -> list[str]:
    """What the project and its extra `dev` ask for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked, found = [*project["dependencies"], *project["optional-dependencies"]["dev"]], []
    while asked:
        requirement = asked.pop(0)
        own = re.fullmatch(rf"{PROJECT}\[(.*)\]", requirement)
        if own:
            asked += [each for extra in own[1].split(",") for each in project["optional-dependencies"][extra.strip()]]
        else:
            found.append(requirement)
    return found


@cache
def wheels_of_sources() -> str:
    """A folder with a wheel of each package that has none, as installing would build it; each fits every platform."""
    folder = tempfile.mkdtemp()
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
    subprocess.run([*pip, *constraints(), *SOURCES_ONLY], check=True, capture_output=True, text=True)
    assert len(list(Path(folder).glob("*-none-any.whl"))) == len(SOURCES_ONLY), "not pure Python any more"
    return folder


def constraints() -> list[str]:
    return ["-c", str(LOCK)] if LOCK.exists() else []


def resolve(platform: str, python: str) -> Versions:
    """Name and version of every package; `CalledProcessError` where pip finds no set of wheels."""
    tags, markers = PLATFORMS[platform]
    markers = markers | {"python_version": python, "python_full_version": PYTHONS[python]}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        pip = [sys.executable, "-c", PIP, json.dumps(markers), "install", "--dry-run", "--ignore-installed"]
        pip += ["--no-color", "--use-feature=fast-deps"]  # reads what wheels ask for, and not whole wheels
        pip += ["--only-binary=:all:", "--python-version", PYTHONS[python], "--target", folder, "--report", str(report)]
        pip += [part for tag in tags for part in ("--platform", tag)]
        pip += ["--find-links", wheels_of_sources()]
        subprocess.run([*pip, *constraints(), *requirements()], check=True, capture_output=True, text=True)
        found = [entry["metadata"] for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    versions = {re.sub(r"[-_.]+", "-", entry["name"]).lower(): entry["version"].split("+")[0] for entry in found}
    return {name: versions[name] for name in sorted(versions) if not OF_CUDA.fullmatch(name)}


def marker(where: set[tuple[str, str]], everywhere: set[tuple[str, str]]) -> str:
    """What is true on these platforms with these Pythons, and on no other."""
    if where == everywhere:
        return ""
    pythons = {python for _, python in where}
    platforms = {platform for platform, _ in where}
    if where != {pair for pair in everywhere if pair[0] in platforms and pair[1] in pythons}:
        each = [marker({pair for pair in where if pair[1] == python}, everywhere) for python in sorted(pythons)]
        return " or ".join(f"({one})" for one in each)
    parts = []
    if pythons != {python for _, python in everywhere}:
        parts.append(" or ".join(f'python_version == "{python}"' for python in sorted(pythons)))
    if platforms != {platform for platform, _ in everywhere}:
        parts.append(" or ".join(sorted({_named(platform, platforms) for platform in platforms})))
    return " and ".join(f"({part})" if " or " in part and len(parts) > 1 else part for part in parts)


def _named(platform: str, among: set[str]) -> str:
    """The system, with the machine where another machine of that system is not meant."""
    markers = PLATFORMS[platform][1]
    system = f'sys_platform == "{markers["sys_platform"]}"'
    same = {other for other, (_, its) in PLATFORMS.items() if its["sys_platform"] == markers["sys_platform"]}
    return system if same <= among else f'({system} and platform_machine == "{markers["platform_machine"]}")'


def lines(found: dict[tuple[str, str], Versions]) -> list[str]:
    """The lock: a line a package and version, with the marker of where it is needed."""
    where: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for pair, versions in found.items():
        for name, version in versions.items():
            where.setdefault((name, version), set()).add(pair)
    each = []
    for (name, version), pairs in sorted(where.items()):
        condition = marker(pairs, set(found))
        each.append(f"{name}=={version}" + (f" ; {condition}" if condition else ""))
    return each


def main(asked: list[str]) -> int:
    if asked:
        try:
            print("\n".join(f"{name}=={version}" for name, version in resolve(*asked).items()))
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.stdout[-4000:]}{error.stderr}")
        return 0
    found: dict[tuple[str, str], Versions] = {}
    results: dict[str, str] = {}
    for platform, python in product(PLATFORMS, PYTHONS):
        try:
            found[platform, python] = resolve(platform, python)
            results[f"{platform}, Python {python}"] = f"{len(found[platform, python])} packages"
        except subprocess.CalledProcessError as error:
            said = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
            results[f"{platform}, Python {python}"] = "no"
            print("\n".join(said[-2:]), file=sys.stderr)
        print(f"{platform}, Python {python}: {results[f'{platform}, Python {python}']}", flush=True)
    LOCK.write_text(HEADER + "".join(f"{line}\n" for line in lines(found)), encoding="utf-8")
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"{LOCK.name}: {len(lines(found))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
