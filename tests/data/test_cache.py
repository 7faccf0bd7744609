"""The cache: a damaged file is noticed, named and made again; of several processes one makes."""

import os
import subprocess
import sys

import numpy as np
import pytest

from induction_heads.data import cache
from induction_heads.data.dataset import Dataset, fingerprint
from induction_heads.machinery import paths

CLASSES, EXEMPLARS, SIDE, FEATURES = 5, 3, 13, 7


def made():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((CLASSES, EXEMPLARS, FEATURES)).astype(np.float32)
    images = rng.choice(np.array([0, 255], dtype=np.uint8), (CLASSES, EXEMPLARS, SIDE, SIDE))
    return Dataset("tiny", features, images, tuple("abcde"), fingerprint(features))


def never():
    raise AssertionError("made again")


def test_what_is_kept_is_what_was_made(cache_file):
    kept = cache.kept("tiny", "key", never)
    expected = made()
    np.testing.assert_array_equal(kept.features, expected.features)
    np.testing.assert_array_equal(kept.images, expected.images)
    assert (kept.name, kept.class_names, kept.fingerprint) == (
        expected.name,
        expected.class_names,
        expected.fingerprint,
    )


@pytest.mark.parametrize("place", ["header", "features", "images", "end", "cut", "empty"])
def test_a_damaged_file_is_named_and_made_again(cache_file, place):
    content = bytearray(cache_file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    features = CLASSES * EXEMPLARS * FEATURES * 4
    where = {"header": 20, "features": start + 5, "images": start + features + 3, "end": len(content) - 1}
    if place in where:
        content[where[place]] ^= 1
    cache_file.write_bytes({"cut": content[: start + 9], "empty": b""}.get(place, content))
    with pytest.warns(UserWarning, match=r"tiny-key\.safetensors is damaged.*making it again"):
        again = cache.kept("tiny", "key", made)
    np.testing.assert_array_equal(again.images, made().images)
    assert cache.kept("tiny", "key", never).fingerprint == made().fingerprint


def test_another_key_is_another_file(cache_file):
    with pytest.raises(AssertionError, match="made again"):
        cache.kept("tiny", "other key", never)


def test_a_failure_leaves_nothing_that_could_be_taken_for_a_dataset(cache_folder, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *_: never())
    with pytest.raises(AssertionError):
        cache.kept("tiny", "key", made)
    assert [path.name for path in cache_folder.iterdir() if path.suffix != ".lock"] == []


def test_of_two_processes_one_makes_and_the_other_waits(tmp_path):
    script = (
        "import sys, time, pathlib; sys.path.insert(0, sys.argv[1]); import test_cache as t\n"
        "def slowly():\n"
        "    with open(sys.argv[2], 'a') as log: log.write('made ')\n"
        "    time.sleep(0.5); return t.made()\n"
        "print(t.cache.kept('tiny', 'key', slowly).fingerprint)\n"
    )
    log = tmp_path / "log"
    command = [sys.executable, "-c", script, os.path.dirname(__file__), str(log)]
    setting = {**os.environ, "INDUCTION_HEADS_BUILD": str(tmp_path), "PYTHONPATH": str(paths.ROOT / "src")}
    both = [subprocess.Popen(command, env=setting, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert {process.communicate(timeout=60)[0].strip() for process in both} == {made().fingerprint}
    assert log.read_text() == "made "


@pytest.fixture
def cache_file(cache_folder):
    """A kept dataset's path."""
    cache.kept("tiny", "key", made)
    return cache_folder / "tiny-key.safetensors"
