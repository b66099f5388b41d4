"""Characters as tokens: the smallest vocabulary that a person can read, and the longest text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from linebyline.tokenizers.tokenizer import (
    Tokenizer,
    checked_special,
    checked_texts,
    refuse_surrogates,
)


class CharacterTokenizer(Tokenizer):
    """One id for each character: a Unicode code point, as Python's strings count them.

    The units of Sutskever, Martens & Hinton 2011, "Generating text with recurrent neural networks".
    The caller says which characters there are, and what becomes of the others. What a reader takes
    for one character may be several code points: e and an accent, or an emoji with a skin colour.

    Args:
        characters: the vocabulary, each once; the first has id 0.
        unknown: the one of them that stands for all characters outside; if it is None these are
            refused. With it, `decode` does not give back what `encode` was given.
        special_tokens: names of further ids, which follow after the characters.

    Raises:
        ValueError: a character stands twice, ``unknown`` is none of them, or the names are wrong.
    """

    def __init__(
        self,
        characters: Sequence[str],
        *,
        unknown: str | None = None,
        special_tokens: Sequence[str] = (),
    ) -> None:
        """See the class."""
        self.characters = tuple(characters)
        self.unknown = unknown
        refuse_surrogates("".join(self.characters), argument="characters")
        self._ids = {character: index for index, character in enumerate(self.characters)}
        single = all(len(character) == 1 for character in self.characters)
        if not self._ids or not single or len(self._ids) < len(self.characters):
            raise ValueError(
                f"characters is {characters!r:.60}; it must be single characters, each once"
            )
        if unknown is not None and unknown not in self._ids:
            raise ValueError(f"unknown is {unknown!r}; it must be one of the characters")
        self._names = checked_special(special_tokens)
        if taken := self._ids.keys() & set(self._names):
            raise ValueError(f"special_tokens has {min(taken)!r}, which is one of the characters")
        self._tokens = self.characters + self._names
        size = len(self.characters)
        self.special_tokens = MappingProxyType({n: size + i for i, n in enumerate(self._names)})

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int | None = None,
        unknown: str | None = None,
        special_tokens: Sequence[str] = (),
    ) -> CharacterTokenizer:
        """The characters of the texts, in the order of their code points.

        Args:
            texts: where the characters are looked up.
            vocab_size: how many ids there may be, specials among them; by default as many as are
                needed. Are there more characters, the most frequent are kept, of equally frequent
                ones the smaller code point, and the others become ``unknown``.
            unknown: a character for those that are left out, kept in any case; U+FFFD is made for
                this.
            special_tokens: names of further ids.

        Raises:
            ValueError: the texts are empty, or have more characters than ``vocab_size`` admits and
                there is no ``unknown``.
        """
        counts: Counter[str] = Counter()
        for text in checked_texts(texts):
            counts.update(text)
        if unknown is not None:
            counts[unknown] = counts.total() + 1  # more than any other has
        room = len(counts) if vocab_size is None else vocab_size - len(special_tokens)
        if room < 1 or (room < len(counts) and unknown is None):
            raise ValueError(
                f"vocab_size is {vocab_size}; with {len(counts)} characters and "
                f"{len(special_tokens)} special tokens it must be at least "
                f"{len(counts) + len(special_tokens)}, or at least {1 + len(special_tokens)} with "
                "an unknown character for the others"
            )
        kept = sorted(counts, key=lambda character: (-counts[character], character))[:room]
        return cls(sorted(kept), unknown=unknown, special_tokens=special_tokens)

    @property
    def vocab_size(self) -> int:
        return len(self._tokens)

    def _encode(self, text: str) -> list[int]:
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            if self.unknown is None:
                raise ValueError(
                    f"text has {error.args[0]!r}, which is none of the {len(self.characters)} "
                    "characters; give the tokenizer an unknown character to admit it"
                ) from None
            other = self._ids[self.unknown]
            return [self._ids.get(character, other) for character in text]

    def token(self, index: int) -> str:
        self._check_ids([index])
        return self._tokens[index]

    def decode(self, ids: Sequence[int]) -> str:
        self._check_ids(ids)
        tokens = self._tokens
        return "".join([tokens[index] for index in ids])
