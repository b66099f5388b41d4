"""The reference text, real English prose without a network, and windows of it to learn from."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from linebyline.data.examples import Examples

ALPHABET = "\n " + string.digits + string.ascii_letters + string.punctuation
"""The 96 characters that the reference text may have."""

_TYPOGRAPHY = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "--", "…": "...", "\xa0": " "}
)


class TextSplit(NamedTuple):
    """A text to learn from, another to choose by, and one that has no say in anything."""

    train: str
    validation: str
    test: str


def reference_topics() -> dict[str, str]:
    r"""The language reference of Python, as its `help` shows it: some eighty topics by their names.

    The module ``pydoc_data.topics`` of CPython, English technical prose with a little code, under
    the license of the Python Software Foundation. **The text depends on the version of Python**,
    and what is measured on it too, by some per cent: Python 3.11.7 gives 373,000 characters.

    A fifth of the original is paragraphs that stand in several topics, word for word. A model that
    has seen them would be tested on what it knows by heart, so each is kept once, in the first of
    its topics in alphabetical order; paragraphs are the same if they differ in spaces only.
    Typographic signs are written in ASCII, and the few characters left that are not ASCII as
    Python's escapes (ß as ``\xdf``), so that every version has the same `ALPHABET`.

    Raises:
        ModuleNotFoundError: this Python came without its documentation.
    """
    from pydoc_data.topics import topics

    seen: set[str] = set()
    found = {}
    for name in sorted(topics):
        kept = []
        for paragraph in as_ascii(topics[name]).split("\n\n"):
            key = " ".join(paragraph.split())
            if key and key not in seen:
                seen.add(key)
                kept.append(paragraph.strip("\n"))
        if kept:
            found[name] = "\n\n".join(kept)
    return found


def as_ascii(text: str) -> str:
    """Typographic signs as ASCII writes them, tabs as spaces, all else as Python's escapes."""
    text = text.translate(_TYPOGRAPHY).expandtabs().replace("\r\n", "\n")
    text = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(c if c == "\n" or c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def reference_text(
    *, validation_share: float = 0.05, test_share: float = 0.1, seed: int = 0
) -> TextSplit:
    """The reference text in three parts, no topic in two of them, no paragraph twice anywhere.

    Topics are drawn for the test text while they fit into its share, then for the validation text;
    the others are to learn from. Their order is that of the SHA-256 of seed and name, so that a
    topic has its place in it in every version of Python. `reference_topics` says what the text is.

    Args:
        validation_share: of all characters; the part has at most as many, and seldom much less.
        test_share: the same, for the test text.
        seed: the same seed gives the same parts.

    Returns:
        Three strings of the characters of `ALPHABET`, their topics in alphabetical order with an
        empty line between.

    Raises:
        ValueError: a share is so small that no topic fits in, or leaves nothing to learn from.
    """
    return split_topics(
        reference_topics(), validation_share=validation_share, test_share=test_share, seed=seed
    )


def split_topics(
    topics: Mapping[str, str],
    *,
    validation_share: float = 0.05,
    test_share: float = 0.1,
    seed: int = 0,
) -> TextSplit:
    """`reference_text` for other topics, by name; whoever has several texts knows what is one."""
    total = sum(map(len, topics.values()))
    for part, share in (("validation", validation_share), ("test", test_share)):
        if not 0 < share < 1:
            raise ValueError(f"{part}_share is {share}; it must be above 0 and below 1")

    def draw(name: str) -> bytes:
        return hashlib.sha256(f"{seed} {name}".encode()).digest()

    left = sorted(topics, key=draw)
    parts = {}
    for part, share in (("test", test_share), ("validation", validation_share)):
        chosen: list[str] = []
        room = share * total
        for name in left:
            if len(topics[name]) <= room:
                chosen.append(name)
                room -= len(topics[name])
        if not chosen:
            raise ValueError(
                f"{part}_share is {share}, {share * total:.0f} of {total} characters; every topic "
                "is longer"
            )
        left = [name for name in left if name not in set(chosen)]
        parts[part] = chosen
    if not left:
        raise ValueError(
            f"validation_share is {validation_share} and test_share is {test_share}; together they "
            "must leave a topic to learn from"
        )
    train, validation, test = (
        "\n\n".join(topics[name] for name in sorted(names))
        for names in (left, parts["validation"], parts["test"])
    )
    return TextSplit(train, validation, test)


def windows(ids: Sequence[int], length: int, *, stride: int | None = None) -> Examples:
    """Pieces of a text as a language model learns from them: each id's target is the next id.

    Args:
        ids: of the text, one after the other.
        length: how many ids a window has.
        stride: how far the next window begins behind this one. By default the length: then no
            target stands in two windows. The ids left at the end, too few for a window, are left
            out.

    Returns:
        Inputs (windows, length) and targets (windows, length), both int64;
        ``targets[:, :-1]`` is ``inputs[:, 1:]``.

    Raises:
        ValueError: ``length`` or ``stride`` is below 1, or the ids are too few for one window.
    """
    stride = length if stride is None else stride
    for name, value in (("length", length), ("stride", stride)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    if len(ids) <= length:
        raise ValueError(
            f"length is {length} and ids has {len(ids)}; a window and its last target need "
            f"{length + 1}"
        )
    text = torch.tensor(ids, dtype=torch.int64)
    inputs, targets = (side.unfold(0, length, stride) for side in (text[:-1], text[1:]))
    # Copies, else both would lie in the memory of one text, and who changes one, changes the other.
    whole = torch.contiguous_format
    return Examples(inputs.clone(memory_format=whole), targets.clone(memory_format=whole))
