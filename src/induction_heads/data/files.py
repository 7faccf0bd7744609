"""Features from a file: a user's own (.npz, .h5, .safetensors) or the ResNet18 features of the paper's authors.

Nothing here unpickles or imports what a file names: numpy reads without pickles, and HDF5 and safetensors hold only
numbers.
"""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from induction_heads.data.download import RemoteFile

RESNET18 = RemoteFile(
    "omniglot_resnet18_randomized_order_s0.h5",
    "https://raw.githubusercontent.com/aadityasingh/icl-dynamics/main",
    "git:9eb588c516b641f5f25ac22227865a7ce5ab0b2f",
)
RESNET18_DATASET = "resnet18/224/feat"
RESNET18_SHAPE = (1623, 5, 512)

ARRAY = "features"


def read_array(path: Path) -> np.ndarray:
    """The array named `features` (or the authors' `resnet18/224/feat`), or the only one, of any shape and type.

    Raises `ValueError` with one line where the file is of another kind, damaged, or holds several arrays of other
    names.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{path} should end in one of {', '.join(READERS)}: store the features in one of these kinds")
    try:
        return reader(path)
    except (OSError, KeyError, EOFError, zipfile.BadZipFile, SafetensorError) as error:
        words = " ".join(str(error).split())[:160]
        raise ValueError(
            f"{path} should be a {path.suffix} file, cannot be read as one ({words}): write it again"
        ) from error


def _read_npz(path: Path) -> np.ndarray:
    """From numpy's zip of arrays. An array of Python objects, which only a pickle could hold, is refused."""
    if not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("not a zip")
    with np.load(path, allow_pickle=False) as arrays:
        name = _choose(path, arrays.files)
        try:
            return np.asarray(arrays[name])
        except ValueError as error:
            raise ValueError(
                f"{path}: {name} should be an array of numbers, cannot be read ({error}): store it as float32"
            ) from error


def _read_h5(path: Path) -> np.ndarray:
    """From HDF5; only the one dataset is read."""
    import h5py  # only who reads such a file waits for it

    with h5py.File(path, "r") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        return file[_choose(path, names)][()]


def _read_safetensors(path: Path) -> np.ndarray:
    """From safetensors; only the one tensor is read."""
    with safe_open(path, framework="np") as tensors:
        return tensors.get_tensor(_choose(path, tensors.keys()))


def _choose(path: Path, names: Iterable[str]) -> str:
    """The name of the array to read among those of the file."""
    names = list(names)
    for known in (ARRAY, RESNET18_DATASET):
        if known in names:
            return known
    if len(names) == 1:
        return names[0]
    held = ", ".join(sorted(names)[:5]) or "none"
    raise ValueError(
        f"{path} should hold an array named {ARRAY}, or a single one, has {len(names)} ({held}): rename yours"
    )


READERS = {".npz": _read_npz, ".h5": _read_h5, ".hdf5": _read_h5, ".safetensors": _read_safetensors}
