"""What training spends its time in, on a CPU in C++ (`cpp/`).

`train` is a whole step of networks of two layers under the paper's clamps, `logits` their forward pass, and
`direct_paths` that pass with only some heads writing to the output. The operators of `model.forward` have C++ versions
too, without gradients; everywhere else they are PyTorch's own, as written here.
"""

import hashlib
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from filelock import FileLock
from jaxtyping import Bool, Float, Int, Int8
from torch import Tensor

from induction_heads.machinery.paths import BUILD, write_whole

SOURCES = sorted(path for path in Path(__file__).with_name("cpp").iterdir() if path.suffix in (".h", ".cpp"))
(MAIN,) = (path for path in SOURCES if path.suffix == ".cpp")
COMPILING = 20.0  # seconds, about
NUMBERS = {torch.float32: "float", torch.float64: "double"}
COMPILERS = ("g++", "c++", "clang++")  # the first that is found, where CXX names none; GCC from 11, clang from 14
NEEDED = ("-std=c++20", "-O3", "-shared", "-fPIC")
THIS_PROCESSOR = "-mcpu=native" if platform.machine() in ("arm64", "aarch64") else "-march=native"
# Flags that a compiler may refuse, and what training is without them (measured with GCC 12 and AVX2).
HOPED_FOR = {
    THIS_PROCESSOR: "2 times slower",
    "-fno-math-errno": "1.5 times slower",
    "-fopenmp": "on one thread",
    "-fopenmp-simd": "a little slower",
}
PROBE = """
int sum(int n) {
  int x = 0;
#pragma omp parallel for reduction(+ : x)
  for (int i = 0; i < n; ++i) x += i;
  return x;
}
"""
SLOWER_IN_PYTORCH = "5 to 10 times"  # a step, on one thread
LAYER_NORM_EPS = 1e-5  # appendix A
NO_LOGIT = -1e9  # of labels that are not in context, under PerfectCopy
ROTARY_BASE = 10_000.0  # appendix A


def compiler() -> str | None:
    """The compiler that there is; on Windows none: its PyTorch takes no library made by GCC or clang."""
    if sys.platform == "win32":
        return None
    named = os.environ.get("CXX")
    return next(filter(None, map(shutil.which, [named] if named else COMPILERS)), None)


_loaded: set[torch.dtype] = set()


def load(dtype: torch.dtype = torch.float32) -> bool:
    """Use the C++ operators for numbers of this type from here on, if there is a compiler; whether they are in use.

    They are compiled once (COMPILING seconds), keyed by source, compiler, PyTorch and processor. Where they are not in
    use, or not as fast as they could be, a warning says so once.
    """
    if dtype not in _loaded and _compile_and_load(dtype):
        _loaded.add(dtype)
    return dtype in _loaded


def load_in_background() -> None:
    """Begins what the first `load` would wait for."""
    threading.Thread(target=load, daemon=True).start()


def to_compile() -> bool:
    """Whether `load` is going to take its time."""
    return wanted() and not _library(torch.float32).exists()


def wanted() -> bool:
    return os.environ.get("INDUCTION_HEADS_COMPILE") != "0" and compiler() is not None


def path_in_use(dtype: torch.dtype = torch.float32) -> str:
    """What training on this CPU runs on, and what it costs where that is not the fast path; one line."""
    return _library(dtype).with_suffix(".txt").read_text(encoding="utf-8") if load(dtype) else _without()


def _without() -> str:
    slow = f"training runs on PyTorch's own operators, {SLOWER_IN_PYTORCH} slower than in C++"
    if os.environ.get("INDUCTION_HEADS_COMPILE") == "0":
        return f"{slow}: INDUCTION_HEADS_COMPILE is 0"
    if sys.platform == "win32":
        return f"{slow}: it is not compiled on Windows itself; in WSL it is"
    if compiler() is None:
        looked_for = os.environ.get("CXX") or ", ".join(COMPILERS)
        return f"{slow}: found no C++ compiler ({looked_for}); install one, or name it by CXX"
    return f"{slow}: {compiler()} does not compile it"


def _defined(dtype: torch.dtype) -> list[str]:
    told: dict[str, object] = {"NUMBER": NUMBERS[dtype], "NAME": f"induction_heads_{NUMBERS[dtype]}"}
    told |= {"LAYER_NORM_EPS": LAYER_NORM_EPS, "NO_LOGIT": NO_LOGIT}
    return [f"-D{name}={value}" for name, value in told.items()]


def _library(dtype: torch.dtype) -> Path:
    made_from = [
        *(path.read_text(encoding="utf-8") for path in SOURCES),
        torch.__version__,
        _processor(),
        compiler() or "",
    ]
    made_from += [*NEEDED, *HOPED_FOR, *_defined(dtype)]
    return BUILD / "kernels" / f"{hashlib.sha256(chr(10).join(made_from).encode()).hexdigest()[:16]}.so"


