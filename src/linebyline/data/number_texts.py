"""Numbers in words as a text to learn from: single ones, pages that count on, and broken ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from num2words import num2words

from linebyline.data.translation import LONGEST, number_pairs

_SMALL = {num2words(number): number for number in (*range(20), *range(20, 100, 10))}
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


class Replaced(NamedTuple):
    """A text with one wrong word, and where that word is."""

    text: str
    place: int


def number_texts(
    count: int,
    *,
    digits: tuple[int, int] = (4, 9),
    language: str = "en",
    seed: int = 0,
) -> list[str]:
    """Whole numbers in words, without commas and hyphens; no number twice.

    They are those of `linebyline.data.translation.number_pairs`: how many digits a number has is
    drawn first. In English "two thousand three hundred and forty five"; in Korean 이천삼백사십오.

    Args:
        count: how many.
        digits: the fewest and the most that a number has.
        language: "en" or "ko".
        seed: the same seed gives the same numbers.

    Raises:
        ValueError: the language is neither; or as `number_pairs`.
    """
    if language not in ("en", "ko"):
        raise ValueError(f"language must be en or ko, not {language!r}")
    pairs = number_pairs(count, digits=digits, seed=seed)
    return [plain(text) for text in (pairs.sources if language == "en" else pairs.targets)]


def plain(text: str) -> str:
    """Without commas, and with a space for a hyphen."""
    return text.replace(",", "").replace("-", " ")


def number_of(text: str) -> int | None:
    """The number that an English text names, as `number_texts` writes it; None if it names none.

    Only what num2words says of some number below 10¹² is a number: not "hundred", "two two", or
    "three thousand four million".
    """
    total = group = 0
    for word in text.split():
        if word in _LARGE:
            total, group = total + group * _LARGE[word], 0
        elif word == "hundred":
            group *= 100
        elif word != "and":
            if word not in _SMALL:
                return None
            group += _SMALL[word]
    total += group
    return total if total < 10**12 and plain(num2words(total)) == text else None


def counting_pages(
    count: int,
    *,
    lines: int = 6,
    digits: tuple[int, int] = (4, 6),
    seed: int = 0,
) -> list[list[str]]:
    """Pages of a text that counts: each begins at a number and has the next ones, in English words.

    Args:
        count: how many pages; two may begin at the same number.
        lines: how many numbers a page has.
        digits: of its first number; how many is drawn first.
        seed: the same seed gives the same pages.

    Raises:
        ValueError: there is no page or no line, or `digits` are out of their range.
    """
    if count < 1 or lines < 1:
        raise ValueError(f"count and lines must be at least 1, not {count} and {lines}")
    low, high = digits
    if not 1 <= low <= high < LONGEST:
        raise ValueError(f"digits must be from 1 to {LONGEST - 1}, the fewest first, not {digits}")
    draw = random.Random(seed)
    pages = []
    for _ in range(count):
        length = draw.randint(low, high)
        first = draw.randrange(10 ** (length - 1), 10**length)
        pages.append([plain(num2words(first + line)) for line in range(lines)])
    return pages


def exchange_units(text: str) -> str:
    """The words million and thousand change places: the same words, and nearly the same runs.

    "two million three thousand and four" becomes "two thousand three million and four".

    Raises:
        ValueError: the text has not each of the two once.
    """
    parts = text.split()
    if parts.count("million") != 1 or parts.count("thousand") != 1:
        raise ValueError(f"text must have a million and a thousand, each once, not {text!r}")
    i, j = parts.index("million"), parts.index("thousand")
    parts[i], parts[j] = parts[j], parts[i]
    return " ".join(parts)


def exchange_words(text: str, draw: random.Random) -> str:
    """Two different words of a text change places, wherever they are.

    Raises:
        ValueError: all its words are the same.
    """
    parts = text.split()
    if len(set(parts)) < 2:
        raise ValueError(f"text must have two different words, not {text!r}")
    while True:
        i, j = draw.sample(range(len(parts)), 2)
        if parts[i] != parts[j]:
            parts[i], parts[j] = parts[j], parts[i]
            return " ".join(parts)


def replace_word(text: str, words: Sequence[str], draw: random.Random) -> Replaced:
    """One word of a text becomes another of `words`, all places and all others equally likely.

    Raises:
        ValueError: there is no text, or no other word.
    """
    parts = text.split()
    if not parts or len(set(words)) < 2:
        raise ValueError("text must have a word, and words two different ones")
    place = draw.randrange(len(parts))
    parts[place] = draw.choice([word for word in words if word != parts[place]])
    return Replaced(" ".join(parts), place)
