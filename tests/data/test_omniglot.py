"""Omniglot from its zips: names, ink, duplicates, and what a wrong zip is told."""

import hashlib
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from induction_heads.data import efficientnet, load, omniglot
from induction_heads.data.download import RemoteFile

DRAWERS = 5


def picture(seed, side=105):
    """The PNG of a random black line on white, 1 bit."""
    place = np.random.default_rng(seed).integers(10, side - 20, 2)
    pixels = np.full((side, side), True)
    pixels[place[0] : place[0] + 3, place[1] : place[1] + 15] = False
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def zipped(folder, name, characters, drawers=DRAWERS, side=105):
    """A zip of the public one's layout as a RemoteFile with the right checksum."""
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for number, character in enumerate(characters):
            for drawer in range(1, drawers + 1):
                archive.writestr(f"{name}/{character}/{number:04}_{drawer:02}.png", picture([number, drawer], side))
    content = (folder / f"{name}.zip").read_bytes()
    return RemoteFile(f"{name}.zip", "http://nowhere.invalid", f"sha256:{hashlib.sha256(content).hexdigest()}")


@pytest.fixture(autouse=True)
def counted_ink(monkeypatch):
    """In place of the network, which need not be installed: the ink in each column, and one."""
    monkeypatch.setattr(efficientnet, "network", lambda: None)
    monkeypatch.setattr(efficientnet, "raw_features", lambda images: (images > 0).sum(axis=-2).astype(np.float16) + 1)


@pytest.fixture
def tiny(served, monkeypatch):
    """Two zips in place of the full ones, with one character in both: four distinct ones."""
    both = (
        zipped(served, "one", ["Greek/character01", "Greek/character02", "Korean/character01"]),
        zipped(served, "two", ["Greek/character01", "Tagalog/character10"]),
    )
    monkeypatch.setattr(omniglot, "FULL", both)
    return both


def test_characters_of_both_zips_come_once_with_names_and_ink(tiny):
    dataset = load("omniglot", classes=4, exemplars=5)
    assert sorted(dataset.class_names) == [
        "Greek/character01",
        "Greek/character02",
        "Korean/character01",
        "Tagalog/character10",
    ]
    assert dataset.images.shape == (4, 5, 105, 105) and dataset.features.shape == (4, 5, 105)
    np.testing.assert_array_equal((dataset.images == 255).sum(axis=(2, 3)), 3 * 15)
    np.testing.assert_array_equal((dataset.images == 0).sum(axis=(2, 3)), 105 * 105 - 3 * 15)


def test_pictures_of_a_character_come_in_order_of_drawers(tiny):
    dataset = load("omniglot")
    for drawer in range(DRAWERS):
        expected = np.asarray(Image.open(io.BytesIO(picture([1, drawer + 1]))).convert("L")) == 0
        np.testing.assert_array_equal(
            dataset.images[dataset.class_names.index("Greek/character02"), drawer] > 0, expected
        )


def test_once_made_the_zips_are_not_needed(tiny, cache_folder, served):
    made = load("omniglot")
    for folder in (cache_folder, served):
        for file in folder.glob("*.zip"):
            file.unlink()
    again = load("omniglot")
    assert again.fingerprint == made.fingerprint
    np.testing.assert_array_equal(again.images, made.images)


def test_features_are_of_the_pictures_and_prepared(tiny):
    dataset = load("omniglot")
    columns = (dataset.images > 0).sum(axis=-2) + 1.0
    mixed = columns + efficientnet.MEAN_ADDED * columns.mean(axis=(0, 1))
    expected = efficientnet.NORM * mixed / np.sqrt((mixed**2).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(dataset.features, expected, atol=1e-4)


def test_more_drawers_do_not_change_the_first_ones(served, monkeypatch):
    monkeypatch.setattr(
        omniglot, "FULL", (zipped(served, "one", ["Greek/character01", "Korean/character01"], drawers=7),)
    )
    np.testing.assert_array_equal(load("omniglot", exemplars=7).features[:, :5], load("omniglot").features)


def test_without_the_optional_packages_nothing_is_downloaded_first(one_line, tiny, monkeypatch, cache_folder):
    def missing():
        raise ValueError("install it")

    monkeypatch.setattr(efficientnet, "network", missing)
    with pytest.raises(ValueError, match="install it"):
        load("omniglot")
    assert not list(cache_folder.glob("*.zip"))


def test_too_few_characters_for_a_run_is_one_line(one_line, tiny):
    with pytest.raises(ValueError, match="omniglot should have at least 150 classes, has 4") as caught:
        load("omniglot", classes=150)
    one_line(caught)


@pytest.mark.parametrize(
    "characters, drawers, side, told",
    [
        ([], 5, 105, "has none"),
        (["Greek/character01"], 4, 105, "drawers 1 to 5, lacks 5"),
        (["Greek/character01"], 5, 90, r"105 x 105 pixels, is \(90, 90\)"),
    ],
)
def test_a_zip_of_something_else_is_refused_in_one_line(one_line, served, monkeypatch, characters, drawers, side, told):
    monkeypatch.setattr(omniglot, "FULL", (zipped(served, "one", characters, drawers, side),))
    with pytest.raises(ValueError, match=told) as caught:
        load("omniglot")
    assert "one.zip" in one_line(caught)


def test_the_public_addresses_are_those_of_the_authors_of_omniglot():
    assert omniglot.SMALL[0].address == (
        "https://raw.githubusercontent.com/brendenlake/omniglot/master/python/images_background_small1.zip"
    )