@cache
def _compile_and_load(dtype: torch.dtype) -> bool:
    if not wanted():
        if os.environ.get("INDUCTION_HEADS_COMPILE") != "0":
            warnings.warn(_without(), stacklevel=3)
        return False
    library = _library(dtype)
    library.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(library.with_suffix(".lock")):  # who comes second finds it compiled
        if not library.exists():
            try:
                _compile(dtype, library)
            except subprocess.CalledProcessError as error:
                first = next((line for line in error.stderr.splitlines() if "error" in line), error.stderr[:200])
                warnings.warn(f"{_without()}: {first}", stacklevel=3)
                return False
    torch.ops.load_library(str(library))
    return True


def accepted(flag: str) -> bool:
    """Whether the compiler makes a library with this flag."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "sum.cpp")
        source.write_text(PROBE)
        command = [str(compiler()), *NEEDED, flag, str(source), "-o", str(source.with_suffix(".so"))]
        return subprocess.run(command, capture_output=True).returncode == 0


def _compile(dtype: torch.dtype, library: Path) -> None:
    """With the flags that the compiler takes; beside the library lies the line that says which it was made with."""
    taken = [flag for flag in HOPED_FOR if accepted(flag)]
    without = [f"without {flag} ({cost})" for flag, cost in HOPED_FOR.items() if flag not in taken]
    says = ", ".join([f"training runs in C++, compiled by {compiler()} {' '.join(taken)}", *without])
    of_torch = Path(torch.__file__).parent
    torch_is_at = [f"-I{of_torch / 'include'}", f"-L{of_torch / 'lib'}", "-lc10", "-ltorch_cpu"]
    with write_whole(library) as part:
        command = [str(compiler()), *NEEDED, *taken, *_defined(dtype), str(MAIN), *torch_is_at, "-o", str(part)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        library.with_suffix(".txt").write_text(says, encoding="utf-8")
    if without:
        warnings.warn(says, stacklevel=4)


def _processor() -> str:
    """What `-march=native` depends on."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else [platform.processor()]
    return "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))


def _in_use(*tensors: Tensor) -> bool:
    learns = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    return tensors[0].dtype in _loaded and not learns and all(t.device.type == "cpu" for t in tensors)


def operators(dtype: torch.dtype) -> Any:
    """The C++ operators for numbers of this type."""
    return getattr(torch.ops, f"induction_heads_{NUMBERS[dtype]}")


_BLOCK = ("ln_w", "ln_b", "W_Q", "W_K", "W_V", "W_O")
EMBEDDING_AND_LAYER_1 = ("W_exemplar", "b_exemplar", "W_label", *(f"blocks.0.{name}" for name in _BLOCK))
PARAMETERS = (
    *EMBEDDING_AND_LAYER_1,
    *(f"blocks.1.{name}" for name in _BLOCK),
    "ln_final_w",
    "ln_final_b",
    "W_U",
    "b_U",
)
PATTERNS = ("own", "previous token", "match")  # what stands at a head's pattern


class Clamped(NamedTuple):
    """What the paper's clamps say of a batch of networks of two layers. Heads are those that are computed."""

    pattern: Int8[Tensor, "run 2 head"]  # a place in PATTERNS
    strength: Float[Tensor, "run 2 head"]  # of match
    copies: Bool[Tensor, "run head"]  # Layer 2 heads whose scores of the label tokens are the logits
    perfect_layer_1: Bool[Tensor, " run"]
    grafted: Mapping[str, Tensor]  # embedding and Layer 1 of other networks, for all runs or for none


def train(
    parameters: Mapping[str, Tensor],
    mean: Mapping[str, Tensor],
    square: Mapping[str, Tensor],
    clamped: Clamped,
    features: Float[Tensor, "#run exemplar feature"],
    sequences: Sequence[Tensor],
    adam: Sequence[Sequence[float]],
) -> Float[Tensor, "run step"]:
    """Steps of every run in place, as `optimiser.step` makes them with `model.loss`; the loss before each, nats.

    `sequences` are the tensors of `model.Sequences`, `run step batch …`; `adam`: for each step, what `Adam.corrected`
    gives. Needs `load`.
    """
    rates, roots, (beta_1, *_), (beta_2, *_), (eps, *_) = zip(*adam, strict=True)
    learnt = ([tensors[name] for name in PARAMETERS] for tensors in (parameters, mean, square))
    together = [tensor.flatten(1, 2) for tensor in sequences]
    given = _given(clamped, parameters["blocks.0.W_Q"].shape[-1], features, together)
    return operators(features.dtype).train(*learnt, *given, rates, roots, beta_1, beta_2, eps)


