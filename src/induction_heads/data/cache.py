"""Datasets that were made once, kept in build/data, and verified whenever they are read.

The file is keyed by what determines the content: the sources that make it, the libraries they call, and their inputs.
"""

import hashlib
import importlib.metadata
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from filelock import FileLock
from jaxtyping import UInt8
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from induction_heads.data.dataset import Dataset, fingerprint
from induction_heads.machinery import paths
from induction_heads.machinery.paths import write_whole

LAYOUT = "1"  # raise it when the file's own layout changes
LIBRARIES = ("numpy", "scipy", "scikit-image", "matplotlib", "pillow")


def recipe(sources: tuple[str, ...], *inputs: object) -> str:
    """A key of 16 hex digits for what these source files, these inputs and the installed libraries make."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(Path(source).read_bytes())
    versions = [importlib.metadata.version(library) for library in LIBRARIES]
    digest.update(json.dumps([LAYOUT, versions, [str(i) for i in inputs]]).encode())
    return digest.hexdigest()[:16]


def kept(name: str, key: str, make: Callable[[], Dataset]) -> Dataset:
    """The dataset as kept in the cache under name and key, else as made now and then kept.

    Of several processes one makes it and the others wait. A damaged file is named in a warning and made again.
    """
    folder = paths.DATA_CACHE
    path = folder / f"{name}-{key}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{path.name}.lock"):
        if path.is_file():
            try:
                return read(path)
            except ValueError as error:
                warnings.warn(f"{error}: making it again", stacklevel=2)
        dataset = make()
        write(path, dataset)
    return dataset


def write(path: Path, dataset: Dataset) -> None:
    """Writes the dataset whole or not at all; images, which are of 1 bit, take a bit per pixel."""
    assert dataset.images is not None  # what is made is made of pictures
    tensors = {"features": dataset.features, "images": np.packbits(dataset.images > 0, axis=-1)}
    described = {
        "name": dataset.name,
        "class_names": json.dumps(dataset.class_names),
        "width": str(dataset.images.shape[-1]),
        "fingerprint": dataset.fingerprint,
        "images_sha256": _sha256(tensors["images"]),
    }
    with write_whole(path) as part:
        part.write_bytes(save(tensors, metadata=described))


def read(path: Path) -> Dataset:
    """The dataset in the file; `ValueError` with one line if any of its content is not what was written."""
    try:
        with safe_open(path, framework="np") as file:
            described = file.metadata()
            features, packed = file.get_tensor("features"), file.get_tensor("images")
        names = tuple(json.loads(described["class_names"]))
        width = int(described["width"])
        intact = (described["fingerprint"], described["images_sha256"]) == (fingerprint(features), _sha256(packed))
        name = described["name"]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({' '.join(str(error).split())[:80]})") from error
    if not intact or len(names) != len(features):
        raise ValueError(f"{path} is damaged (its content does not match its fingerprint)")
    images = np.unpackbits(packed, axis=-1, count=width)
    images *= 255
    return Dataset(name, features, images, names, described["fingerprint"])


def _sha256(packed: UInt8[np.ndarray, "..."]) -> str:
    """The sha256 of the bytes."""
    return hashlib.sha256(np.ascontiguousarray(packed).data).hexdigest()
