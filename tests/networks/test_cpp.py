"""The C++ is laid out as .clang-format says, and its network can be compiled without PyTorch."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from induction_heads.networks import kernels

CPP = Path(kernels.MAIN).parent


def test_only_the_operators_speak_to_pytorch():
    speaks = {path.name for path in kernels.SOURCES if re.search(r"TORCH_|<(torch|ATen|c10)/|\bat::", path.read_text())}
    assert speaks == {"operators.cpp", "token_operators.h"}


@pytest.mark.parametrize("compiler", ["g++", "g++-11", "clang++", "clang++-14"])
def test_the_network_compiles_without_pytorch(compiler, tmp_path):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    (tmp_path / "alone.cpp").write_text(
        '#include "tokens.h"\nnamespace {\n'
        "template struct Run<float>;\ntemplate struct Run<double>;\n"
        "namespace tokens {\ntemplate struct Run<float>;\ntemplate struct Run<double>;\n}\n}\n"
    )
    told = ["-DLAYER_NORM_EPS=1e-5", "-DNO_LOGIT=-1e9", "-std=c++20", "-fsyntax-only", f"-I{CPP}"]
    subprocess.run([compiler, *told, str(tmp_path / "alone.cpp")], check=True)


def test_the_cpp_is_laid_out_by_clang_format():
    if shutil.which("clang-format") is None:
        pytest.skip("no clang-format: pip install clang-format")
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *kernels.SOURCES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr.splitlines()[:3]
