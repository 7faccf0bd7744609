"""The lab: one run from its seed in WebAssembly, by the C++ that trains the paper, for a page in the browser.

`lab.cpp` says what a page can call. The compiled builds are committed beside it, so that neither tests nor pages need a
compiler; `make wasm` makes them again, and a test says when that is due. No page belongs here: that is a paper's.
"""

import gzip
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from induction_heads.machinery.paths import BUILD, write_whole

from .. import kernels

FOLDER = Path(__file__).parent
LAB, MADE = FOLDER / "lab.cpp", FOLDER / "made.json"
FLAGS: tuple[str, ...] = ("-target", "wasm32-wasi", "-mexec-model=reactor", "-std=c++20", "-O3", "-msimd128")
# No exceptions and no destructors at exit: nothing there catches the ones, or waits for the others.
FLAGS += ("-fno-math-errno", "-fno-exceptions", "-fno-c++-static-destructors", "-rdynamic", "-s")
RELAXED = "-mrelaxed-simd"  # which has fused multiply-add
BUILDS = {  # what each is compiled with besides: any browser with SIMD, a faster one, and one for the golden files
    "lab": ("-DNUMBER=float",),
    "lab-relaxed": ("-DNUMBER=float", RELAXED),
    "lab-double": ("-DNUMBER=double",),
}


def module(name: str) -> bytes:
    """A committed build, one of BUILDS."""
    return gzip.decompress(_file(name).read_bytes())


def sources(path: Path = LAB) -> list[Path]:
    """A source and the headers that it includes, each once, in the order in which they are met."""
    found = [path]
    for name in re.findall(r'#include "(.+)"', path.read_text()):
        found += [header for header in sources(kernels.MAIN.with_name(name)) if header not in found]
    return found


def made_from(name: str) -> str:
    """The sha256 of everything that a build is made from but the compiler."""
    content = [*(path.read_text() for path in sources()), *flags(name)]
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def flags(name: str) -> list[str]:
    told = {"LAYER_NORM_EPS": kernels.LAYER_NORM_EPS, "NO_LOGIT": kernels.NO_LOGIT}
    return [*FLAGS, *BUILDS[name], *(f"-D{constant}={value}" for constant, value in told.items())]


def recorded() -> dict[str, dict[str, str]]:
    """What each committed build was made from, its own sha256, and the compiler, by the build's name."""
    return json.loads(MADE.read_text())


def installed() -> bool:
    """Whether there is a compiler: the package ziglang."""
    return importlib.util.find_spec("ziglang") is not None


def compiled(name: str) -> bytes:
    """A build made now. Takes a minute or two the first time; `ModuleNotFoundError` where there is no compiler."""
    if not installed():
        raise ModuleNotFoundError("compiling to WebAssembly needs the compiler zig: pip install .[wasm]")
    kept = {f"ZIG_{whose}_CACHE_DIR": str(BUILD / "wasm") for whose in ("GLOBAL", "LOCAL")}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "lab.wasm")
        command = [sys.executable, "-m", "ziglang", "c++", *flags(name), f"-I{kernels.MAIN.parent}", str(LAB)]
        ended = subprocess.run([*command, "-o", str(made)], env=os.environ | kept, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"zig does not compile {LAB.name}: {ended.stderr.strip()}")
        return made.read_bytes()


def build() -> list[Path]:
    """Makes all builds anew, to be committed."""
    from importlib.metadata import version

    records = {}
    for name in BUILDS:
        made = compiled(name)
        with write_whole(_file(name)) as part:
            part.write_bytes(gzip.compress(made, mtime=0))
        records[name] = {
            "made from": made_from(name),
            "sha256": hashlib.sha256(made).hexdigest(),
            "compiler": f"zig {version('ziglang')}",
        }
    with write_whole(MADE) as part:
        part.write_text(json.dumps(records, indent=2) + "\n")
    return [_file(name) for name in BUILDS]


def _file(name: str) -> Path:
    return FOLDER / f"{name}.wasm.gz"
