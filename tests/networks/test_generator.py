"""The documented generator: SplitMix64 as published, even integers, a truncated normal; the same in C++ to the bit."""

import ctypes
import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from induction_heads.networks import generator, kernels
from induction_heads.networks.generator import below, key, numbers, permutations, truncated_normal

SOURCE = """
#include "generator.h"
extern "C" void numbers(uint64_t key, int64_t n, uint64_t* to) {
    for (int64_t i = 0; i < n; ++i) to[i] = number(key, i);
}
extern "C" uint64_t key_of(uint64_t a, uint64_t b, uint64_t c) { return key({a, b, c}); }
extern "C" void below_all(uint64_t limit, int64_t n, const uint64_t* from, int64_t* to) {
    for (int64_t i = 0; i < n; ++i) to[i] = below(limit, from[i]);
}
extern "C" void normal(int64_t n, const uint64_t* from, double* to) {
    for (int64_t i = 0; i < n; ++i) to[i] = truncated_normal(from[i]);
}
"""


def test_the_numbers_are_splitmix64_s():
    """Of seed 1234567, as in other implementations."""
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert numbers(1234567, 5).tolist() == known


def test_a_stream_is_read_from_any_place():
    assert numbers(7, 11)[4:].tolist() == numbers(7, 7, first=4).tolist()


def test_a_key_is_a_number_of_a_number():
    assert key() == 0 and key(3) == numbers(0, 4)[3] and key(3, 5) == numbers(key(3), 6)[5]
    assert len({key(*words) for words in itertools.product(range(13), repeat=3)}) == 13**3


def test_whole_numbers_are_the_upper_halves_scaled():
    drawn = np.array([0, 2**63, 2**64 - 1, 2**62], dtype=np.uint64)
    assert below(7, drawn).tolist() == [0, 3, 6, 1]


def test_whole_numbers_are_even():
    counts = np.bincount(below(7, numbers(key(5), 70_000)))
    assert len(counts) == 7 and (np.abs(counts - 10_000) < 5 * np.sqrt(10_000)).all()


def test_orders_are_equally_likely():
    orders, counts = np.unique(permutations(numbers(key(11), 18_000).reshape(-1, 3)), axis=0, return_counts=True)
    assert orders.tolist() == [list(p) for p in itertools.permutations(range(3))]
    assert (np.abs(counts - 1_000) < 5 * np.sqrt(1_000)).all()


def test_the_normal_is_the_quantile_of_a_normal_cut_at_two_sigma():
    drawn = np.linspace(0, 2**64 - 2048, 10_007).astype(np.uint64)
    share = (drawn >> np.uint64(11)) * 2.0**-53
    np.testing.assert_allclose(
        truncated_normal(drawn), ndtri(ndtr(-2) + share * (ndtr(2) - ndtr(-2))), atol=8e-6, rtol=0
    )
    assert np.abs(truncated_normal(np.array([0, 2**64 - 1], dtype=np.uint64))).max() <= 2
    assert truncated_normal(np.array([2**63], dtype=np.uint64)).tolist() == [0]


def test_the_normal_has_the_stated_spread():
    drawn = truncated_normal(numbers(key(3), 200_000))
    assert drawn.std() == pytest.approx(generator.TRUNCATED_STD, rel=0.005) and abs(drawn.mean()) < 0.01


@pytest.fixture(scope="module", params=[["-O0"], ["-O3", kernels.THIS_PROCESSOR]], ids=" ".join)
def cpp(request, tmp_path_factory) -> ctypes.CDLL:
    if kernels.compiler() is None:
        pytest.skip("no C++ compiler")
    folder = tmp_path_factory.mktemp("generator")
    (folder / "generator.cpp").write_text(SOURCE)
    here = [f"-I{Path(kernels.MAIN).parent}", str(folder / "generator.cpp"), "-o", str(folder / "generator.so")]
    subprocess.run([kernels.compiler(), "-std=c++20", "-shared", "-fPIC", *request.param, *here], check=True)
    return ctypes.CDLL(str(folder / "generator.so"))


def test_cpp_gives_the_same_numbers_to_the_bit(cpp):
    def at(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    n, stream = 100_003, key(2, 3, 5)
    cpp.key_of.restype = ctypes.c_uint64
    cpp.key_of.argtypes = [ctypes.c_uint64] * 3
    assert cpp.key_of(2, 3, 5) == stream
    drawn, whole, normal = np.empty(n, np.uint64), np.empty(n, np.int64), np.empty(n)
    cpp.numbers(ctypes.c_uint64(stream), ctypes.c_int64(n), at(drawn))
    cpp.below_all(ctypes.c_uint64(1009), ctypes.c_int64(n), at(drawn), at(whole))
    cpp.normal(ctypes.c_int64(n), at(drawn), at(normal))
    np.testing.assert_array_equal(drawn, numbers(stream, n))
    np.testing.assert_array_equal(whole, below(1009, drawn))
    np.testing.assert_array_equal(normal.view(np.uint64), truncated_normal(drawn).view(np.uint64))
