"""Text without spaces: letters in a row, and where its words end."""

from __future__ import annotations

import re
import string
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import one_hot

from linebyline.data.examples import Examples

LETTERS = string.ascii_lowercase
"""What is kept of a text."""


class RunTogether(NamedTuple):
    """Letters as numbers, 0 for a to 25 for z, and 1 at each that is the last of its word, else 0.

    Both are int64 of shape (letters,).
    """

    letters: Int[Tensor, " letters"]
    ends: Int[Tensor, " letters"]


def run_together(text: str) -> RunTogether:
    """The words of a text, in small letters and without anything between them.

    Source: Elman 1990, *Finding structure in time*, whose network reads sentences letter by letter,
    with no breaks between words. Deviation: his were made up of 15 words; here they are of a real
    text. A word is what stands between two characters that are no letters of a to z, so *don't* are
    two.

    Raises:
        ValueError: the text has no letter.
    """
    words = re.findall(f"[{LETTERS}]+", text.lower())
    if not words:
        raise ValueError("text has no letter from a to z")
    letters = torch.tensor([LETTERS.index(letter) for letter in "".join(words)])
    ends = torch.zeros_like(letters)
    ends[torch.tensor([len(word) for word in words]).cumsum(0) - 1] = 1
    return RunTogether(letters, ends)


def pieces(text: RunTogether, length: int, *, count: int | None = None) -> Examples:
    """Pieces of equal length, one behind the other, as a network that reads step by step takes it.

    Args:
        text: the letters and ends.
        length: how many letters a piece has; what is left behind the last whole piece is left out.
        count: how many pieces, from the beginning; None takes all.

    Returns:
        Inputs (pieces, length, 26), float32, each letter one-hot; targets (pieces, length), int64,
        1 at the last letter of a word.

    Raises:
        ValueError: `length` or `count` is below 1, or the text has not so many letters.
    """
    for name, number in (("length", length), ("count", 1 if count is None else count)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")
    number = len(text.letters) // length if count is None else count
    used = number * length
    if not 0 < used <= len(text.letters):
        raise ValueError(
            f"text has {len(text.letters)} letters; {max(number, 1)} pieces of {length} need "
            f"{max(used, length)}"
        )
    inputs = one_hot(text.letters[:used], len(LETTERS)).float().view(number, length, -1)
    return Examples(inputs, text.ends[:used].view(number, length))


def spell(letters: Int[Tensor, " letters"], ends: Int[Tensor, " letters"] | None = None) -> str:
    """The letters as text, with a space behind each that ends a word, if it is said which do."""
    marks = torch.zeros_like(letters) if ends is None else ends
    pairs = zip(letters.tolist(), marks.tolist(), strict=True)
    return "".join(LETTERS[letter] + " " * end for letter, end in pairs).rstrip()
