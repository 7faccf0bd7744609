"""The two operators that training spends its time in, with a C++ version for float32 on a CPU (`kernels.cpp`).

Without a C++ compiler, in float64 and on a GPU, the same operators are PyTorch's own.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import warnings
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils import cpp_extension

from .paths import BUILD, write_whole

SOURCE = Path(__file__).with_name("kernels.cpp")
_library = torch.library.Library("induction_heads", "DEF")
_library.define("matmul(Tensor a, Tensor b) -> Tensor")
_library.define("lookup(Tensor table, Tensor tokens) -> Tensor")
_library.define("lookup_backward(Tensor gradient, Tensor tokens, int items) -> Tensor")


def compiler() -> str | None:
    return shutil.which(os.environ.get("CXX", "g++"))


_loaded = False


def load() -> bool:
    """Use the C++ operators from here on, if there is a compiler; whether they are in use.

    They are compiled once (about ten seconds), keyed by source, PyTorch and processor.
    """
    global _loaded
    _loaded = _loaded or _compile_and_load()
    return _loaded


@cache
def _compile_and_load() -> bool:
    if os.environ.get("INDUCTION_HEADS_COMPILE") == "0" or compiler() is None:
        return False
    flags = ["-O3", "-march=native", "-std=c++20", "-shared", "-fPIC", "-fopenmp"]
    key = hashlib.sha256("\n".join([SOURCE.read_text(), torch.__version__, _processor(), *flags]).encode()).hexdigest()[:16]
    library = BUILD / "kernels" / f"{key}.so"
    if not library.exists():
        torch_is_at = [f"-I{path}" for path in cpp_extension.include_paths()]
        torch_is_at += [f"-L{path}" for path in cpp_extension.library_paths()] + ["-lc10", "-ltorch_cpu"]
        try:
            with write_whole(library) as part:
                subprocess.run([compiler(), *flags, str(SOURCE), *torch_is_at, "-o", str(part)], check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            warnings.warn(f"kernels.cpp does not compile here, PyTorch's own operators are used: {error.stderr.splitlines()[:1]}", stacklevel=2)
            return False
    torch.ops.load_library(str(library))
    return True


def _processor() -> str:
    """What `-march=native` depends on."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else [platform.processor()]
    return "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))


def _in_use(tensor: Tensor) -> bool:
    return tensor.dtype is torch.float32 and tensor.device.type == "cpu" and _loaded


def matmul(a: Float[Tensor, "#run m k"], b: Float[Tensor, "run k n"]) -> Float[Tensor, "run m n"]:
    """One product a run; `a` may be shared by all runs."""
    return torch.ops.induction_heads.matmul(a, b) if _in_use(b) else torch.bmm(a.expand(b.shape[0], -1, -1), b)


def lookup(table: Float[Tensor, "run item d"], tokens: Int[Tensor, "run t"]) -> Float[Tensor, "run d t"]:
    """Items as columns: `out[:, :, i] = table[:, tokens[i]]`."""
    if _in_use(table):
        return torch.ops.induction_heads.lookup(table, tokens)
    run, item, _ = table.shape
    index = (tokens + item * torch.arange(run, device=tokens.device)[:, None]).flatten()
    return table.flatten(0, 1).index_select(0, index).unflatten(0, (run, -1)).mT.contiguous()


@torch.library.register_fake("induction_heads::matmul")
def _(a, b):
    return b.new_empty(b.shape[0], a.shape[1], b.shape[2])


@torch.library.register_fake("induction_heads::lookup")
def _(table, tokens):
    return table.new_empty(table.shape[0], table.shape[2], tokens.shape[1])


@torch.library.register_fake("induction_heads::lookup_backward")
def _(gradient, tokens, items):
    return gradient.new_empty(gradient.shape[0], items, gradient.shape[1])


def _matmul_backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
    a, b = ctx.saved_tensors
    to_a = matmul(gradient, b.mT) if ctx.needs_input_grad[0] else None
    to_b = matmul(a.mT, gradient) if ctx.needs_input_grad[1] else None
    shared = to_a is not None and a.shape[0] == 1
    return to_a.sum(0, keepdim=True) if shared else to_a, to_b


def _lookup_backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
    (tokens,) = ctx.saved_tensors
    return torch.ops.induction_heads.lookup_backward(gradient, tokens, ctx.items), None


def _lookup_context(ctx, inputs, output) -> None:
    ctx.save_for_backward(inputs[1])
    ctx.items = inputs[0].shape[1]


def _matmul_context(ctx, inputs, output) -> None:
    ctx.save_for_backward(*inputs)


torch.library.register_autograd("induction_heads::matmul", _matmul_backward, setup_context=_matmul_context)
torch.library.register_autograd("induction_heads::lookup", _lookup_backward, setup_context=_lookup_context)
