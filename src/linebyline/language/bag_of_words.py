"""Bags of words and of n-grams: which words a text has, and how often, but not in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor


def ngrams(words: Sequence[str], longest: int = 1) -> list[str]:
    """The words, then the pairs of neighbours, then the triples: runs of 1 to ``longest`` words.

    Shannon 1948, "A mathematical theory of communication", describes a text by them. A run is
    written with spaces between its words.

    Raises:
        ValueError: ``longest`` is below 1.
    """
    if longest < 1:
        raise ValueError(f"longest must be at least 1, not {longest}")
    return [
        " ".join(words[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(words) - length + 1)
    ]


class BagOfWords:
    """Texts as counts: one column for each word, or n-gram, of a vocabulary.

    Manning, Raghavan & Schütze 2008, *Introduction to Information Retrieval*, section 6.2. As
    scikit-learn's ``CountVectorizer``, with the columns in another order: the most frequent first.
    A text comes as a list of its words; how it is cut into them is for the caller to say. What is
    not in the vocabulary is passed over.

    Args:
        vocabulary: what is counted, each once.
        longest: of n-grams: 1 counts words, 2 pairs of neighbours, too.

    Raises:
        ValueError: the vocabulary is empty or has a word twice, or ``longest`` is below 1.
    """

    def __init__(self, vocabulary: Sequence[str], *, longest: int = 1) -> None:
        """See the class; `learn` finds the vocabulary of texts."""
        self.vocabulary = tuple(vocabulary)
        self.longest = longest
        self.columns = {word: column for column, word in enumerate(self.vocabulary)}
        if not self.columns or len(self.columns) < len(self.vocabulary):
            raise ValueError(
                f"vocabulary has {len(self.vocabulary)} entries, {len(self.columns)} of them "
                "different; it must have at least one, and each once"
            )
        if longest < 1:
            raise ValueError(f"longest must be at least 1, not {longest}")

    @classmethod
    def learn(
        cls,
        texts: Iterable[Sequence[str]],
        *,
        longest: int = 1,
        min_count: int = 1,
        max_size: int | None = None,
    ) -> BagOfWords:
        """The n-grams of the texts, the most frequent first; of equally frequent ones by alphabet.

        Args:
            texts: each a list of words.
            longest: of n-grams.
            min_count: how often an n-gram must occur in all texts together.
            max_size: how many are kept at most; None keeps all.

        Raises:
            ValueError: nothing occurs so often.
        """
        counts: Counter[str] = Counter()
        for words in texts:
            counts.update(ngrams(words, longest))
        kept = [gram for gram, count in counts.items() if count >= min_count]
        kept.sort(key=lambda gram: (-counts[gram], gram))
        if not kept:
            raise ValueError(f"texts has no n-gram that occurs min_count = {min_count} times")
        return cls(kept[:max_size], longest=longest)

    def __call__(self, texts: Sequence[Sequence[str]]) -> Float[Tensor, "texts words"]:
        """Count: one row for each text."""
        counts = torch.zeros(len(texts), len(self.vocabulary))
        for row, words in enumerate(texts):
            grams = ngrams(words, self.longest)
            found = [self.columns[gram] for gram in grams if gram in self.columns]
            counts[row] = torch.bincount(
                torch.tensor(found, dtype=torch.int64), minlength=len(self.vocabulary)
            )
        return counts
