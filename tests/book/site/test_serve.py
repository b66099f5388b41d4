"""The server: compressed, below its folder, with a 404 page; it counts what it sends."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
import serve


@pytest.fixture
def server(tmp_path: Path) -> Iterator[serve.SiteServer]:
    """A site of three files below /name/."""
    site = tmp_path / "site"
    (site / "a").mkdir(parents=True)
    (site / "index.html").write_text("<p>" + "front " * 200)
    (site / "404.html").write_text("missing")
    (site / "a/b.png").write_bytes(b"\x89PNG" + bytes(50))
    (tmp_path / "secret.html").write_text("not yours")
    with serve.SiteServer(site, "/name/") as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def get(server: serve.SiteServer, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """One answer and its body as it came."""
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_text_comes_compressed(server: serve.SiteServer) -> None:
    answer, body = get(server, "/name/")
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"front front" in gzip.decompress(body)
    assert len(body) < 200


def test_an_image_comes_as_it_is(server: serve.SiteServer) -> None:
    answer, body = get(server, "/name/a/b.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Encoding"] is None
    assert len(body) == 54


def test_every_byte_is_counted(server: serve.SiteServer) -> None:
    answer, body = get(server, "/name/a/b.png")
    head = f"HTTP/1.1 200 OK\r\n{answer.headers}".replace("\n", "\r\n").replace("\r\r", "\r")
    assert [(sent.path, sent.status) for sent in server.sent] == [("/name/a/b.png", 200)]
    assert server.sent[0].size == len(head.encode()) + len(body)


@pytest.mark.parametrize("path", ["/name/no.html", "/other/index.html", "/name/../secret.html"])
def test_what_is_not_there_gets_the_404_page(server: serve.SiteServer, path: str) -> None:
    answer, body = get(server, path)
    assert answer.status == 404
    assert gzip.decompress(body) == b"missing"


def test_the_root_leads_to_the_folder(server: serve.SiteServer) -> None:
    answer, _ = get(server, "/")
    assert (answer.status, answer.headers["Location"]) == (302, "/name/")


def test_what_has_not_changed_is_not_sent_again(server: serve.SiteServer) -> None:
    first, _ = get(server, "/name/a/b.png")
    again, body = get(server, "/name/a/b.png", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, body) == (304, b"")


def test_it_can_be_slow(server: serve.SiteServer) -> None:
    server.seconds_late = {".png": 0.2}
    start = time.perf_counter()
    get(server, "/name/a/b.png")
    assert time.perf_counter() - start >= 0.2


def test_it_can_hold_what_ends_so(server: serve.SiteServer) -> None:
    got: list[int] = []
    with server.holding(".png"):
        waiting = threading.Thread(
            target=lambda: got.append(get(server, "/name/a/b.png")[0].status)
        )
        waiting.start()
        assert get(server, "/name/")[0].status == 200
        assert got == []
    waiting.join(5)
    assert got == [200]


def test_the_prefix_is_the_one_the_site_is_made_for() -> None:
    assert serve.prefix() == "/linebyline/"
