"""A web server on the loopback that can be told to misbehave, and idx files made by hand."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest


@dataclass
class Server:
    """What it serves and how; ``asked`` is the paths that were requested, in order."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    broken_off: set[str] = field(default_factory=set)
    midway: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            state.asked.append(name)
            body = state.files.get(name)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            state.midway()
            if name not in state.broken_off:
                self.wfile.write(body[half:])

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest's output is for failures."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state = Server(f"http://127.0.0.1:{http.server_port}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture
def unreachable() -> str:
    """An address at which nobody listens."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{port.getsockname()[1]}"


@pytest.fixture
def idx() -> Callable[[np.ndarray], bytes]:
    """Bytes as a gzipped idx file, written from the format's description."""

    def pack(array: np.ndarray) -> bytes:
        sizes = b"".join(struct.pack(">i", size) for size in array.shape)
        return gzip.compress(
            bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()
        )

    return pack


@pytest.fixture
def md5() -> Callable[[bytes], str]:
    return lambda content: "md5:" + hashlib.md5(content).hexdigest()
