"""The lab: one run from its seed in WebAssembly, by the C++ that trains the paper, for a page in the browser.

    python -m induction_heads.networks.wasm FOLDER

writes lab.wasm there, for every browser with SIMD, and lab-relaxed.wasm, faster where relaxed SIMD is known too.
`lab.cpp` says what a page can call.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from induction_heads.machinery.paths import BUILD, write_whole

from .. import kernels

LAB = Path(__file__).with_name("lab.cpp")
HEADERS = [path for path in kernels.SOURCES if path.suffix == ".h"]
FLAGS = ("-target", "wasm32-wasi", "-mexec-model=reactor", "-std=c++20", "-O3", "-msimd128", "-fno-math-errno")
# No exceptions and no destructors at exit: nothing there catches the ones, or waits for the others.
FLAGS += ("-fno-exceptions", "-fno-c++-static-destructors", "-rdynamic", "-s")
RELAXED = "-mrelaxed-simd"  # which has fused multiply-add


def installed() -> bool:
    """Whether there is a compiler: the package ziglang."""
    return importlib.util.find_spec("ziglang") is not None


def lab(relaxed: bool = False, number: str = "float") -> Path:
    """The compiled lab for numbers of this C++ type, made once for each state of the sources."""
    if not installed():
        raise ModuleNotFoundError("compiling to WebAssembly needs the compiler zig: pip install ziglang")
    told = {"NUMBER": number, "LAYER_NORM_EPS": kernels.LAYER_NORM_EPS, "NO_LOGIT": kernels.NO_LOGIT}
    flags = [*FLAGS, *[RELAXED] * relaxed, *(f"-D{name}={value}" for name, value in told.items())]
    made_from = "\n".join([*(path.read_text() for path in (LAB, *HEADERS)), *flags])
    compiled = BUILD / "wasm" / f"{hashlib.sha256(made_from.encode()).hexdigest()[:16]}.wasm"
    if not compiled.exists():
        kept = {f"ZIG_{whose}_CACHE_DIR": str(BUILD / "wasm" / "zig") for whose in ("GLOBAL", "LOCAL")}
        with write_whole(compiled) as part:
            command = [sys.executable, "-m", "ziglang", "c++", *flags, f"-I{kernels.MAIN.parent}", str(LAB)]
            done = subprocess.run([*command, "-o", str(part)], env=os.environ | kept, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"zig does not compile {LAB.name}: {done.stderr.strip()}")
    return compiled


def build(folder: Path) -> list[Path]:
    """Both builds, in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, relaxed in (("lab.wasm", False), ("lab-relaxed.wasm", True)):
        with write_whole(folder / name) as part:
            part.write_bytes(lab(relaxed).read_bytes())
        made.append(folder / name)
    return made