def logits(
    parameters: Mapping[str, Tensor],
    clamped: Clamped,
    features: Float[Tensor, "#run exemplar feature"],
    sequences: Sequence[Tensor],
) -> Float[Tensor, "run batch label"]:
    """`model.forward(…)["logits"]` of networks of two layers under the paper's clamps; no gradients. Needs `load`."""
    return operators(features.dtype).logits(
        [parameters[name] for name in PARAMETERS],
        *_given(clamped, parameters["blocks.0.W_Q"].shape[-1], features, sequences),
    )


class Ablated(NamedTuple):
    """Heads that are ablated, and what Layer 2 keeps of the pass without ablations: conditions of each network."""

    heads: Bool[Tensor, "run condition 2 head"]
    preserved: Bool[Tensor, "run condition 2"]  # its patterns, and its values


def direct_paths(
    parameters: Mapping[str, Tensor],
    clamped: Clamped,
    ablated: Ablated,
    keep: Bool[Tensor, "choice 2 head"],
    features: Float[Tensor, "#run exemplar feature"],
    sequences: Sequence[Tensor],
) -> tuple[Float[Tensor, "run condition choice batch label"], Float[Tensor, "run condition batch head key"]]:
    """`direct.direct_paths` of networks of two layers, without PerfectLayer1 and PerfectCopy. Needs `load`."""
    return operators(features.dtype).direct_paths(
        [parameters[name] for name in PARAMETERS],
        *_given(clamped, parameters["blocks.0.W_Q"].shape[-1], features, sequences),
        [a.contiguous() for a in ablated],
        keep.contiguous(),
    )


def _given(clamped: Clamped, d_head: int, features: Tensor, sequences: Sequence[Tensor]) -> tuple:
    *clamps, grafted = clamped
    tokens = 2 * sequences[1].shape[-1] + 1
    rotations = _rotations(d_head, tokens, features.dtype, features.device)
    return [grafted[name] for name in EMBEDDING_AND_LAYER_1 if grafted], features.mT, list(sequences), clamps, rotations


def matmul(a: Float[Tensor, "#run m k"], b: Float[Tensor, "run k n"]) -> Float[Tensor, "run m n"]:
    """One product a run; `a` may be shared by all runs."""
    return operators(a.dtype).matmul(a, b) if _in_use(a, b) else torch.bmm(a.expand(b.shape[0], -1, -1), b)


def lookup(table: Float[Tensor, "run item d"], tokens: Int[Tensor, "#run t"]) -> Float[Tensor, "run d t"]:
    """Items as columns: `out[:, :, i] = table[:, tokens[i]]`."""
    if _in_use(table):
        return operators(table.dtype).lookup(table, tokens)
    run, item, _ = table.shape
    index = (tokens + item * torch.arange(run, device=tokens.device)[:, None]).flatten()
    return table.flatten(0, 1).index_select(0, index).unflatten(0, (run, -1)).mT.contiguous()


@cache
def _rotations(d_head: int, positions: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angle of each pair at each position, `pair position`."""
    angles = torch.tensor(
        [[t * ROTARY_BASE ** (-i / d_head) for t in range(positions)] for i in range(0, d_head, 2)], dtype=torch.float64
    )
    return angles.cos().to(device, dtype), angles.sin().to(device, dtype)


def rotate(x: Float[Tensor, "run head d_head token batch"], first: int = 0) -> Tensor:
    """Rotary embedding, adjacent pairs; the tokens are at positions first, first + 1, …"""
    cos, sin = (r[:, first:, None] for r in _rotations(x.shape[2], first + x.shape[3], x.dtype, x.device))
    even, odd = x.unflatten(2, (-1, 2)).unbind(3)
    return torch.stack([even * cos - odd * sin, odd * cos + even * sin], 3).flatten(2, 3)


def scores(
    q: Float[Tensor, "run head d_head query batch"], k: Float[Tensor, "run head d_head token batch"]
) -> Float[Tensor, "run head query token batch"]:
    """Causal attention scores with rotary embedding; queries stand at the last tokens, -inf is what they do not see."""
    tokens, queries, d_head = k.shape[3], q.shape[3], k.shape[2]
    if _in_use(q, k):
        return operators(q.dtype).scores(q, k, *_rotations(d_head, tokens, k.dtype, k.device))
    q, k = rotate(q, tokens - queries), rotate(k)
    future = torch.ones(queries, tokens, dtype=torch.bool, device=q.device).triu(tokens - queries + 1)
    return ((q[:, :, :, :, None] * k[:, :, :, None]).sum(2) * d_head**-0.5).masked_fill(future[..., None], -math.inf)


def mix(
    pattern: Float[Tensor, "run head query token batch"], v: Float[Tensor, "run head d_head token batch"]
) -> Float[Tensor, "run head d_head query batch"]:
    """z: the values, weighted by the pattern."""
    if _in_use(pattern, v):
        return operators(v.dtype).mix(pattern, v)
    return (pattern[:, :, None] * v[:, :, :, None]).sum(4)
