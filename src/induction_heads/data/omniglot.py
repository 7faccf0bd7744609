"""Omniglot: handwritten characters of many alphabets, read from the zips of the public repository (section 2)."""

import io
import re
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from induction_heads.data.download import RemoteFile

SIDE = 105  # pixels
DRAWERS = 20

PUBLIC_FOLDER = "https://raw.githubusercontent.com/brendenlake/omniglot/master/python"
SMALL = (
    RemoteFile(
        "images_background_small1.zip",
        PUBLIC_FOLDER,
        "sha256:f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
    ),
    RemoteFile(
        "images_background_small2.zip",
        PUBLIC_FOLDER,
        "sha256:3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
    ),
)  # 242 characters, those of `characters`: Greek and Latin are in both
FULL = (
    RemoteFile("images_background.zip", PUBLIC_FOLDER, "md5:68d2efa1b9178cc56df9314c21c6e718"),
    RemoteFile("images_evaluation.zip", PUBLIC_FOLDER, "md5:6b91aef0f799c5bb55b94e3f2daec811"),
)  # 964 + 659 characters

PICTURE = re.compile(r"[^/]+/(?P<alphabet>[^/]+)/(?P<character>character\d+)/\d+_(?P<drawer>\d+)\.png")


def characters(zips: list[Path], drawers: int) -> tuple[list[str], UInt8[np.ndarray, "class drawer 105 105"]]:
    """Names such as "Greek/character07" in alphabetic order and pictures by drawers 1 to `drawers`, ink 255 on 0.

    A character that is in several zips is taken from the first. Raises `ValueError` where a zip holds no characters,
    a character lacks a drawer, or a picture has another size.
    """
    pictures: dict[str, np.ndarray] = {}
    for path in zips:
        for name, by_drawer in _characters_of(path, drawers).items():
            pictures.setdefault(name, by_drawer)
    names = sorted(pictures)
    return names, np.stack([pictures[name] for name in names])


def _characters_of(path: Path, drawers: int) -> dict[str, UInt8[np.ndarray, "drawer 105 105"]]:
    """The pictures of one zip by the name of their character."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            return {
                name: np.stack([_picture(archive, member) for member in _first(path, name, by_drawer, drawers)])
                for name, by_drawer in members.items()
            }
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} should be a zip of Omniglot, cannot be read ({error}): get the file again") from error


def _members(archive: zipfile.ZipFile) -> dict[str, dict[int, str]]:
    """The archive's pictures by character and drawer (counted from 1); other files are passed over."""
    members: dict[str, dict[int, str]] = defaultdict(dict)
    for name in archive.namelist():
        if match := PICTURE.fullmatch(name):
            members[f"{match['alphabet']}/{match['character']}"][int(match["drawer"])] = name
    if not members:
        raise ValueError(
            f"{archive.filename} should hold pictures FOLDER/ALPHABET/characterNN/NNNN_MM.png, has none: "
            "get the file again"
        )
    return members


def _first(path: Path, name: str, by_drawer: dict[int, str], drawers: int) -> list[str]:
    """The pictures of drawers 1 to `drawers`."""
    missing = [drawer for drawer in range(1, drawers + 1) if drawer not in by_drawer]
    if missing:
        raise ValueError(
            f"{path}: {name} should have drawers 1 to {drawers}, lacks {missing[0]}: ask for fewer exemplars"
        )
    return [by_drawer[drawer] for drawer in range(1, drawers + 1)]


def _picture(archive: zipfile.ZipFile, member: str) -> UInt8[np.ndarray, "105 105"]:
    """One picture, black ink on white in the file, ink 255 on 0 here."""
    with Image.open(io.BytesIO(archive.read(member)), formats=["PNG"]) as picture:
        if picture.size != (SIDE, SIDE):
            raise ValueError(f"{archive.filename}: {member} should be {SIDE} x {SIDE} pixels, is {picture.size}")
        return np.where(np.asarray(picture.convert("L")) < 128, np.uint8(255), np.uint8(0))
