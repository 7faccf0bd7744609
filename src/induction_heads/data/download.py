"""Files that are not ours to ship: looked for in a folder, then in the cache, then downloaded; verified each time."""

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from induction_heads.machinery import paths
from induction_heads.machinery.paths import data_folder, write_whole

SECONDS_WITHOUT_ANSWER = 30


@dataclass(frozen=True)
class RemoteFile:
    """A public file: its name, the address of the folder it is in, and what its content must be.

    `checksum` is `"sha256:…"`, `"md5:…"` or `"git:…"`, the last a git blob id (sha1 of `blob SIZE\\0` and the content).
    """

    name: str
    folder: str
    checksum: str

    @property
    def address(self) -> str:
        """Where the file is downloaded from: INDUCTION_HEADS_MIRROR, where set, stands in for the public folder."""
        folder = os.environ.get("INDUCTION_HEADS_MIRROR", "").strip() or self.folder
        return f"{folder.rstrip('/')}/{self.name}"


def local_copy(file: RemoteFile) -> Path:
    """The path of a verified copy: in the folder that INDUCTION_HEADS_DATA names, else in the cache, else downloaded.

    A wrong file in the named folder raises `ValueError`; a damaged one in the cache is named in a warning and
    downloaded again. What cannot be downloaded raises `FileNotFoundError` or `ValueError`; each is one line that says
    what to do.
    """
    folder = data_folder()
    if folder is not None and (folder / file.name).is_file():
        return _verified(file, folder / file.name)
    cache = paths.DATA_CACHE
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f".{file.name}.lock"):
        path = cache / file.name
        if path.is_file():
            if checksum(path, file.checksum) == file.checksum:
                return path
            warnings.warn(f"{path} is damaged, its checksum is not {file.checksum}: downloading it again", stacklevel=2)
        _download(file, path)
    return path


def checksum(path: Path, like: str) -> str:
    """The checksum of the file at `path`, of the same kind as the checksum `like`, for example `"md5:d41d8c…"`."""
    kind = like.partition(":")[0]
    if kind != "git":
        import pooch  # here and below: only who downloads waits for it

        return f"{kind}:{pooch.file_hash(str(path), alg=kind)}"
    content = path.read_bytes()
    blob = b"blob %d\0" % len(content) + content
    return f"git:{hashlib.sha1(blob).hexdigest()}"


def _download(file: RemoteFile, path: Path) -> None:
    """Writes the file to `path`, whole and verified or not at all."""
    import pooch
    import requests

    downloader = pooch.HTTPDownloader(progressbar=True, timeout=SECONDS_WITHOUT_ANSWER)
    with write_whole(path) as part:
        try:
            downloader(file.address, str(part), None, check_only=False)
        except (requests.RequestException, ValueError) as error:
            raise FileNotFoundError(
                f"{file.name} is needed and could not be downloaded from {file.address} ({_short(error)}): "
                f"{_by_hand(file, path)}"
            ) from None  # the line names the cause; the library's chain of five tracebacks would hide it
        came = checksum(part, file.checksum)
        if came != file.checksum:
            raise ValueError(
                f"{file.name} from {file.address} should have {file.checksum}, got {came} "
                f"({part.stat().st_size:,} bytes), so it is cut off or another file: "
                f"try again, or {_by_hand(file, path)}"
            )


def _verified(file: RemoteFile, path: Path) -> Path:
    """`path` itself, if its content is right; else `ValueError`: a file that a user put there is not replaced."""
    came = checksum(path, file.checksum)
    if came != file.checksum:
        raise ValueError(
            f"{path} should have {file.checksum}, got {came} ({path.stat().st_size:,} bytes): "
            f"replace it by the file at {file.address}, or remove it to have it downloaded"
        )
    return path


def _by_hand(file: RemoteFile, path: Path) -> str:
    """What a user without a connection can do, as the end of a sentence."""
    named = data_folder()
    place = f"{named} (INDUCTION_HEADS_DATA)" if named else f"{path.parent} or a folder named by INDUCTION_HEADS_DATA"
    return f"put the file ({file.checksum}) into {place}"


def _short(error: BaseException) -> str:
    """The kind of the first error behind this one and the start of its message, on one line."""
    while behind := error.__cause__ or error.__context__:
        error = behind
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words if len(words) <= 120 else words[:117] + '...'}"
