"""Texts of many kinds, and characters on which all versions of Unicode agree."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

MIXED = (
    "",
    " ",
    "Hello, world!",
    "  two  spaces, \t tabs\tand\n\n\nnewlines \n ",
    "I'll say it's we've DON'T they'd I'm you're",
    "don’t “quote” — dash…",
    "3.14159 and 10,000,000 x2 2x ½ ² Ⅷ ٣",
    "def f(x):\n    return x**2  # comment\n\n\tif x != y:\n",
    "안녕하세요, 세계! 한국어는 교착어다. ㅋㅋㅋ ㅠㅠ",
    "한글",  # the same two syllables from jamo
    "東京で日本語を勉強する。漢字かな交じり文",
    "café café naïve Ångström ÅÉÎ İstanbul ΟΔΟΣ Σίσυφος straße ẞ",
    "🙂👍🏽👩‍👩‍👧‍👦 🇰🇷 emoji",
    "a\u200bb\u200dc\ufeffd\u00ade\u2028f\u2029g\u0085h\u00a0i\u3000j",
    "null\x00bell\x07esc\x1b fs\x1c us\x1f del\x7f bad\ufffd",
    "$100+20<30>=~`^|x| @user #tag [x] {y} a_b-c/d\\e",
    "عربي עברית हिन्दी ไทย русский Ελληνικά",
    "x" * 101 + " " + "y" * 100 + " " + "w" * 257,
    "ab" * 50 + "\U0001d54f\U00020000\U000e0041\U0010ffff",
    "[MASK] <|endoftext|> ##ing # # Ġ Ċ",
)


def is_stable(character: str) -> bool:
    """Whether the character has had the same category since Unicode 3.2, of the year 2002.

    Ours and a reference look a newer one up in tables of different age.
    """
    old = unicodedata.ucd_3_2_0.category(character)
    return old not in {"Cn", "Cs"} and old == unicodedata.category(character)


STABLE = st.characters(exclude_categories=["Cs", "Cn"]).filter(is_stable)
PIECES = st.sampled_from(["the", " the", "ing ", "'s", "  ", "\n", "한", "국어", "é", "12", "!?"])
TEXTS = st.lists(st.one_of(STABLE, PIECES), max_size=30).map("".join)
