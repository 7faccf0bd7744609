"""Makes the file of `characters` again, from Omniglot's pictures; says how far off the shipped one is: `make features`.

It needs the optional packages of `pip install .[features]` and two zips of Omniglot, which are downloaded unless they
lie in the folder that INDUCTION_HEADS_DATA names. What it makes goes to build/data; the package itself is not changed.
"""

import sys
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from induction_heads.machinery import paths

from . import characters, efficientnet, omniglot
from .characters import Images, Names, Raw
from .download import local_copy


def make(path: Path) -> str:
    """Writes the file and gives its sha256. Takes a minute or two."""
    efficientnet.network()  # first, so that who lacks it does not wait for a download
    names, images = omniglot.characters([local_copy(file) for file in omniglot.SMALL], characters.DRAWERS)
    each = tqdm(images, desc="features", unit=" characters", delay=1, mininterval=1, leave=False)
    return characters.write(
        path, tuple(names), images, np.stack([efficientnet.raw_features(pictures) for pictures in each])
    )


def compared(made: tuple[Names, Images, Raw], shipped: tuple[Names, Images, Raw]) -> str:
    """How far what was made is from what is shipped, in one line for a reader."""
    if made[0] != shipped[0] or made[1].shape != shipped[1].shape or made[2].shape != shipped[2].shape:
        return (
            f"other contents: {made[1].shape} pictures and {made[2].shape} features, "
            f"shipped are {shipped[1].shape} and {shipped[2].shape}"
        )
    pictures = int((made[1] != shipped[1]).any(axis=(2, 3)).sum())
    ours, theirs = (raw.astype(np.float64) for raw in (made[2], shipped[2]))
    off = np.abs(ours - theirs).max()
    relative = (np.linalg.norm(ours - theirs, axis=-1) / np.linalg.norm(theirs, axis=-1)).max()
    unequal = (ours != theirs).mean()
    return (
        f"{pictures} of {made[1].shape[0] * made[1].shape[1]:,} pictures differ; {unequal:.2%} of the features do, "
        f"by at most {off:.1g} (largest feature {theirs.max():.2f}), "
        f"and a vector by at most {relative:.1g} of its length"
    )


def main() -> None:
    path = paths.DATA_CACHE / characters.FILE.name
    sha256 = make(path)
    print(f"made {path} ({path.stat().st_size:,} bytes, sha256 {sha256})")
    if sha256 == characters.SHA256:
        print("it is the shipped file, byte for byte")
    else:
        print(compared(characters.read(path, sha256), characters.read()))
        print(f"to ship it, put it at {characters.FILE} and its sha256 into characters.py")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{error}")
