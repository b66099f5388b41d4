"""The n-gram model with Kneser-Ney smoothing: what followed these few tokens before?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float64
from torch import Tensor

_START = -1  # stands before the first token, and is never predicted
_UNTOLD = 0.5  # the discount where the counts say nothing of it


class _Followers(NamedTuple):
    """What followed a context: each token's count, and the sum of them."""

    counts: Counter[int]
    total: int


class NGram:
    """A token's probability given the n - 1 before it: Kneser-Ney smoothing, interpolated.

    Kneser & Ney 1995, "Improved backing-off for m-gram language modeling", in the interpolated form
    of Chen & Goodman 1999, "An empirical study of smoothing techniques for language modeling". With
    c the count of what followed a context h, and h' the context without its first token,

        p(w | h) = max(c(h w) - D, 0) / c(h) + D N(h) / c(h) p(w | h'),

    where N(h) is how many different tokens followed h. Every count gives up the same discount D,
    and what is gathered so is handed out by the shorter context. In a shorter context c is not how
    often a token came, but after how many different tokens: a word that is frequent, and only ever
    behind one other, is not what a new context lets expect.

    The discount of each length is n1 / (n1 + 2 n2) (Ney, Essen & Kneser 1994), where n1 and n2 are
    how many counts are 1 and 2; 0.5 where there is none of one kind. Deviations: below the shortest
    context stands the uniform distribution over the vocabulary, so no token is impossible; and the
    text is thought to begin with n - 1 signs that occur nowhere else.

    Args:
        order: n; 1 looks at no token before.
        vocab_size: how many tokens there are, whether they occur or not.

    Raises:
        ValueError: ``order`` or ``vocab_size`` is below 1.
    """

    def __init__(self, order: int, vocab_size: int) -> None:
        """See the class; `train` makes one that knows something."""
        for name, value in (("order", order), ("vocab_size", vocab_size)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.order = order
        self.vocab_size = vocab_size
        self.discounts = [_UNTOLD] * order
        self._followers: list[dict[tuple[int, ...], _Followers]] = [{} for _ in range(order)]

    @classmethod
    def train(cls, ids: Sequence[int], *, order: int, vocab_size: int) -> NGram:
        """Count what followed what in a text.

        Args:
            ids: of the text.
            order: n.
            vocab_size: how many tokens there are.

        Raises:
            ValueError: the text is empty, an id is out of range, or a size is below 1.
        """
        model = cls(order, vocab_size)
        if not ids:
            raise ValueError("ids is empty; it must have at least one token to learn from")
        text = model._padded(ids)
        # The n-grams of the text with their counts; of each shorter length, with the number of
        # different tokens before it, which is the number of longer n-grams that end with it.
        grams = Counter(zip(*(text[start:] for start in range(order)), strict=False))
        for length in range(order - 1, -1, -1):
            followers: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
            for gram, count in grams.items():
                followers[gram[:-1]][gram[-1]] = count
            model._followers[length] = {
                context: _Followers(counts, counts.total()) for context, counts in followers.items()
            }
            kinds = Counter(grams.values())
            if kinds[1] and kinds[2]:
                model.discounts[length] = kinds[1] / (kinds[1] + 2 * kinds[2])
            grams = Counter(gram[1:] for gram in grams)
        return model

    def probability(self, token: int, context: Sequence[int]) -> float:
        """p(token | context); of the context only the last n - 1 tokens count.

        Raises:
            ValueError: an id is out of range.
        """
        self._check([token])
        return self._probability(token, tuple(self._padded(context)[len(context) :]))

    def distribution(self, context: Sequence[int]) -> Float64[Tensor, " vocabulary"]:
        """The probabilities of all tokens after a context; their sum is 1.

        Raises:
            ValueError: an id is out of range.
        """
        h = tuple(self._padded(context)[len(context) :])
        p = torch.full((self.vocab_size,), 1 / self.vocab_size, dtype=torch.float64)
        for length in range(self.order):
            found = self._followers[length].get(h[len(h) - length :])
            if found is not None:
                discount = self.discounts[length]
                p *= discount * len(found.counts) / found.total
                tokens = torch.tensor(list(found.counts))
                counts = torch.tensor(list(found.counts.values()), dtype=torch.float64)
                p[tokens] += (counts - discount) / found.total
        return p

    def negative_log_likelihood(self, ids: Sequence[int]) -> float:
        """The sum of -log p over a text in nats, each token given those before it.

        `bits_per_character` and `perplexity` make their figures of it.

        Raises:
            ValueError: the text is empty, or an id is out of range.
        """
        if not ids:
            raise ValueError("ids is empty; it must have at least one token to predict")
        text = self._padded(ids)
        size = self.order - 1
        return -math.fsum(
            math.log(self._probability(text[place], tuple(text[place - size : place])))
            for place in range(size, len(text))
        )

    def _probability(self, token: int, h: tuple[int, ...]) -> float:
        p = 1 / self.vocab_size
        for length in range(self.order):  # from the shortest context to the longest
            found = self._followers[length].get(h[len(h) - length :])
            if found is None:
                break  # a longer one was not seen either
            discount = self.discounts[length]
            own = max(found.counts[token] - discount, 0.0)
            p = (own + discount * len(found.counts) * p) / found.total
        return p

    def _padded(self, ids: Sequence[int]) -> list[int]:
        self._check(ids)
        return [_START] * (self.order - 1) + list(ids)

    def _check(self, ids: Sequence[int]) -> None:
        if ids and not (min(ids) >= 0 and max(ids) < self.vocab_size):
            wrong = next(index for index in ids if not 0 <= index < self.vocab_size)
            raise ValueError(f"ids has {wrong}; an id is from 0 to {self.vocab_size - 1}")
