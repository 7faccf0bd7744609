"""Each dataset by its name: which files it needs, how it is made, and in which order its classes come."""

from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from induction_heads.data import cache, efficientnet, files, glyphs, hog, omniglot
from induction_heads.data.dataset import Dataset, checked_features, fingerprint, shuffled
from induction_heads.data.download import local_copy
from induction_heads.machinery.paths import ROOT, data_folder

EXEMPLARS = 5  # of each class, as in the paper; more are made where a run asks for more


def load_glyphs(exemplars: int = EXEMPLARS) -> Dataset:
    """1,581 letters, by 5 hands or as many as asked for (20 at most). Takes some 5 seconds the first time."""
    hands = _hands("glyphs", exemplars, glyphs.MOST_HANDS)
    key = cache.recipe((glyphs.__file__, hog.__file__, __file__), hands)
    return cache.kept("glyphs", key, lambda: _from_pictures("glyphs", glyphs.draw_all(hands), hog.features))


def load_omniglot(exemplars: int = EXEMPLARS) -> Dataset:
    """All 1,623 characters, by drawers 1 to 5 or as many as asked for (20 at most), with features as of `characters`.

    The first time it needs the optional packages of `pip install .[features]` and takes some minutes.
    """
    drawers = _hands("omniglot", exemplars, omniglot.DRAWERS)
    inputs = drawers, version("torch"), *[file.checksum for file in omniglot.FULL]

    def make() -> Dataset:
        efficientnet.network()  # first, so that who lacks it does not wait for a download
        drawn = omniglot.characters([local_copy(file) for file in omniglot.FULL], drawers)
        return _from_pictures("omniglot", zip(*drawn, strict=True), efficientnet.raw_features, efficientnet.prepared)

    return cache.kept("omniglot", cache.recipe((omniglot.__file__, efficientnet.__file__, __file__), *inputs), make)


def load_resnet18() -> Dataset:
    """The paper's own features of 1,623 characters, without pictures, in the order of the authors' file."""
    path = local_copy(files.RESNET18)
    features = checked_features(str(path), files.read_array(path))
    if features.shape != files.RESNET18_SHAPE:
        raise ValueError(
            f"{path} should hold features of shape {files.RESNET18_SHAPE}, got {features.shape}: get the file again"
        )
    return _features_alone("omniglot-resnet18", features)


def load_path(given: str) -> Dataset:
    """A user's own features, in the file's order. A relative path counts from here, the project, or the data folder."""
    path = _existing(given)
    return _features_alone(given, checked_features(str(path), files.read_array(path)))


def _from_pictures(
    name: str,
    drawn: Iterable[tuple[str, np.ndarray]],
    features_of: Callable[[np.ndarray], np.ndarray],
    prepared: Callable[[np.ndarray], np.ndarray] = lambda features: features,
) -> Dataset:
    """The dataset of pictures that come as (class name, (exemplar, 105, 105)), its classes shuffled.

    `features_of` gives (exemplar, feature) for the pictures of a class; `prepared` makes of all of them what is trained
    on.
    """
    names, images, features = [], [], []
    for class_name, pictures in tqdm(
        drawn, desc=f"making {name}", unit=" classes", delay=1, mininterval=0.5, leave=False
    ):
        names.append(class_name)
        images.append(pictures)
        features.append(features_of(pictures))
    order = shuffled(len(names))
    values = checked_features(name, prepared(np.stack(features)[order]))
    return Dataset(name, values, np.stack(images)[order], tuple(names[i] for i in order), fingerprint(values))


def _features_alone(name: str, features: np.ndarray) -> Dataset:
    """A dataset without pictures; its classes are named by their place."""
    return Dataset(name, features, None, tuple(f"class {i}" for i in range(len(features))), fingerprint(features))


def _hands(name: str, exemplars: int, most: int) -> int:
    """How many exemplars of each class to make."""
    if exemplars > most:
        raise ValueError(f"{name} has at most {most} exemplars of each class, asked for {exemplars}: ask for fewer")
    return max(EXEMPLARS, exemplars)


def _existing(given: str) -> Path:
    """The file that a user means by `given`."""
    places = [Path(), ROOT, data_folder()]
    for place in places:
        if place is not None and (path := place / Path(given).expanduser()).is_file():
            return path
    raise FileNotFoundError(
        f"features should be in the file {given}, found none there: check the path, counted from {Path.cwd()} or {ROOT}"
    )
