"""What every source of exemplars gives, and the checks it passes before anything is trained on it (section 2)."""

import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Shaped, UInt8


@dataclass(frozen=True)
class Dataset:
    """Exemplars of classes: `features[class, exemplar]` is what the network sees, `images[class, exemplar]` the reader.

    Images have ink 255 on 0 and are None where only features exist. The fingerprint is a sha256 of the features'
    content.
    """

    name: str
    features: Float32[np.ndarray, "class exemplar feature"]
    images: UInt8[np.ndarray, "class exemplar height width"] | None
    class_names: tuple[str, ...]
    fingerprint: str


def fingerprint(features: Float32[np.ndarray, "class exemplar feature"]) -> str:
    """The sha256 of shape, type and numbers: equal for equal content, wherever it was made or read."""
    content = np.ascontiguousarray(features, dtype="<f4")
    digest = hashlib.sha256(f"{content.shape} {content.dtype.str}".encode())
    digest.update(content.data)
    return digest.hexdigest()


def shuffled(classes: int) -> np.ndarray:
    """The one order of the classes, the same on every machine: the first train, the last are the unseen ones."""
    return np.random.default_rng(0).permutation(classes)


def checked_features(source: str, values: Shaped[np.ndarray, "..."]) -> Float32[np.ndarray, "class exemplar feature"]:
    """`values` as float32, if they can be features: real numbers, finite, (class, exemplar, feature).

    Raises `ValueError` with one line that says what was expected, what came and what to do; `source` opens it.
    """
    if not (np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer)):
        raise ValueError(f"{source}: features should be real numbers, got type {values.dtype}: store them as float32")
    if values.ndim != 3 or 0 in values.shape:
        raise ValueError(
            f"{source}: features should have shape (class, exemplar, feature), none of them 0, got {values.shape}: "
            "reshape them, with an axis of length 1 where a class has a single exemplar"
        )
    with np.errstate(over="ignore"):
        features = np.ascontiguousarray(values, dtype=np.float32)
    wrong = np.argwhere(~np.isfinite(features))
    if len(wrong):
        first = tuple(int(i) for i in wrong[0])
        raise ValueError(
            f"{source}: features should be finite in float32, got {len(wrong)} that are not, "
            f"the first {values[first]} at (class, exemplar, feature) = {first}: remove or repair them"
        )
    return features


def check_enough(dataset: Dataset, classes: int, exemplars: int) -> Dataset:
    """The dataset itself, if it has as many classes and exemplars as are asked for; else `ValueError` with one line."""
    words = ("classes", "exemplars of each class")
    for word, least, have in zip(words, (classes, exemplars), dataset.features.shape[:2], strict=True):
        if have < least:
            raise ValueError(
                f"{dataset.name} should have at least {least} {word}, has {have}: "
                "choose a larger dataset or ask for fewer"
            )
    return dataset
