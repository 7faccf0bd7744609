"""Fixtures: an empty cache for each test, and a server on this machine that hands out files."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from induction_heads.machinery import paths


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; a file whose name starts with "cut-" is announced at full length and sent by half."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.name.startswith("cut-"):
            return super().do_GET()
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """An empty folder in place of build/data, and no setting of the user's."""
    for setting in ("INDUCTION_HEADS_DATA", "INDUCTION_HEADS_MIRROR"):
        monkeypatch.delenv(setting, raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setattr(paths, "DATA_CACHE", folder)
    return folder


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder whose files a local server hands out in place of the public addresses."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("INDUCTION_HEADS_MIRROR", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def one_line():
    """The message of a caught error, which must be a single line."""

    def message(caught: pytest.ExceptionInfo) -> str:
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message
