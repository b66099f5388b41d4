"""Shared by all tests."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jaxtyping
import pytest

ROOT = Path(__file__).parents[1]


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
