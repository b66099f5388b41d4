"""An address at which nobody listens, and idx files made by hand."""

from __future__ import annotations

import gzip
import hashlib
import socket
import struct
from collections.abc import Callable

import numpy as np
import pytest


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
