"""The four settings of a build, PROFILE, DATASET, SEEDS and DEVICE: what they may be, one clear line if one is wrong.

Only the standard library, so that the Makefile can ask before there is an environment:
`python settings.py PROFILE DATASET SEEDS DEVICE` prints a line that starts with `error:`, or nothing.
"""

import os
import re
import sys
from dataclasses import dataclass

PROFILES = ("paper", "smoke")
DATASETS = ("characters", "glyphs", "omniglot", "omniglot-resnet18")
RENAMED = {"omniglot-small": "characters"}  # data sets that had another name
DEVICES = ("cpu", "cuda")
FEATURE_FILES = (".npz", ".h5", ".hdf5", ".safetensors")


@dataclass(frozen=True)
class Settings:
    """What a build is made with. No seeds given means each paper's own."""

    profile: str = "paper"
    dataset: str = "characters"
    seeds: tuple[int, ...] = ()
    device: str = "cpu"


def check(
    profile: str = Settings.profile, dataset: str = Settings.dataset, seeds: str = "", device: str = Settings.device
) -> Settings:
    """The settings these texts stand for; `ValueError` or `FileNotFoundError`, one line, where one is wrong."""
    return Settings(
        _one_of("PROFILE", profile, PROFILES), _dataset(dataset), parse_seeds(seeds), _one_of("DEVICE", device, DEVICES)
    )


def parse_seeds(text: str) -> tuple[int, ...]:
    """`5`, `5,6` or `1..32`, or several of these with commas, as seeds in the order given; an empty text gives none."""
    seeds: list[int] = []
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        match = re.fullmatch(r"(\d{1,6})(?:\.\.(\d{1,6}))?", part)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise ValueError(f"SEEDS is whole numbers such as 5 or 5,6 or 5..9, got {text!r}")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"SEEDS names each seed once, got {text!r}")
    return tuple(seeds)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{name} is {' or '.join(known)}, got {value!r}")
    return value


def _dataset(value: str) -> str:
    if value in DATASETS:
        return value
    if value in RENAMED:
        raise ValueError(
            f"DATASET {value} is called {RENAMED[value]} now, and needs no download: write DATASET={RENAMED[value]}"
        )
    if not value.endswith(FEATURE_FILES):
        raise ValueError(
            f"DATASET is {', '.join(DATASETS)} or a path to a {', '.join(FEATURE_FILES)} file, got {value!r}"
        )
    if not os.path.isfile(value):
        raise FileNotFoundError(
            f"DATASET names a file that is not there: {value!r}; it is one of {', '.join(DATASETS)} or a path"
        )
    return os.path.abspath(value)


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except (ValueError, OSError) as error:
        print(f"error: {error}")
