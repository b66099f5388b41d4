"""Shared by all tests."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
from proven import Unproven

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make test`` asks for it; other runs do all that they are told to."""
    said = "leave out claims that were seen to turn, where nothing has changed (tests/proven.json)"
    parser.addoption("--unproven", action="store_true", help=said)


def pytest_configure(config: pytest.Config) -> None:
    """The plugin that leaves them out."""
    if config.getoption("--unproven"):
        config.pluginmanager.register(Unproven())


@pytest.fixture
def verdicts(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., dict[str, bool]]:
    """Runs a chapter with defects planted; each claim's verdict by its name.

    ``tests/<part>/test_<chapter>_claims.py`` is about ``book/<part>/<chapter>.md``. ``defects`` is
    the code of a cell that runs before all others; ``replaced`` says what stands once in the
    chapter, and what stands there instead.
    """
    from claims import claims_of
    from execution import execute

    def run(defects: str = "", replaced: Mapping[str, str] | None = None) -> dict[str, bool]:
        stem = request.path.stem.removeprefix("test_").removesuffix("_claims")
        chapter = ROOT / "book" / request.path.parent.name / f"{stem}.md"
        text = chapter.read_text("utf8")
        for sound, defect in (replaced or {}).items():
            assert text.count(sound) == 1, sound
            text = text.replace(sound, defect)
        if defects:
            first = text.index("```{code-cell}")
            text = f"{text[:first]}```{{code-cell}} ipython3\n{defects}```\n\n{text[first:]}"
        broken = tmp_path / chapter.name
        broken.write_text(text, "utf8")
        return {claim.id: claim.verdict for claim in claims_of(execute(broken, allow_errors=True))}

    return run


@pytest.fixture
def without_shape_checks() -> Iterator[None]:
    """As a user runs the library: under pytest, jaxtyping speaks up before our messages can."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def is_here(address: Any) -> bool:
    """Whether a socket's address is on this machine: a path, or a loopback address."""
    if not isinstance(address, tuple):
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would need the network fails at once, and not only where there is none."""

    def guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
        def only_here(self: socket.socket, address: Any) -> Any:
            if not is_here(address):
                pytest.fail(f"a test reaches for the network: {address[0]}")
            return connect(self, address)

        return only_here

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))


@dataclass
class Server:
    """What a web server serves and how; ``asked`` is the paths that were requested, in order."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    broken_off: set[str] = field(default_factory=set)
    midway: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on the loopback that can be told to misbehave."""

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
