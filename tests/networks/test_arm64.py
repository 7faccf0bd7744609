"""The headers that train the paper do the same on ARM64: cross-compiled, run under qemu, beside a golden trajectory.

No speed is claimed. It needs `qemu-user` and `g++-aarch64-linux-gnu` (Debian's names), or ziglang from PyPI for the
latter; the same program runs natively too, so that a failure of ARM64 alone is told apart.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from induction_heads.networks import kernels, replay

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "clamps.npz"
HEADERS = Path(kernels.__file__).with_name("cpp")
FLAGS = ["-std=c++20", "-O2", "-static", f"-I{HEADERS}"]
EMULATOR = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")


def cross_compiler() -> list[str] | None:
    if found := shutil.which("aarch64-linux-gnu-g++"):
        return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "c++", "-target", "aarch64-linux-musl"]
    return None


def golden(condition: str, steps: int) -> bytes:
    """What replay.cpp reads: a condition without clamps, its first steps, and where they lead."""
    file = np.load(GOLDEN)
    assert json.loads(str(file["conditions"]))[condition] == [], "replay.cpp knows no clamps"
    classes, labels = file["class_idx"][:steps], file["labels"][:steps]
    match = (classes[..., :-1] == classes[..., -1:]).argmax(-1)
    heads, d_model, d_head = file["init/blocks.0.W_Q"].shape
    pairs, features = labels.shape[-1] - 1, file["features"]
    angles = [[t * kernels.ROTARY_BASE ** (-i / d_head) for t in range(2 * pairs + 1)] for i in range(0, d_head, 2)]
    initial = [stored(name, file[f"init/{name}"]) for name in kernels.PARAMETERS]
    final = [stored(name, file[f"{condition}/final/{name}"]) for name in kernels.PARAMETERS]
    sizes = [steps, classes.shape[1], pairs, len(file["init/b_U"]), heads, d_head, d_model, features.shape[1]]
    whole = [sizes, [len(features)], [p.size for p in initial], classes, labels[..., :-1], match]
    numbers = [
        file["lr"],
        features,
        np.cos(angles),
        np.sin(angles),
        *initial,
        file[f"{condition}/loss"][:steps],
        *final,
    ]
    parts = [np.asarray(part, dtype=np.int64) for part in whole] + [np.asarray(part, np.float64) for part in numbers]
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def stored(name: str, p: np.ndarray) -> np.ndarray:
    """As model.stored lays it out: W_Q, W_K and W_V with all heads' columns side by side."""
    return p.swapaxes(0, 1) if name.endswith(("W_Q", "W_K", "W_V")) else p


def errors(compiler: list[str], runner: list[str], folder: Path) -> dict[str, float]:
    program, data = folder / "replay", folder / "golden.bin"
    data.write_bytes(golden("none", 40))
    source = str(HERE / "without_pytorch" / "replay.cpp")
    made = subprocess.run([*compiler, *FLAGS, source, "-o", str(program)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[:2000]
    ran = subprocess.run([*runner, str(program), str(data)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return {name: float(error) for name, error in (line.split() for line in ran.stdout.splitlines())}


def agrees(found: dict[str, float]) -> None:
    print(found)  # `pytest -rP` shows it
    assert set(found) == {"products", "losses", "parameters"}
    assert max(found.values()) < replay.TOLERANCE


@pytest.mark.slow
def test_the_program_without_pytorch_agrees_on_this_processor(tmp_path):
    if kernels.compiler() is None:
        pytest.skip("no C++ compiler")
    agrees(errors([str(kernels.compiler())], [], tmp_path))


@pytest.mark.slow
def test_products_and_a_golden_condition_agree_on_arm64(tmp_path):
    compiler = cross_compiler()
    if compiler is None or EMULATOR is None:
        pytest.skip("ARM64 needs qemu-user and g++-aarch64-linux-gnu (Debian's names), or ziglang from PyPI")
    agrees(errors(compiler, [EMULATOR], tmp_path))
