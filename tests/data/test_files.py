"""A user's own features: three kinds of file, the same checks, and nothing that could run code."""

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from induction_heads.data import files, load, name_is_valid
from induction_heads.data.download import RemoteFile

CLASSES, EXEMPLARS, FEATURES = 7, 3, 11
VALUES = np.random.default_rng(0).standard_normal((CLASSES, EXEMPLARS, FEATURES)).astype(np.float32)


def written(folder, kind, name="features", values=VALUES):
    """The path of a file of the kind, which holds `values` under `name`."""
    path = folder / f"mine{kind}"
    if kind == ".npz":
        np.savez(path, **{name: values})
    elif kind == ".h5":
        with h5py.File(path, "w") as file:
            file[name] = values
    else:
        save_file({name: values}, path)
    return str(path)


@pytest.mark.parametrize("kind", [".npz", ".h5", ".safetensors"])
def test_each_kind_of_file_gives_the_same_dataset(tmp_path, kind):
    dataset = load(written(tmp_path, kind), classes=CLASSES, exemplars=EXEMPLARS)
    np.testing.assert_array_equal(dataset.features, VALUES)
    assert dataset.images is None
    assert dataset.class_names[:2] == ("class 0", "class 1") and len(dataset.class_names) == CLASSES
    assert dataset.fingerprint == load(written(tmp_path, ".npz")).fingerprint


@pytest.mark.parametrize("kind", [".npz", ".h5", ".safetensors"])
def test_a_single_array_may_have_any_name(tmp_path, kind):
    assert load(written(tmp_path, kind, name="anything")).features.shape == VALUES.shape


def test_the_name_of_the_authors_is_known(tmp_path):
    path = written(tmp_path, ".h5", name="resnet18/224/feat")
    with h5py.File(path, "a") as file:
        file["other"] = np.zeros(3)
    assert load(path).features.shape == VALUES.shape


def test_the_fingerprint_follows_the_content(tmp_path):
    changed = VALUES.copy()
    changed[-1, -1, -1] += 1
    first = load(written(tmp_path, ".npz")).fingerprint
    assert load(written(tmp_path, ".npz", values=changed)).fingerprint != first
    assert load(written(tmp_path, ".npz", values=VALUES.reshape(EXEMPLARS, CLASSES, FEATURES))).fingerprint != first
    assert load(written(tmp_path, ".npz", values=VALUES.astype(np.float64))).fingerprint == first


@pytest.mark.parametrize(
    "values, told",
    [
        (VALUES[0], r"shape \(class, exemplar, feature\).*got \(3, 11\)"),
        (VALUES[:, :0], r"none of them 0, got \(7, 0, 11\)"),
        (np.where(VALUES == VALUES[2, 1, 5], np.nan, VALUES), r"finite.*got 1 .*nan at .*\(2, 1, 5\)"),
        (np.where(VALUES == VALUES[2, 1, 5], 1e300, VALUES.astype(np.float64)), r"finite in float32, got 1 .*1e\+300"),
        (VALUES.astype(complex), "real numbers, got type complex128"),
        (VALUES > 0, "real numbers, got type bool"),
    ],
)
def test_what_cannot_be_features_is_refused_in_one_line(one_line, tmp_path, values, told):
    path = written(tmp_path, ".npz", values=values)
    with pytest.raises(ValueError, match=told) as caught:
        load(path)
    assert one_line(caught).startswith(path)


@pytest.mark.parametrize(
    "asked, told",
    [({"classes": 8}, "at least 8 classes, has 7"), ({"exemplars": 4}, "at least 4 exemplars of each class, has 3")],
)
def test_too_few_classes_or_exemplars_are_refused_in_one_line(one_line, tmp_path, asked, told):
    with pytest.raises(ValueError, match=told) as caught:
        load(written(tmp_path, ".npz"), **asked)
    one_line(caught)


@pytest.mark.parametrize("kind", [".npz", ".h5", ".safetensors"])
@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_a_damaged_file_is_refused_in_one_line(one_line, tmp_path, kind, damage):
    path = tmp_path / f"mine{kind}"
    content = open(written(tmp_path, kind), "rb").read()
    path.write_bytes({"cut": content[: len(content) // 2], "other": b"no features at all", "empty": b""}[damage])
    with pytest.raises(ValueError, match="cannot be read as one") as caught:
        load(str(path))
    assert str(path) in one_line(caught)


def test_a_pickle_is_not_opened(one_line, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "mine.npz"
    np.savez(path, features=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match="array of numbers") as caught:
        load(str(path))
    one_line(caught)
    assert not (tmp_path / "sprung").exists()


def test_several_arrays_of_other_names_are_refused(one_line, tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, a=VALUES, b=VALUES)
    with pytest.raises(ValueError, match=r"named features.*has 2 \(a, b\)") as caught:
        load(str(path))
    one_line(caught)


def test_an_unknown_name_is_answered_with_the_known_ones(one_line):
    with pytest.raises(
        ValueError, match="one of characters, glyphs, omniglot, omniglot-resnet18 or a path.*got 'glyps'"
    ) as caught:
        load("glyps")
    one_line(caught)


def test_a_missing_file_is_named(one_line):
    with pytest.raises(FileNotFoundError, match="absent.npz") as caught:
        load("absent.npz")
    one_line(caught)


def test_names_are_judged_without_reading():
    assert all(map(name_is_valid, ("glyphs", "omniglot-resnet18", "absent.npz", "a/b.H5", "c.safetensors")))
    assert not any(map(name_is_valid, ("glyps", "", "features.pkl", "paper")))


def test_the_authors_features_come_verified_and_with_their_shape(tmp_path, served, monkeypatch):
    import hashlib

    values = np.ones(files.RESNET18_SHAPE, dtype=np.float32)
    written(served, ".h5", name=files.RESNET18_DATASET, values=values[:3])
    content = (served / "mine.h5").read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    monkeypatch.setattr(files, "RESNET18", RemoteFile("mine.h5", "http://nowhere.invalid", f"git:{blob}"))
    with pytest.raises(ValueError, match=r"shape \(1623, 5, 512\), got \(3, 5, 512\)"):
        load("omniglot-resnet18")
    monkeypatch.setattr(files, "RESNET18_SHAPE", (3, 5, 512))
    assert load("omniglot-resnet18").features.shape == (3, 5, 512)
