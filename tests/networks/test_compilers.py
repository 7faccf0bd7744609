"""The C++ is compiled by what compiler there is, with the flags that it takes; else one line says what it costs."""

import warnings
from pathlib import Path

import pytest
import torch

from induction_heads.networks import kernels


@pytest.fixture(autouse=True)
def nothing_loaded_yet(monkeypatch, tmp_path):
    monkeypatch.delenv("INDUCTION_HEADS_COMPILE", raising=False)
    monkeypatch.setattr(kernels, "BUILD", tmp_path)
    monkeypatch.setattr(kernels, "_loaded", set())
    kernels._compile_and_load.cache_clear()
    yield
    kernels._compile_and_load.cache_clear()


def tool(folder: Path, name: str, script: str) -> Path:
    """A program of this name that does what the shell script says."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


REFUSES = 'for flag in "$@"; do case "$flag" in {}) echo "error: no $flag" >&2; exit 1;; esac; done'
MAKES_NOTHING = 'while [ "$1" != -o ]; do shift; done; : > "$2"'


def test_gxx_comes_first_and_clangxx_will_do(monkeypatch, tmp_path):
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert kernels.compiler() is None
    for name in ("clang++", "c++", "g++"):
        tool(tmp_path, name, "exit 0")
        assert kernels.compiler() == str(tmp_path / name)


def test_a_flag_that_the_compiler_refuses_is_left_out_and_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tool(tmp_path, "apples", f"{REFUSES.format('-fopenmp')}\n{MAKES_NOTHING}")))
    library = tmp_path / "library.so"
    with pytest.warns(UserWarning, match=r"without -fopenmp \(on one thread\)"):
        kernels._compile(torch.float32, library)
    assert library.exists()
    made = library.with_suffix(".txt").read_text()
    assert made.startswith(
        f"training runs in C++, compiled by {tmp_path}/apples {kernels.THIS_PROCESSOR} -fno-math-errno -fopenmp-simd,"
    )


def test_a_compiler_that_takes_all_flags_is_not_worth_a_warning(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tool(tmp_path, "gcc", MAKES_NOTHING)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernels._compile(torch.float32, tmp_path / "library.so")


def test_a_compiler_that_fails_leaves_training_to_pytorch_and_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", str(tool(tmp_path, "broken", 'echo "network.h:7: error: no such thing" >&2; exit 1')))
    slow = r"PyTorch's own operators, 5 to 10 times slower than in C\+\+: .*broken does not compile it"
    with pytest.warns(UserWarning, match=f"{slow}: network.h:7: error: no such thing"):
        assert not kernels.load()
    assert kernels.path_in_use().endswith("/broken does not compile it")


def test_where_there_is_no_compiler_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.warns(
        UserWarning, match=r"found no C\+\+ compiler \(g\+\+, c\+\+, clang\+\+\); install one, or name it by CXX"
    ):
        assert not kernels.load()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        assert not kernels.load()


def test_on_windows_itself_no_compiler_is_used_and_wsl_is_named(monkeypatch):
    monkeypatch.setattr(kernels.sys, "platform", "win32")
    assert kernels.compiler() is None
    with pytest.warns(UserWarning, match="it is not compiled on Windows itself; in WSL it is"):
        assert not kernels.load()


def test_who_asked_for_pytorch_is_not_warned(monkeypatch):
    monkeypatch.setenv("INDUCTION_HEADS_COMPILE", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not kernels.load()
    assert kernels.path_in_use().endswith("INDUCTION_HEADS_COMPILE is 0")


def test_a_real_compiler_takes_the_needed_flags_and_not_a_made_up_one():
    if kernels.compiler() is None:
        pytest.skip("no C++ compiler")
    assert kernels.accepted("-fPIC") and not kernels.accepted("-fno-such-flag-at-all")
