"""What a tokenizer is in this book: text to ids and back, over a vocabulary learned from text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import regex


class Tokenizer(ABC):
    """Text to ids and back. An id is a whole number from 0 to ``vocab_size - 1``.

    Special tokens are ids that no text has by itself: the end of a text, a gap to be filled. They
    have names such as ``<|endoftext|>``. A name that happens to stand in a text is text like any
    other, unless ``encode`` is told ``allow_special=True``: else whoever writes the text could end
    it for the model.
    """

    special_tokens: Mapping[str, int]
    """The name of each special token, and its id."""

    @classmethod
    @abstractmethod
    def train(cls, texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
        """Learn a vocabulary of at most so many tokens from texts.

        Raises:
            ValueError: the texts are empty, or ``vocab_size`` is too small.
        """

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """How many ids there are."""

    @abstractmethod
    def token(self, index: int) -> str:
        """What an id stands for, to be shown to people.

        Raises:
            ValueError: there is no such id.
        """

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids.

        Raises:
            ValueError: an id is out of range.
        """

    @abstractmethod
    def _encode(self, text: str) -> list[int]:
        """The ids of a text without special tokens and without lone surrogates."""

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """The ids of a text.

        Args:
            text: any string of Unicode characters.
            allow_special: whether names of special tokens in the text are those tokens; the
                longest where several begin at one place.

        Raises:
            ValueError: the text has a lone surrogate, which is half of a character.
        """
        refuse_surrogates(text)
        if not (allow_special and self.special_tokens):
            return self._encode(text)
        names = sorted(self.special_tokens, key=len, reverse=True)
        ids: list[int] = []
        for part in regex.split(f"({'|'.join(map(regex.escape, names))})", text):
            if part in self.special_tokens:
                ids.append(self.special_tokens[part])
            elif part:
                ids += self._encode(part)
        return ids

    def _check_ids(self, ids: Sequence[int]) -> None:
        if ids and not (min(ids) >= 0 and max(ids) < self.vocab_size):
            wrong = next(index for index in ids if not 0 <= index < self.vocab_size)
            raise ValueError(f"ids has {wrong}; an id is from 0 to {self.vocab_size - 1}")


def refuse_surrogates(text: str, *, argument: str = "text") -> None:
    r"""UTF-16 writes a character past U+FFFF as two surrogates; one alone stands for nothing.

    Python admits it in a string (JSON's ``"\ud83d"`` gives one), but no encoding of Unicode can
    write it down.

    Raises:
        ValueError: there is one; the message says which, and where.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{argument} has the lone surrogate U+{ord(text[error.start]):04X} at place "
            f"{error.start}; strings must be made of whole Unicode characters"
        ) from None


def checked_texts(texts: Iterable[str]) -> list[str]:
    """Training texts as a list.

    Raises:
        ValueError: ``texts`` is a string and not several, has no character, or half of one.
    """
    if isinstance(texts, str):  # which is an iterable of strings too, of one character each
        raise ValueError(f"texts is the string {texts!r:.40}; it must be a list of them: [text]")
    found = list(texts)
    if not any(found):
        raise ValueError("texts is empty; it must hold at least one character to learn from")
    for text in found:
        refuse_surrogates(text, argument="texts")
    return found


def checked_special(names: Sequence[str]) -> tuple[str, ...]:
    """Names of special tokens as a tuple.

    Raises:
        ValueError: ``special_tokens`` is a string, has an empty name, or one twice.
    """
    if isinstance(names, str) or not all(names) or len(set(names)) < len(names):
        raise ValueError(
            f"special_tokens is {names!r}; it must be a list of names, none empty and none twice"
        )
    for name in names:
        refuse_surrogates(name, argument="special_tokens")
    return tuple(names)
