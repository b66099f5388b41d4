"""Serve the built site on this machine the way its host will: below its folder, compressed, with
its 404 page.

python book/_ext/serve.py --port 8000

The browser tests use the same server; it counts what goes over the wire and can be slow on purpose.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import mimetypes
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import yaml
from address import site_url

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".md", ".ipynb", ".inv"}


class Sent(NamedTuple):
    """One answer, as it went over the wire."""

    path: str
    status: int
    size: int


class SiteServer(ThreadingHTTPServer):
    """A static site below ``prefix``; port 0 takes any free one."""

    daemon_threads = True

    def __init__(self, folder: Path, prefix: str = "/", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder, self.prefix = folder, prefix
        self.sent: list[Sent] = []
        self.seconds_late: dict[str, float] = {}  # by the end of the path
        self.held = ""  # paths that end so wait
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        """Address of the site's root, with a slash at its end."""
        return f"http://127.0.0.1:{self.server_port}{self.prefix}"

    @contextmanager
    def holding(self, ending: str) -> Iterator[None]:
        """Send no path that ends so before the block is left."""
        self.let_go.clear()
        self.held = ending
        yield
        self.held = ""
        self.let_go.set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves before the end is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    server: SiteServer

    def do_GET(self) -> None:
        """Send a file, compressed if it is text; the 404 page if there is none."""
        path = unquote(urlsplit(self.path).path)
        if path == "/" != self.server.prefix:
            return self._answer(HTTPStatus.FOUND, {"Location": self.server.prefix}, b"")
        for ending, late in self.server.seconds_late.items():
            if path.endswith(ending):
                time.sleep(late)
        if self.server.held and path.endswith(self.server.held):
            self.server.let_go.wait()
        file = self._file(path)
        status = HTTPStatus.OK if file else HTTPStatus.NOT_FOUND
        file = file or self.server.folder / "404.html"
        body, tag = _content(file, file.stat().st_mtime_ns)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = {"Content-Type": kind, "ETag": tag, "Cache-Control": "max-age=600"}
        if file.suffix in TEXT:
            headers["Content-Type"] += "; charset=utf-8"
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if status is HTTPStatus.OK and self.headers.get("If-None-Match") == tag:
            return self._answer(HTTPStatus.NOT_MODIFIED, headers, b"")
        return self._answer(status, headers, body)

    do_HEAD = do_GET  # noqa: N815

    def _file(self, path: str) -> Path | None:
        if not path.startswith(self.server.prefix):
            return None
        file = (self.server.folder / path.removeprefix(self.server.prefix)).resolve()
        if file.is_dir():
            file /= "index.html"
        inside = file.is_relative_to(self.server.folder.resolve())
        return file if inside and file.is_file() else None

    def _answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        lines: list[bytes] = self._headers_buffer  # type: ignore[attr-defined]
        head = sum(map(len, lines)) + 2
        self.server.sent.append(Sent(self.path, int(status), head + len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@cache
def _content(file: Path, changed: int) -> tuple[bytes, str]:
    """What is sent of a file, and its tag; ``changed`` makes a new version a new entry."""
    data = file.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    return (gzip.compress(data, 9, mtime=0) if file.suffix in TEXT else data), tag


def prefix() -> str:
    """The folder below its host that the site is made for."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
    site = config.get("html", {}).get("baseurl") or site_url(config["repository"]["url"])
    return urlsplit(site).path


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--site", type=Path, default=SITE, help="default: _build/html")
    arguments = parser.parse_args()
    if not (arguments.site / "index.html").is_file():
        sys.exit(f"{arguments.site} holds no site: make book builds it")
    with SiteServer(arguments.site, prefix(), arguments.port) as server:
        print(f"{server.url} (stop with Ctrl-C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
