"""A model is downloaded file by file from one revision, checked, and only once."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from linebyline.data.download import DownloadError
from linebyline.transformer.hub import BERT_BASE, GPT2, Published, download

FILES = {"config.json": b"{}", "model.safetensors": b"numbers" * 1000}
MODEL = Published(
    "someone/model",
    "0123abcd",
    {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
)


class Hub(ThreadingHTTPServer):
    """Serves files by their paths, on the loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"/someone/model/resolve/0123abcd/{n}": c for n, c in FILES.items()}
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Hub)
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def left_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_is_downloaded_once(hub: Hub, tmp_path: Path) -> None:
    for _ in range(2):
        folder = download(MODEL, folder=tmp_path, hub=hub.address)
        assert folder == tmp_path / "someone" / "model" / "0123abcd"
        assert left_in(folder) == sorted(FILES)
        assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert hub.asked == list(hub.files)


def test_the_folder_is_that_of_all_downloads(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEBYLINE_DATA", str(tmp_path / "cache"))
    folder = download(MODEL, hub=hub.address)
    assert folder == tmp_path / "cache" / "someone" / "model" / "0123abcd"


def test_another_revision_is_another_folder(hub: Hub, tmp_path: Path) -> None:
    download(MODEL, folder=tmp_path, hub=hub.address)
    with pytest.raises(DownloadError, match="the server answered 404"):
        download(MODEL._replace(revision="ffff"), folder=tmp_path, hub=hub.address)
    assert hub.asked[-1] == "/someone/model/resolve/ffff/config.json"
    assert left_in(tmp_path) == [f"someone/model/0123abcd/{name}" for name in sorted(FILES)]


def test_what_was_changed_on_the_way_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    path = "/someone/model/resolve/0123abcd/model.safetensors"
    hub.files[path] = b"other" * 1000
    with pytest.raises(DownloadError, match="SHA256 hash of downloaded file"):
        download(MODEL, folder=tmp_path, hub=hub.address)
    assert left_in(tmp_path) == ["someone/model/0123abcd/config.json"]
    hub.files[path] = FILES["model.safetensors"]
    folder = download(MODEL, folder=tmp_path, hub=hub.address)
    assert left_in(folder) == sorted(FILES)
    assert len(hub.asked) == 3  # the first file was kept


@pytest.mark.parametrize("published", [GPT2, BERT_BASE])
def test_each_file_has_its_checksum(published: Published) -> None:
    assert re.fullmatch("[0-9a-f]{40}", published.revision)
    assert {"config.json", "model.safetensors"} < set(published.checksums)
    assert list(published.checksums)[-1] == "model.safetensors"
    digests = list(published.checksums.values())
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert len(set(digests)) == len(digests)
