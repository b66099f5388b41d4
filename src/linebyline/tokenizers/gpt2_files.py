"""GPT-2's two files of a byte-level vocabulary, ``vocab.json`` and ``merges.txt``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from linebyline.tokenizers.atomic_write import write_atomically


def _byte_to_unicode() -> dict[int, str]:
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    visible += range(ord("®"), ord("ÿ") + 1)
    others = [byte for byte in range(256) if byte not in visible]
    # The others have the next characters from U+0100 on: the space is Ġ, U+0120, a newline Ċ.
    return {b: chr(b) for b in visible} | {b: chr(256 + i) for i, b in enumerate(others)}


BYTE_TO_UNICODE = MappingProxyType(_byte_to_unicode())
"""A visible character for each byte, in the order of the ids: the visible bytes come first.

Only the files need it. They are text, in which a line is a merge and a space stands between its
halves, so no token may hold a space or a newline, nor half a character of UTF-8. The order is that
of ``bytes_to_unicode`` in OpenAI's ``encoder.py`` (Radford et al. 2019).

:meta hide-value:
"""

UNICODE_TO_BYTE = MappingProxyType({character: byte for byte, character in BYTE_TO_UNICODE.items()})
"""The way back.

:meta hide-value:
"""


def visible(token: bytes) -> str:
    """Bytes as the files write them."""
    return "".join(map(BYTE_TO_UNICODE.__getitem__, token))


def save_gpt2(
    folder: str | Path,
    merges: Sequence[tuple[bytes, bytes]],
    ids: Mapping[bytes, int],
    special_tokens: Mapping[str, int],
) -> None:
    """Write both files, each wholly or not at all; the folder is made if it is not there.

    Two files cannot be renamed at one moment. Whoever reads after a crash between the two would
    find files that do not fit each other, which `load_gpt2`'s caller notices.

    Args:
        folder: gets ``vocab.json`` and ``merges.txt``.
        merges: in the order in which they were learned.
        ids: of all tokens but the special ones.
        special_tokens: written by their names, as they are.
    """
    vocabulary = {visible(token): index for token, index in ids.items()} | dict(special_tokens)
    lines = ["#version: 0.2", *(f"{visible(left)} {visible(right)}" for left, right in merges)]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(dict(sorted(vocabulary.items(), key=lambda item: item[1])))
    write_atomically(folder / "vocab.json", text + "\n")
    write_atomically(folder / "merges.txt", "\n".join(lines) + "\n")


def load_gpt2(folder: str | Path) -> tuple[list[tuple[bytes, bytes]], dict[str, int]]:
    """Read both files.

    Returns:
        The merges as bytes, and the vocabulary with its tokens as they are written.

    Raises:
        ValueError: a file is not in GPT-2's format; the message says where.
    """
    path = Path(folder) / "vocab.json"
    try:
        vocabulary = json.loads(path.read_text("utf8"))
    except ValueError as error:  # of JSON, or of UTF-8
        raise ValueError(f"{path} is no JSON file: {error}") from error
    if not isinstance(vocabulary, dict) or any(
        type(each) is not int for each in vocabulary.values()
    ):
        raise ValueError(f"{path} must be one object of tokens with their ids")
    path = Path(folder) / "merges.txt"
    merges = []
    for number, line in enumerate(path.read_text("utf8").splitlines(), start=1):
        if not line or (number == 1 and line.startswith("#version")):
            continue
        halves = line.split(" ")
        if len(halves) != 2 or not all(halves) or not set("".join(halves)) <= set(UNICODE_TO_BYTE):
            raise ValueError(f"{path}, line {number}, is {line!r:.60}; it must be two tokens")
        left, right = (bytes(map(UNICODE_TO_BYTE.__getitem__, half)) for half in halves)
        merges.append((left, right))
    return merges, vocabulary
