"""Glyphs: the same on every machine, legible, one class like itself and unlike others."""

import numpy as np
import pytest

from induction_heads.data import cache, glyphs, hog, load, sources
from induction_heads.data.dataset import fingerprint

SOME = slice(0, None, 37)  # 43 letters of all scripts


@pytest.fixture(scope="module")
def some_pictures():
    return np.stack([glyphs.pictures(letter, 5) for letter in glyphs.letters()[SOME]])


def test_there_are_as_many_letters_as_the_project_states():
    letters = glyphs.letters()
    assert len(letters) == 1581
    assert len({letter.name for letter in letters}) == 1581
    scripts = {letter.name.split()[0] for letter in letters}
    assert {"LATIN", "GREEK", "CYRILLIC", "TIFINAGH", "ARABIC", "HEBREW", "GEORGIAN", "CANADIAN"} <= scripts


def test_letters_of_one_shape_are_one_class():
    characters = {letter.character for letter in glyphs.letters()}
    assert "A" in characters
    assert "\N{GREEK CAPITAL LETTER ALPHA}" not in characters and "\N{CYRILLIC CAPITAL LETTER A}" not in characters


def test_letters_stand_upright():
    letter = next(letter for letter in glyphs.letters() if letter.character == "T")
    upper, lower = np.split(glyphs.pictures(letter, 1)[0], [52])
    assert upper.sum() > 1.5 * lower.sum()


def test_pictures_are_ink_on_nothing_and_fit_the_frame(some_pictures):
    assert some_pictures.shape[1:] == (5, 105, 105)
    assert set(np.unique(some_pictures)) == {0, 255}
    ink = (some_pictures > 0).mean(axis=(2, 3))
    assert 0.003 < ink.min() and ink.max() < 0.35
    edge = np.concatenate(
        [some_pictures[..., 0, :], some_pictures[..., -1, :], some_pictures[..., 0], some_pictures[..., -1]], axis=-1
    )
    assert (edge > 0).any(axis=-1).mean() < 0.1


def test_the_same_letter_and_hand_always_give_the_same_picture(some_pictures):
    letter = glyphs.letters()[SOME][4]
    np.testing.assert_array_equal(glyphs.pictures(letter, 2), some_pictures[4, :2])
    assert (some_pictures[4, 0] != some_pictures[4, 1]).any()


def test_exemplars_of_a_class_resemble_one_another_more_than_other_classes(some_pictures):
    features = hog.features(some_pictures)
    unit = features / np.linalg.norm(features, axis=-1, keepdims=True)
    likeness = np.einsum("cef,dgf->cdeg", unit, unit)
    own = likeness[np.arange(len(unit)), np.arange(len(unit))][:, ~np.eye(5, dtype=bool)].mean()
    others = likeness[~np.eye(len(unit), dtype=bool)].mean()
    assert own > 0.8 and others < own - 0.15
    nearest = likeness[:, :, 0, 1:].mean(axis=-1).argmax(axis=1)
    assert (nearest == np.arange(len(unit))).mean() > 0.6  # chance is 1 in 43; some letters differ by a dot


def test_a_hand_moves_a_point_by_at_most_the_peak():
    noise = np.random.default_rng(0).standard_normal((2, len(glyphs.ELASTIC_NODES), len(glyphs.ELASTIC_NODES)))
    axis = np.linspace(-52.5, 52.5, 27)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    assert np.abs(glyphs.displacement(points, noise)).max() == pytest.approx(4.0)
    near = np.abs(glyphs.displacement(points + [1.0, 0.0], noise) - glyphs.displacement(points, noise))
    assert near.max() < 1.0


def test_the_whole_set_has_the_content_the_figures_were_made_from():
    dataset = load("glyphs", classes=300, exemplars=5)
    assert dataset.features.shape == (1581, 5, 512) and dataset.features.dtype == np.float32
    assert dataset.images.shape == (1581, 5, 105, 105) and dataset.images.dtype == np.uint8
    assert len(set(dataset.class_names)) == 1581
    assert dataset.fingerprint == fingerprint(dataset.features)
    assert dataset.fingerprint.startswith("ba078471a39db8c6")
    np.testing.assert_array_equal(hog.features(dataset.images[:3]), dataset.features[:3])
    again = load("glyphs")
    assert again.class_names == dataset.class_names
    np.testing.assert_array_equal(again.images, dataset.images)
    np.testing.assert_array_equal(again.features, dataset.features)


def test_more_hands_do_not_change_the_first_ones(monkeypatch):
    few = glyphs.letters()[:3]
    monkeypatch.setattr(glyphs, "letters", lambda: few)
    np.testing.assert_array_equal(load("glyphs", exemplars=7).features[:, :5], load("glyphs").features)


def test_more_hands_than_there_are_is_an_error(one_line):
    with pytest.raises(ValueError, match="at most 20 exemplars of each class, asked for 21") as caught:
        load("glyphs", exemplars=21)
    one_line(caught)


def test_a_change_of_the_recipe_is_another_file(tmp_path):
    source = tmp_path / "source.py"
    source.write_text("a = 1")
    first = cache.recipe((str(source),), 5)
    assert cache.recipe((str(source),), 5) == first != cache.recipe((str(source),), 6)
    source.write_text("a = 2")
    assert cache.recipe((str(source),), 5) != first


def test_class_order_is_not_the_alphabets(monkeypatch):
    letters = glyphs.letters()[:20]
    monkeypatch.setattr(glyphs, "letters", lambda: letters)
    names = sources.load_glyphs().class_names
    assert sorted(names) == sorted(letter.name for letter in letters) and list(names) != [
        letter.name for letter in letters
    ]
