"""Compressors as models of language: what a text costs in bits by gzip and by xz."""

from __future__ import annotations

import gzip
import lzma
import math
import zlib
from typing import Literal

from linebyline.language.bits_per_character import bits_per_character

WINDOW = 2**15  # bytes that deflate looks back


def compressed_bits(text: str, *, method: Literal["xz", "gzip"] = "xz", primed: str = "") -> int:
    """How many bits a text takes, written in UTF-8 and compressed as tightly as the method can.

    Whoever predicts well compresses well (Shannon 1948), so a compressor is a model of language, of
    a simple kind: both look for the longest passage that stood before, and write where. What is
    counted is the file, with its header of some bytes.

    Args:
        text: what is compressed.
        method: "gzip" (Deutsch 1996, RFC 1951) looks 32 kB back, "xz" (LZMA2) as far as the text
            goes.
        primed: a text that the compressor has seen before, and that is not counted, as the training
            text of a model is not. For xz, what the file grows by if the text is appended; gzip is
            given the end of ``primed`` as its dictionary (RFC 1950), because more it cannot see.

    Raises:
        ValueError: ``text`` is empty, or the method is another.
    """
    if not text:
        raise ValueError("text is empty; it must have at least one character")
    content, before = text.encode(), primed.encode()
    if method == "xz":
        known = len(_xz(before)) if before else 0
        return 8 * (len(_xz(before + content)) - known)
    if method == "gzip":
        if not before:
            return 8 * len(gzip.compress(content, 9, mtime=0))
        press = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zdict=before[-WINDOW:])
        return 8 * len(press.compress(content) + press.flush())
    raise ValueError(f"method is {method!r}; it must be xz or gzip")


def compressed_bits_per_character(
    text: str, *, method: Literal["xz", "gzip"] = "xz", primed: str = ""
) -> float:
    """`compressed_bits` for each character of the text.

    Raises:
        ValueError: as `compressed_bits`.
    """
    nats = compressed_bits(text, method=method, primed=primed) * math.log(2)
    return bits_per_character(nats, characters=len(text))


def _xz(content: bytes) -> bytes:
    return lzma.compress(content, preset=9 | lzma.PRESET_EXTREME)
