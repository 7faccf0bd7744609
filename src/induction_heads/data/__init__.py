"""Exemplars for the task of section 2: `load(name)` gives pictures, features, class names and a fingerprint.

`characters` is in the package and `glyphs` is made on the spot; `omniglot` needs the zips of Omniglot and the optional
packages that make features of pictures, `omniglot-resnet18` the features of the paper's authors; anything else is the
path of a file of one's own features.
"""

from pathlib import Path

from induction_heads.data import characters, files, sources
from induction_heads.data.dataset import Dataset, check_enough, fingerprint
from induction_heads.machinery.settings import DATASETS, RENAMED, Settings

__all__ = ["DATASETS", "Dataset", "fingerprint", "load", "name_is_valid"]


def load(name: str = Settings.dataset, classes: int = 0, exemplars: int = 1) -> Dataset:
    """The dataset called `name`, or in the file `name`, with at least so many classes and exemplars of each.

    Its classes come in one fixed order. Raises `ValueError` or `FileNotFoundError` with one line that says what was
    expected, what came and what to do: an unknown name, a missing or wrong file, numbers that are not finite, too few.
    """
    return check_enough(_load(name, max(exemplars, sources.EXEMPLARS)), classes, exemplars)


def _load(name: str, exemplars: int) -> Dataset:
    """The dataset, before it is known to be large enough."""
    if name == "characters":
        return characters.load()
    if name == "glyphs":
        return sources.load_glyphs(exemplars)
    if name == "omniglot":
        return sources.load_omniglot(exemplars)
    if name == "omniglot-resnet18":
        return sources.load_resnet18()
    if name_is_valid(name):
        return sources.load_path(name)
    if name in RENAMED:
        raise ValueError(f"dataset {name!r} is called {RENAMED[name]!r} now, and is in the package: ask for that name")
    raise ValueError(
        f"dataset should be one of {', '.join(DATASETS)} or a path ending in {', '.join(files.READERS)}, got {name!r}: "
        "choose one of these"
    )


def name_is_valid(name: str) -> bool:
    """Whether `name` is a dataset's name or looks like the path of a file of features; nothing is read."""
    return name in DATASETS or Path(name).suffix.lower() in files.READERS
