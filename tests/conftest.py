"""Shared by all tests."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import jaxtyping
import pytest


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
