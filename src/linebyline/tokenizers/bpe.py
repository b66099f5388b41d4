"""Byte-pair encoding over bytes, as in GPT-2: no text is unknown, and frequent words are short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import MappingProxyType

import regex

from linebyline.tokenizers.gpt2_files import BYTE_TO_UNICODE, load_gpt2, save_gpt2, visible
from linebyline.tokenizers.merges import apply_merges, count_words, learn_merges
from linebyline.tokenizers.published import published_files, published_settings
from linebyline.tokenizers.tokenizer import Tokenizer, checked_special, checked_texts

PATTERN = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d"  # what an apostrophe cuts off in English
    r"| ?\p{L}+| ?\p{N}+"  # letters, or digits, with the space before them
    r"| ?[^\s\p{L}\p{N}]+"  # all else that is not space
    r"|\s+(?!\S)|\s+"  # space, whose last one is left to the word behind it
)
"""How GPT-2 cuts a text into pieces, across which nothing merges (``encoder.py`` of OpenAI's code).

The letters and numbers of all scripts are asked for by name, ``\\p{L}`` and ``\\p{N}``, which the
package `regex` knows and Python's `re` does not.
"""

CACHE_SIZE = 2**16  # words, after which no more are remembered


class BPETokenizer(Tokenizer):
    """Byte-level byte-pair encoding: the tokenizer of GPT-2.

    Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.2; the
    merging is Sennrich, Haddow & Birch 2016, section 3.2. The ids are GPT-2's: first the 256 bytes,
    in the order of `gpt2_files.BYTE_TO_UNICODE`, then one for each merge, then the special tokens.

    Each string of Unicode characters has ids, and `decode` gives it back, for every text is bytes.
    Not every list of ids has a text: a token may be part of a character.

    Args:
        merges: pairs of tokens that are joined, as bytes, the first learned first. If two pairs
            lead to one token, which `train` does not do, it has one id.
        special_tokens: names of further ids.

    Raises:
        ValueError: a merge joins what is no token yet, or stands twice; a special token's name is
            written in the files like another token, or the names are wrong.
    """

    def __init__(
        self, merges: Sequence[tuple[bytes, bytes]], *, special_tokens: Sequence[str] = ()
    ) -> None:
        """See the class."""
        self.merges = tuple(merges)
        self._ids = {bytes([byte]): index for index, byte in enumerate(BYTE_TO_UNICODE)}
        self._ranks: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, (left, right) in enumerate(self.merges):
            pair = self._ids.get(left, -1), self._ids.get(right, -1)
            if -1 in pair or pair in self._ranks:
                raise ValueError(
                    f"merges has {(left, right)!r} at place {rank}; a merge must join two tokens "
                    "that are bytes or merged before, and stand there once"
                )
            self._ranks[pair] = rank, self._ids.setdefault(left + right, len(self._ids))
        self._bytes = tuple(self._ids)
        names = checked_special(special_tokens)
        if taken := set(names) & set(map(visible, self._bytes)):
            raise ValueError(
                f"special_tokens has {min(taken)!r}, as which the files write another token"
            )
        size = len(self._bytes)
        self.special_tokens = MappingProxyType({name: size + i for i, name in enumerate(names)})
        self._names = names
        self._all_bytes = (*self._bytes, *(name.encode() for name in names))
        self._byte_ids = tuple(self._ids[bytes([byte])] for byte in range(256))
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls, texts: Iterable[str], *, vocab_size: int, special_tokens: Sequence[str] = ()
    ) -> BPETokenizer:
        """Learn merges from texts, until the vocabulary has its size or nothing is left to merge.

        Ties are broken as in Hugging Face's ``tokenizers``: see `merges.learn_merges`.

        Args:
            texts: nothing merges across their ends.
            vocab_size: how many ids there may be: 256 bytes, the merges, the special tokens.
            special_tokens: names of further ids. They are not looked for in the texts.

        Raises:
            ValueError: the texts are empty, or ``vocab_size`` has no room for bytes and specials.
        """
        texts = checked_texts(texts)
        room = vocab_size - len(checked_special(special_tokens))
        if room < 256:
            raise ValueError(
                f"vocab_size is {vocab_size}; 256 bytes and {len(special_tokens)} special tokens "
                f"need at least {256 + len(special_tokens)}"
            )
        start = cls([])
        tokens = list(start._bytes)

        def join(pair: tuple[int, int]) -> int | None:
            if len(tokens) == room:
                return None
            tokens.append(tokens[pair[0]] + tokens[pair[1]])
            return len(tokens) - 1

        words = (word for text in texts for word in PATTERN.findall(text))
        pairs = learn_merges(count_words(words, start._spell), join)
        merges = [(tokens[left], tokens[right]) for left, right in pairs]
        return cls(merges, special_tokens=special_tokens)

    @property
    def vocab_size(self) -> int:
        return len(self._bytes) + len(self._names)

    def _spell(self, word: str) -> tuple[int, ...]:
        return tuple([self._byte_ids[byte] for byte in word.encode()])

    def _encode(self, text: str) -> list[int]:
        cache = self._cache
        ids: list[int] = []
        for word in PATTERN.findall(text):
            known = cache.get(word)
            if known is None:
                known = apply_merges(self._spell(word), self._ranks)
                if len(cache) < CACHE_SIZE:
                    cache[word] = known
            ids += known
        return ids

    def token_bytes(self, index: int) -> bytes:
        """The bytes of an id; those of a special token are its name's.

        Raises:
            ValueError: there is no such id.
        """
        self._check_ids([index])
        return self._all_bytes[index]

    def token(self, index: int) -> str:
        """An id as the files write it: a space is Ġ, a newline Ċ; special tokens by their names."""
        self._check_ids([index])
        size = len(self._bytes)
        return visible(self._bytes[index]) if index < size else self._names[index - size]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids. Bytes that are no whole character become U+FFFD, the sign for that."""
        self._check_ids(ids)
        tokens = self._all_bytes
        return b"".join([tokens[index] for index in ids]).decode(errors="replace")

    def save(self, folder: str | Path) -> None:
        """Write ``vocab.json`` and ``merges.txt`` in GPT-2's format: see `gpt2_files.save_gpt2`."""
        save_gpt2(folder, self.merges, self._ids, self.special_tokens)

    @classmethod
    def load(cls, folder: str | Path) -> BPETokenizer:
        """Read ``vocab.json`` and ``merges.txt``, GPT-2's own or those that `save` wrote.

        Raises:
            ValueError: a file is not in the format, the two do not belong together, or the ids are
                in another order than GPT-2's (bytes, merges, special tokens).
        """
        merges, vocabulary = load_gpt2(folder)
        names = sorted(vocabulary, key=vocabulary.__getitem__)
        plain = list(map(visible, cls(merges)._bytes))
        if names[: len(plain)] != plain or sorted(vocabulary.values()) != list(range(len(names))):
            raise ValueError(
                f"{folder} has a vocab.json that does not fit its merges.txt: its ids must be "
                "those of the 256 bytes, then of the merges in their order, then of special tokens"
            )
        return cls(merges, special_tokens=names[len(plain) :])

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> BPETokenizer:
        """GPT-2's tokenizer, or another of its kind, from a folder as the hub has it.

        Raises:
            FileNotFoundError: ``vocab.json`` or ``merges.txt`` is missing.
            ValueError: ``tokenizer_config.json`` says that it is of another kind; and as `load`.
        """
        published_files(folder, ("vocab.json", "merges.txt"))
        published_settings(folder, "GPT2Tokenizer", {"add_prefix_space": False})
        return cls.load(folder)
