"""Words that have vectors: which are near, and which stands to one as another to a third."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize


class WordVectors:
    """A vocabulary, each word with its direction; words are as alike as the cosine between them.

    Args:
        vocabulary: the words, each once.
        vectors: one row for each. Only their directions are kept.

    Raises:
        ValueError: numbers differ, or a word stands twice.
    """

    def __init__(self, vocabulary: Sequence[str], vectors: Float[Tensor, "words dim"]) -> None:
        """See the class."""
        self.vocabulary = tuple(vocabulary)
        self.rows = {word: row for row, word in enumerate(self.vocabulary)}
        if len(self.rows) < len(self.vocabulary) or len(vectors) != len(self.vocabulary):
            raise ValueError(
                f"vocabulary has {len(self.vocabulary)} words, {len(self.rows)} of them different, "
                f"and vectors has {len(vectors)} rows; each word must stand there once, with a row"
            )
        self.directions = normalize(vectors.detach(), dim=1)

    def __getitem__(self, word: str) -> Float[Tensor, " dim"]:
        """The direction of a word, of length 1.

        Raises:
            ValueError: the word is not in the vocabulary.
        """
        return self.directions[self._row(word)]

    def similarity(self, first: str, second: str) -> float:
        """The cosine between two words, from -1 to 1."""
        return float(self[first] @ self[second])

    def neighbours(self, word: str, count: int = 5) -> list[tuple[str, float]]:
        """The nearest other words, the nearest first, with their cosines."""
        return self.nearest(self[word], count, without=[word])

    def analogy(self, a: str, b: str, c: str, count: int = 1) -> list[tuple[str, float]]:
        """What is to ``c`` as ``b`` is to ``a``: the words nearest to b - a + c, but for the three.

        Mikolov, Yih & Zweig 2013, "Linguistic regularities in continuous space word
        representations", section 4. That the three cannot be answered is part of the method: often
        ``c`` or ``b`` itself would be nearest.
        """
        return self.nearest(self[b] - self[a] + self[c], count, without=[a, b, c])

    def nearest(
        self, point: Float[Tensor, " dim"], count: int, *, without: Iterable[str] = ()
    ) -> list[tuple[str, float]]:
        """The words in about the direction of a point.

        Raises:
            ValueError: ``count`` is below 1 or above what there is; a word is not known.
        """
        left_out = [self._row(word) for word in set(without)]
        if not 1 <= count <= len(self.vocabulary) - len(left_out):
            raise ValueError(
                f"count is {count}; it must be from 1 to {len(self.vocabulary) - len(left_out)}"
            )
        cosines = self.directions @ normalize(point, dim=0)
        cosines[left_out] = -torch.inf
        best = cosines.topk(count)
        found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [(self.vocabulary[row], cosine) for row, cosine in found]

    def _row(self, word: str) -> int:
        if word not in self.rows:
            raise ValueError(f"{word!r} is none of the {len(self.vocabulary)} words")
        return self.rows[word]
