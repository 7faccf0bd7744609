"""Where things lie: the root of the project, or of the folder that a student has started; everything that is built;
and how a file is written whole or not at all.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .settings import Settings

STARTED = ".induction-heads.json"  # lies in a folder that `start` has made


def _root() -> Path:
    """The repository where the package lies in one; else the folder that was started, here or above; else here."""
    package = Path(__file__).resolve().parents[1]
    if package.parent.name == "src":
        return package.parents[1]
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / STARTED).is_file()), here)


ROOT = _root()
BUILD = Path(os.environ.get("INDUCTION_HEADS_BUILD") or ROOT / "build").expanduser().resolve()

RUNS = BUILD / "runs"
DATA_CACHE = BUILD / "data"
EXECUTED = BUILD / "executed"


def data_folder() -> Path | None:
    """The folder of dataset files a user names by INDUCTION_HEADS_DATA, or None where the setting is absent or empty.

    Read at every call, so that a notebook or a test may set it late. A setting that names no folder raises
    `FileNotFoundError`.
    """
    setting = os.environ.get("INDUCTION_HEADS_DATA", "").strip()
    if not setting:
        return None
    folder = Path(setting).expanduser().resolve()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"INDUCTION_HEADS_DATA should name a folder with dataset files, got {setting!r}, which is not one: "
            "create it or unset the setting"
        )
    return folder


def figures_dir(paper: str, settings: Settings) -> Path:
    """The folder of a paper's figures: the committed one for the default settings, else one under `BUILD`."""
    return figures_of_all(settings) / paper


def figures_of_all(settings: Settings) -> Path:
    """The folder of all papers' figures."""
    if (settings.profile, settings.dataset) == (Settings.profile, Settings.dataset):
        return ROOT / "figures"
    return BUILD / "figures" / build_name(settings)


def build_name(settings: Settings) -> str:
    """The folder of what is built with these settings: a dataset given by path counts by its file's stem."""
    dataset = settings.dataset
    name = Path(dataset).stem if os.sep in dataset or Path(dataset).suffix else dataset
    return f"{name}-{settings.profile}"


@contextmanager
def write_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a temporary path beside `path`; what was written there becomes `path` on a clean exit, and goes otherwise.

    The temporary name ends as `path` does, for writers that look at the suffix. A full disk raises `OSError` with one
    clear line.
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}-{os.getpid()}-{secrets.token_hex(4)}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _flush_to_disk(part)
        os.replace(part, path)
        _flush_to_disk(path.parent)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OSError(
            error.errno, f"no room on the disk to write {path}: free some space and run the same command again"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    """Waits until `path`, a file or a folder's entries, is on the disk and not only in memory.

    Windows opens no folder, and flushes no file that was opened for reading.
    """
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
