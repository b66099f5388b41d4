"""Words as tokens: what a reader takes for the units of a text, and a vocabulary without end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from types import MappingProxyType

from linebyline.tokenizers.basic_tokenizer import BasicTokenizer
from linebyline.tokenizers.tokenizer import Tokenizer, checked_special, checked_texts

CUT = BasicTokenizer(lower_case=False, strip_accents=False)


class WordTokenizer(Tokenizer):
    """One id for each word and each punctuation mark, as `BasicTokenizer` finds them.

    The units of Bahdanau, Cho & Bengio 2015, "Neural machine translation by jointly learning to
    align and translate", who keep the most frequent words and write one token for all others.
    Capitals stay as they are. `decode` puts a space between any two tokens, so spaces that were
    not there come in ("twenty-one" comes back as "twenty - one"); the ids of what comes back are
    the same.

    Args:
        words: the vocabulary, each once; the first has id 0.
        unknown: the one of them that stands for all words outside; if it is None these are refused.
        special_tokens: names of further ids, which follow after the words.

    Raises:
        ValueError: a word stands twice, or is none (has a space, is two), ``unknown`` is none of
            them, or the names are wrong.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        unknown: str | None = None,
        special_tokens: Sequence[str] = (),
    ) -> None:
        """See the class."""
        self.words = tuple(words)
        self.unknown = unknown
        self._ids = {word: index for index, word in enumerate(self.words)}
        if isinstance(words, str) or not self._ids or len(self._ids) < len(self.words):
            raise ValueError(f"words is {words!r:.60}; it must be a list of words, each once")
        for word in self.words:
            if word != unknown and CUT(word) != [word]:
                raise ValueError(f"words has {word!r}, which is cut into {CUT(word)}")
        if unknown is not None and unknown not in self._ids:
            raise ValueError(f"unknown is {unknown!r}; it must be one of the words")
        self._names = checked_special(special_tokens)
        if taken := self._ids.keys() & set(self._names):
            raise ValueError(f"special_tokens has {min(taken)!r}, which is one of the words")
        self._tokens = self.words + self._names
        size = len(self.words)
        self.special_tokens = MappingProxyType({n: size + i for i, n in enumerate(self._names)})

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int | None = None,
        unknown: str | None = None,
        special_tokens: Sequence[str] = (),
    ) -> WordTokenizer:
        """The words of the texts, in alphabetical order (of code points).

        Args:
            texts: where the words are looked up.
            vocab_size: how many ids there may be, specials among them; by default as many as are
                needed. Are there more words, the most frequent are kept, of equally frequent ones
                the first in alphabetical order, and the others become ``unknown``.
            unknown: a word for those that are left out, kept in any case.
            special_tokens: names of further ids.

        Raises:
            ValueError: the texts have no word, or more than ``vocab_size`` admits and there is no
                ``unknown``.
        """
        counts: Counter[str] = Counter()
        for text in checked_texts(texts):
            counts.update(CUT(text))
        if not counts:
            raise ValueError("texts has no word; it must hold at least one to learn from")
        if unknown is not None:
            counts[unknown] = counts.total() + 1  # more than any other has
        room = len(counts) if vocab_size is None else vocab_size - len(special_tokens)
        if room < 1 or (room < len(counts) and unknown is None):
            least = len(counts) + len(special_tokens)
            raise ValueError(
                f"vocab_size is {vocab_size}; with {len(counts)} words and {len(special_tokens)} "
                f"special tokens it must be at least {least}, or at least "
                f"{1 + len(special_tokens)} with an unknown word for the others"
            )
        kept = sorted(counts, key=lambda word: (-counts[word], word))[:room]
        return cls(sorted(kept), unknown=unknown, special_tokens=special_tokens)

    @property
    def vocab_size(self) -> int:
        return len(self._tokens)

    def _encode(self, text: str) -> list[int]:
        words = CUT(text)
        if self.unknown is not None:
            other = self._ids[self.unknown]
            return [self._ids.get(word, other) for word in words]
        for word in words:
            if word not in self._ids:
                raise ValueError(
                    f"text has {word!r}, which is none of the {len(self.words)} words; give the "
                    "tokenizer an unknown word to admit it"
                )
        return [self._ids[word] for word in words]

    def token(self, index: int) -> str:
        self._check_ids([index])
        return self._tokens[index]

    def decode(self, ids: Sequence[int]) -> str:
        self._check_ids(ids)
        return " ".join([self._tokens[index] for index in ids])
