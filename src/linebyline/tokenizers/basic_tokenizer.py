"""BERT's first step: a text cleaned and cut into words and punctuation marks."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

import regex

from linebyline.tokenizers.tokenizer import refuse_surrogates

# Controls, invisible marks of format, private characters, and the sign for what was unreadable.
REMOVED = regex.compile(r"[\0\ufffd[\p{Cc}\p{Cf}\p{Co}--[\t\n\r]]]", regex.VERSION1)
ACCENTS = regex.compile(r"\p{Mn}")
CJK = "".join(
    f"{chr(first)}-{chr(last)}"
    for first, last in (
        (0x4E00, 0x9FFF),
        (0x3400, 0x4DBF),
        (0x20000, 0x2A6DF),
        (0x2A700, 0x2B73F),
        (0x2B740, 0x2B81F),
        (0x2B820, 0x2CEAF),
        (0xF900, 0xFAFF),
        (0x2F800, 0x2FA1F),
    )
)
"""Chinese characters, also those of Japanese and Korean texts. Hangul and kana are none.

:meta hide-value:
"""
MARKS = r"\p{P}$+<=>^`|~"  # ASCII's signs that Unicode calls symbols count as punctuation


@dataclass(frozen=True)
class BasicTokenizer:
    """Words and punctuation marks of a text, as BERT is given them.

    Devlin, Chang, Lee & Toutanova 2019, whose paper leaves it to the code: ``BasicTokenizer`` in
    Google's ``tokenization.py``. Controls go and kinds of space become one; a punctuation mark is a
    word, and so is a Chinese character, because no space shows where a Chinese word ends.

    Three things are as in Hugging Face's ``transformers`` and not as at Google: a capital sigma
    becomes σ wherever it stands (Python's `str.lower` writes ς at a word's end), private characters
    go, too, and the accents go before the capitals.

    Removing accents takes the letters apart (Unicode's form NFD), and Hangul with them: 한 becomes
    three jamo, ᄒ ᅡ ᆫ, which stay apart. BERT's cased models keep it whole.

    Args:
        lower_case: whether capitals become small letters, as in BERT's uncased models.
        strip_accents: whether é becomes e; None means as ``lower_case``.
        split_cjk: whether each Chinese character is a word.
    """

    lower_case: bool = True
    strip_accents: bool | None = None
    split_cjk: bool = True
    _pattern: regex.Pattern = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile what a word is."""
        alone = f"[{CJK}]|" if self.split_cjk else ""
        apart = CJK if self.split_cjk else ""
        pattern = regex.compile(rf"{alone}[{MARKS}]|[^\s{MARKS}{apart}]+")
        object.__setattr__(self, "_pattern", pattern)

    def __call__(self, text: str) -> list[str]:
        """The words of a text.

        Raises:
            ValueError: the text has a lone surrogate.
        """
        refuse_surrogates(text)
        text = REMOVED.sub("", text)
        if self.lower_case if self.strip_accents is None else self.strip_accents:
            text = ACCENTS.sub("", unicodedata.normalize("NFD", text))
        if self.lower_case:
            text = text.replace("Σ", "σ").lower()
        return self._pattern.findall(text)
