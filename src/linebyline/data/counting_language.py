"""A language that is known by counting alone: so many a, then as many b."""

from collections.abc import Iterable

import torch

from linebyline.data.examples import Examples

MORE_A, EQUAL, MORE_B = 0, 1, 2
"""What a target says of the letters so far."""


def counting_words(counts: Iterable[int], length: int) -> Examples:
    """For each n a word of n letters a, then b to the end, and at each letter what is ahead.

    Source: the language aⁿbⁿ, which no automaton with finitely many states knows, and which Gers &
    Schmidhuber 2001, *LSTM recurrent networks learn simple context-free and context-sensitive
    languages*, and Weiss, Goldberg & Yahav 2018, *On the practical computational power of finite
    precision RNNs for language recognition*, gave to recurrent networks. There a network foretells
    the next letter, or accepts a word as a whole; here it says at each letter whether more a or
    more b have come, or as many: with the letter 2n a word of the language is complete, and what
    was right up to there goes wrong with every b that follows.

    Args:
        counts: the n, one for each word.
        length: of every word, at least n + 1, so that there is a b; from 2n on the word is
            complete, from 2n + 1 on there is a b too many.

    Returns:
        Inputs (words, length, 2), float32: (1, 0) is a, (0, 1) is b. Targets (words, length),
        int64: `MORE_A`, `EQUAL` or `MORE_B`.

    Raises:
        ValueError: there is no n, one is below 1, or ``length`` leaves a word no b.
    """
    rows = list(counts)
    if not rows:
        raise ValueError("counts is empty: give at least one n")
    if min(rows) < 1:
        raise ValueError(f"counts must be 1 or more, but one is {min(rows)}")
    if length <= max(rows):
        raise ValueError(
            f"length must be above {max(rows)}, the largest of counts, so that a b follows, "
            f"not {length}"
        )
    n = torch.tensor(rows)[:, None]
    place = torch.arange(length)
    is_a = place < n  # (words, length)
    ahead = torch.where(is_a, 1, -1).cumsum(1)  # a before b: how many more
    return Examples(torch.stack([is_a, ~is_a], dim=-1).float(), 1 - ahead.sign())
