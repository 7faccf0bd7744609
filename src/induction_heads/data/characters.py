"""Characters: 242 characters of Omniglot by five hands each, pictures and features in this package (section 2).

They are all characters of the two small sets of Omniglot (MIT licence, see `shipped/LICENSE`), of eight alphabets, each
as drawn by the drawers 1 to 5 of its 20, in the numbering of Omniglot's files. `make features` makes the file again.
"""

import hashlib
import io
from pathlib import Path

import numpy as np
from jaxtyping import Float16, UInt8

from induction_heads.machinery.paths import write_whole

from . import efficientnet
from .dataset import Dataset, fingerprint, shuffled

FILE = Path(__file__).with_name("shipped") / "characters.npz"
SHA256 = "ae09e03658f6c78b09d12db181acd06430d642de9ab47f94ae0f9e9d20d2c967"
DRAWERS = 5  # the first of Omniglot's 20

Names = tuple[str, ...]
Images = UInt8[np.ndarray, "class drawer height width"]
Raw = Float16[np.ndarray, "class drawer feature"]


def load() -> Dataset:
    """The dataset, its classes in one shuffled order. Raises as `read` does."""
    names, images, raw = read()
    order = shuffled(len(names))
    features = efficientnet.prepared(raw[order])
    return Dataset("characters", features, images[order], tuple(names[i] for i in order), fingerprint(features))


def read(path: Path = FILE, sha256: str = SHA256) -> tuple[Names, Images, Raw]:
    """Names such as "Greek/character07" in alphabetic order, pictures (ink 255 on 0) and features before `prepared`.

    Raises `FileNotFoundError` or `ValueError` with one line where the file is missing or not what was written; nothing
    of it is looked at before its checksum is, and nothing in it can run code.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is part of this package and is missing: install the package again, or get it with git"
        )
    content = path.read_bytes()
    came = hashlib.sha256(content).hexdigest()
    if came != sha256:
        raise ValueError(
            f"{path} should have sha256 {sha256}, got {came} ({len(content):,} bytes), so it is cut off or altered: "
            "install the package again, or get the file with git"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        images = np.unpackbits(arrays["images"], axis=-1, count=int(arrays["width"])) * np.uint8(255)
        return tuple(arrays["names"].tolist()), images, arrays["raw_features"]


def write(path: Path, names: Names, images: Images, raw: Raw) -> str:
    """Writes the file whole or not at all, and gives its sha256; pictures, which are of 1 bit, take a bit per pixel."""
    packed = np.packbits(images > 0, axis=-1)
    with write_whole(path) as part:
        np.savez_compressed(part, names=np.array(names), images=packed, width=images.shape[-1], raw_features=raw)
    return hashlib.sha256(path.read_bytes()).hexdigest()
