"""Merges that are chosen by what they are worth to a model of the text, as in WordPiece."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from linebyline.tokenizers.merges import Pair, PairCounts

Score = Callable[[int, int, int, int], float]
"""Of the counts of a pair, of its first and its second symbol, and of all symbols."""


def likelihood_gain(pair: int, first: int, second: int, total: int) -> float:
    """By how many nats the words become likelier when a pair becomes one symbol.

    Schuster & Nakajima 2012, "Japanese and Korean voice search", take the unit that raises the
    likelihood of the training data the most. Deviation: which language model this is the likelihood
    of is left open there. Here symbols are independent, each as likely as it is frequent, so that
    n symbols, n_t of them of kind t, have the log likelihood Σ n_t log n_t − n log n.

    Exact for two different symbols that become a new one. A symbol beside itself may overlap (aaa
    has two pairs, of which one can be merged), and is counted as if it did not.
    """
    f = _times_log
    after = f(pair) + f(first - pair) + f(second - pair) - f(total - pair)
    return after - (f(first) + f(second) - f(total))


def _times_log(count: int) -> float:
    return count * math.log(count) if count > 0 else 0.0


def count_ratio(pair: int, first: int, second: int, total: int) -> float:
    """The pair's count over the product of its symbols' counts: how WordPiece is often described.

    Its logarithm is the pointwise mutual information of the two, up to a constant; the likelihood
    gains about the pair's count times as much. Without this factor, two symbols that occur once in
    the whole text, beside each other, have the highest ratio there is.
    """
    return pair / (first * second)


def learn_merges_by_score(
    words: Mapping[tuple[int, ...], int], join: Callable[[Pair], int | None], score: Score
) -> list[Pair]:
    """Merge the pair of the highest score everywhere, while it is above 0 and ``join`` goes on.

    Of pairs with equal scores the smaller is taken. A merge changes the scores of all pairs that
    share a symbol with it, upwards too, so all are looked at each time: `merges.learn_merges` can
    be lazy, and is often ten times as fast.

    Args:
        words: each word as symbols, and how often it occurs.
        join: is told the next pair, and says which symbol it becomes; None ends the learning.
        score: of a pair.

    Returns:
        The pairs in the order in which they were merged, each once.
    """
    counts = PairCounts(words)
    merges: list[Pair] = []
    total = counts.symbols.total()
    while True:
        best, chosen = 0.0, None
        for pair, count in counts.pairs.items():
            worth = score(count, counts.symbols[pair[0]], counts.symbols[pair[1]], total)
            if worth > best or (worth == best and chosen and pair < chosen):
                best, chosen = worth, pair
        if chosen is None:
            break
        new = join(chosen)
        if new is None:
            break
        merges.append(chosen)
        counts.merge(chosen, new)
        total = counts.symbols.total()
    return merges
