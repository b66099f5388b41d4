"""Hangul in Latin letters, for figures: the fonts that come with matplotlib have none of it."""

from functools import cache

from matplotlib.font_manager import findfont, get_font

FIRST, LAST = 0xAC00, 0xD7A3  # 가 to 힣
# fmt: off
INITIALS = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t",
    "p", "h",
]
VOWELS = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
    "we", "wi", "yu", "eu", "ui", "i",
]
FINALS = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p",
    "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t",
]
# fmt: on

SPACE = "␣"
"""A space that is a token, where one must see it."""


def romanized(text: str) -> str:
    """Each syllable of Hangul in Latin letters, as it sounds alone; the rest as it is.

    Source: the Revised Romanization of Korean, South Korea's of 2000. Deviation: sounds do not
    change at the border of two syllables, so 왼쪽에 is oenjjoke and not oenjjoge: a token is shown
    the same wherever it stands.
    """
    return "".join(map(_syllable, text))


def _syllable(character: str) -> str:
    code = ord(character)
    if not FIRST <= code <= LAST:
        return character
    initial, rest = divmod(code - FIRST, len(VOWELS) * len(FINALS))
    vowel, final = divmod(rest, len(FINALS))
    return INITIALS[initial] + VOWELS[vowel] + FINALS[final]


def drawable(token: str) -> str:
    """A token as a figure can show it: `romanized`, a space as `SPACE`, and what is still not in
    the font, such as a Chinese character, by its code point.
    """
    if token == " ":
        return SPACE
    known = _characters()
    return "".join(c if ord(c) in known else f"U+{ord(c):04X}" for c in romanized(token))


@cache
def _characters() -> frozenset[int]:
    """Code points of DejaVu Sans, the font of the figures."""
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
