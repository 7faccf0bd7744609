"""Files of others: the named folder first, then the cache, then a verified download, with one line for each failure."""

import hashlib
import socket

import pytest

from induction_heads.data.download import RemoteFile, checksum, local_copy

CONTENT = b"characters " * 1000
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
FILE = RemoteFile("drawn.zip", "http://nowhere.invalid/folder", SHA256)


def test_a_file_is_downloaded_once_and_then_read_from_the_cache(served, cache_folder):
    (served / FILE.name).write_bytes(CONTENT)
    assert local_copy(FILE) == cache_folder / FILE.name
    (served / FILE.name).unlink()
    assert local_copy(FILE).read_bytes() == CONTENT


def test_the_named_folder_comes_before_the_cache(tmp_path, cache_folder, monkeypatch):
    monkeypatch.setenv("INDUCTION_HEADS_DATA", str(tmp_path))
    for folder in (tmp_path, cache_folder):
        folder.mkdir(exist_ok=True)
        (folder / FILE.name).write_bytes(CONTENT)
    assert local_copy(FILE) == tmp_path / FILE.name


def test_a_file_missing_in_the_named_folder_comes_from_the_cache(tmp_path, cache_folder, monkeypatch):
    monkeypatch.setenv("INDUCTION_HEADS_DATA", str(tmp_path))
    cache_folder.mkdir()
    (cache_folder / FILE.name).write_bytes(CONTENT)
    assert local_copy(FILE) == cache_folder / FILE.name


def test_a_wrong_file_in_the_named_folder_is_named_and_left_alone(one_line, tmp_path, monkeypatch):
    monkeypatch.setenv("INDUCTION_HEADS_DATA", str(tmp_path))
    (tmp_path / FILE.name).write_bytes(b"other")
    with pytest.raises(ValueError, match="should have sha256") as caught:
        local_copy(FILE)
    assert (
        str(tmp_path / FILE.name) in one_line(caught)
        and "(5 bytes)" in one_line(caught)
        and FILE.address in one_line(caught)
    )
    assert (tmp_path / FILE.name).read_bytes() == b"other"


def test_a_setting_that_names_no_folder_is_an_error(one_line, tmp_path, monkeypatch):
    monkeypatch.setenv("INDUCTION_HEADS_DATA", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError, match="INDUCTION_HEADS_DATA should name a folder") as caught:
        local_copy(FILE)
    one_line(caught)


def test_a_damaged_file_in_the_cache_is_named_and_downloaded_again(served, cache_folder):
    (served / FILE.name).write_bytes(CONTENT)
    cache_folder.mkdir()
    (cache_folder / FILE.name).write_bytes(CONTENT[:-1])
    with pytest.warns(UserWarning, match="drawn.zip is damaged"):
        assert local_copy(FILE).read_bytes() == CONTENT


def test_a_download_with_a_wrong_checksum_is_not_kept(one_line, served, cache_folder):
    (served / FILE.name).write_bytes(b"another file")
    with pytest.raises(ValueError, match="so it is cut off or another file") as caught:
        local_copy(FILE)
    assert SHA256 in one_line(caught) and "(12 bytes)" in one_line(caught) and str(cache_folder) in one_line(caught)
    assert kept(cache_folder) == []


def test_a_download_that_is_cut_off_is_not_kept(one_line, served, cache_folder):
    file = RemoteFile("cut-drawn.zip", FILE.folder, SHA256)
    (served / file.name).write_bytes(CONTENT)
    with pytest.raises((ValueError, FileNotFoundError), match="cut-drawn.zip") as caught:
        local_copy(file)
    assert SHA256 in one_line(caught) and str(cache_folder) in one_line(caught)
    assert kept(cache_folder) == []


def test_a_file_that_the_server_lacks_is_named_with_its_address(one_line, served, cache_folder):
    with pytest.raises(FileNotFoundError, match="404") as caught:
        local_copy(FILE)
    assert FILE.address in one_line(caught)
    assert kept(cache_folder) == []


def test_without_a_network_the_line_says_what_to_put_where(one_line, cache_folder, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("INDUCTION_HEADS_MIRROR", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FileNotFoundError, match="could not be downloaded") as caught:
        local_copy(FILE)
    for told in (FILE.name, f"{address}/{FILE.name}", SHA256, str(cache_folder), "INDUCTION_HEADS_DATA"):
        assert told in one_line(caught)


def test_without_a_mirror_the_public_address_is_used():
    assert FILE.address == "http://nowhere.invalid/folder/drawn.zip"


def test_a_git_blob_id_is_the_one_that_git_gives(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    assert (
        checksum(path, "git:") == "git:ce013625030ba8dba906f756967f9e9ca394464a"
    )  # echo hello | git hash-object --stdin


def kept(cache_folder):
    """The files of the cache_folder that could be taken for a dataset."""
    return [path.name for path in cache_folder.iterdir() if path.suffix != ".lock"]
