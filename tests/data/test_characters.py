"""Characters: in the package, checked before they are read, of the real pictures, at one length."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from induction_heads.data import characters, efficientnet, load, omniglot
from induction_heads.data.dataset import fingerprint
from induction_heads.machinery import paths

SHARED = Path(os.environ.get("INDUCTION_HEADS_DATA") or paths.ROOT.parent / "shared" / "omniglot")


@pytest.fixture(scope="module")
def dataset():
    return load("characters", classes=242, exemplars=5)


def test_there_are_242_characters_of_eight_alphabets(dataset):
    assert dataset.features.shape[:2] == (242, 5) and dataset.features.dtype == np.float32
    assert dataset.images.shape == (242, 5, 105, 105) and set(np.unique(dataset.images)) == {0, 255}
    assert len(set(dataset.class_names)) == 242
    alphabets = "Balinese Early_Aramaic Greek Korean Latin Japanese_(katakana) Sanskrit Tagalog"
    assert {name.split("/")[0] for name in dataset.class_names} == set(alphabets.split())


def test_all_features_have_the_norm_that_was_fitted(dataset):
    np.testing.assert_allclose(np.linalg.norm(dataset.features, axis=-1), efficientnet.NORM, atol=1e-2)
    np.testing.assert_array_equal(dataset.features, dataset.features.round(4))


def test_the_content_is_what_was_shipped(dataset):
    assert dataset.fingerprint == fingerprint(dataset.features)
    assert dataset.fingerprint.startswith("bd352d8a02ef5bfd")


def test_the_order_of_classes_is_shuffled_by_seed_0(dataset):
    names, images, _ = characters.read()
    order = np.random.default_rng(0).permutation(242)
    assert list(names) == sorted(names) and dataset.class_names == tuple(names[i] for i in order)
    np.testing.assert_array_equal(dataset.images, images[order])


def test_drawings_of_a_class_resemble_one_another_more_than_other_classes(dataset):
    unit = dataset.features / np.linalg.norm(dataset.features, axis=-1, keepdims=True)
    own = np.einsum("cef,cgf->ceg", unit, unit)[:, ~np.eye(5, dtype=bool)].mean()
    others = np.einsum("ef,gf->eg", unit[:, 0], unit[:, 0])[~np.eye(242, dtype=bool)].mean()
    assert 1 - own < 0.6 * (1 - others)


def test_a_sixth_drawing_or_a_243rd_character_is_one_line(one_line):
    with pytest.raises(ValueError, match="characters should have at least 6 exemplars of each class, has 5") as caught:
        load("characters", exemplars=6)
    one_line(caught)
    with pytest.raises(ValueError, match="characters should have at least 243 classes, has 242") as caught:
        load("characters", classes=243)
    one_line(caught)


@pytest.mark.parametrize("damage", ["cut", "altered", "empty"])
def test_a_damaged_file_is_one_line_that_names_it(one_line, tmp_path, damage):
    content = bytearray(characters.FILE.read_bytes())
    altered = content[:-7_000] + bytes([content[-7_000] ^ 1]) + content[-6_999:]
    path = tmp_path / "characters.npz"
    path.write_bytes({"cut": content[:-1], "altered": altered, "empty": b""}[damage])
    with pytest.raises(
        ValueError, match=r"characters\.npz should have sha256 .*cut off or altered.*get the file with git"
    ) as caught:
        characters.read(path)
    one_line(caught)


def test_a_missing_file_is_one_line(one_line, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.npz is part of this package and is missing") as caught:
        characters.read(tmp_path / "absent.npz")
    one_line(caught)


def test_a_file_that_holds_a_pickle_is_not_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "characters.npz"
    np.savez(
        path, names=np.array(["a"]), images=np.zeros((1, 1, 8, 1), np.uint8), width=8, raw_features=np.array([Trap()])
    )
    with pytest.raises(ValueError, match="allow_pickle=False"):
        characters.read(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not (tmp_path / "sprung").exists()


def test_what_is_written_is_read_back(tmp_path):
    rng = np.random.default_rng(0)
    names, images = ("a", "bc", "d"), rng.choice(np.array([0, 255], np.uint8), (3, 2, 5, 13))
    raw = rng.standard_normal((3, 2, 7)).astype(np.float16)
    sha256 = characters.write(tmp_path / "mine.npz", names, images, raw)
    found = characters.read(tmp_path / "mine.npz", sha256)
    assert found[0] == names
    np.testing.assert_array_equal(found[1], images)
    np.testing.assert_array_equal(found[2], raw)


def test_the_package_carries_at_most_5_mb_with_its_licence():
    files = list(characters.FILE.parent.iterdir())
    assert sum(file.stat().st_size for file in files) <= 5_000_000
    assert "Copyright (c) 2015 Brenden Lake" in characters.FILE.with_name("LICENSE").read_text()


def test_the_network_is_not_needed_to_load():
    told = (
        "import sys; from induction_heads.data import load; load('characters'); "
        "print([m for m in sys.modules if 'efficientnet_' in m or m == 'torch'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", told],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT / "src")},
    )
    assert found.stdout.strip() == "[]", found.stderr


@pytest.mark.parametrize("name", ["omniglot-small"])
def test_the_old_name_says_the_new_one(one_line, name):
    with pytest.raises(ValueError, match="'omniglot-small' is called 'characters' now") as caught:
        load(name)
    one_line(caught)


@pytest.mark.skipif(not (SHARED / omniglot.SMALL[1].name).is_file(), reason="the files of Omniglot are not at hand")
def test_the_pictures_are_those_of_omniglot():
    names, images = omniglot.characters([SHARED / file.name for file in omniglot.SMALL], characters.DRAWERS)
    shipped = characters.read()
    assert tuple(names) == shipped[0]
    np.testing.assert_array_equal(images, shipped[1])
