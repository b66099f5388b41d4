"""Byte-pair encoding's two halves on whole numbers: learn which neighbours to join, and join them.

Sennrich, Haddow & Birch 2016, "Neural machine translation of rare words with subword units",
section 3.2, after Gage 1994. A pair of symbols that is frequent becomes a symbol of its own, again
and again. What the symbols are, bytes or characters, is for the caller to say.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

Pair = tuple[int, int]


class PairCounts:
    """How often neighbours stand side by side in words, kept up to date from merge to merge.

    A pair within a word counts as often as the word, and no pair crosses from one word to the next.
    A merge changes the few words that have the pair, so only these are counted again.

    Args:
        words: each word as symbols, and how often it occurs.

    Attributes:
        pairs: how often each pair occurs; those that no longer do are gone.
        symbols: how often each symbol occurs.
    """

    def __init__(self, words: Mapping[tuple[int, ...], int]) -> None:
        """See the class."""
        self.pairs: Counter[Pair] = Counter()
        self.symbols: Counter[int] = Counter()
        self._spelled = [list(word) for word in words]
        self._times = list(words.values())
        self._where: defaultdict[Pair, set[int]] = defaultdict(set)  # in which words
        for number in range(len(self._spelled)):
            self._count(number, +1)

    def merge(self, pair: Pair, new: int) -> set[Pair]:
        """Join the pair everywhere; returns the pairs that may be more frequent than before."""
        more: set[Pair] = set()
        for number in self._where.pop(pair):
            self._count(number, -1)
            self._spelled[number] = merge_once(self._spelled[number], pair, new)
            self._count(number, +1)
            more.update(found for found in pairwise(self._spelled[number]) if new in found)
        return more

    def _count(self, number: int, sign: int) -> None:
        times = sign * self._times[number]
        for symbol in self._spelled[number]:
            self.symbols[symbol] += times
        for pair in pairwise(self._spelled[number]):
            self.pairs[pair] += times
            if sign > 0:
                self._where[pair].add(number)
            elif not self.pairs[pair]:
                del self.pairs[pair]


def learn_merges(
    words: Mapping[tuple[int, ...], int], join: Callable[[Pair], int | None]
) -> list[Pair]:
    """Merge the most frequent pair of neighbours everywhere, until ``join`` says stop.

    Section 3.2 and algorithm 1 of the paper. Of equally frequent pairs the smaller is taken, by the
    first symbol, then by the second, as Hugging Face's ``tokenizers`` does: the result depends on
    the counts alone, not on the order of the words.

    The frequent pairs wait in a heap. A count there that is out of date is corrected when it comes
    up, which suffices because it can only be too high: what a merge makes more frequent is pushed
    anew.

    No two pairs become symbols of the same spelling. Between two places that nothing has been
    merged across, the same letters have always been merged in the same way, so if x y are
    neighbours here, the letters of both were never parted elsewhere into others.

    Args:
        words: each word as symbols, and how often it occurs.
        join: is told the next pair, and says which symbol it becomes; None ends the learning.

    Returns:
        The pairs in the order in which they were merged, each once; fewer than ``join`` would admit
        if no word has two symbols left.
    """
    counts = PairCounts(words)
    heap = [(-count, pair) for pair, count in counts.pairs.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while heap:
        waited, pair = heapq.heappop(heap)
        count = counts.pairs[pair]
        if -waited != count or not count:
            if count:
                heapq.heappush(heap, (-count, pair))
            continue
        new = join(pair)
        if new is None:
            break
        merges.append(pair)
        for found in counts.merge(pair, new):
            heapq.heappush(heap, (-counts.pairs[found], found))
    return merges


def learn_merges_explicit(
    words: Mapping[tuple[int, ...], int], join: Callable[[Pair], int | None]
) -> list[Pair]:
    """`learn_merges` as it is defined: count all pairs, merge the most frequent, count again."""
    spelled = [(list(word), times) for word, times in words.items()]
    merges: list[Pair] = []
    while True:
        counts: Counter[Pair] = Counter()
        for word, times in spelled:
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            return merges
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        new = join(best)
        if new is None:
            return merges
        merges.append(best)
        spelled = [(merge_once(word, best, new), times) for word, times in spelled]


def apply_merges(symbols: Sequence[int], ranks: Mapping[Pair, tuple[int, int]]) -> list[int]:
    """Merge as learned, the earliest learned pair first, until no neighbours can be merged.

    What `apply_merges_explicit` does, in a time that grows as n log n: the pairs wait in a heap,
    and each symbol knows its neighbours, so that a merge touches only what is beside it. Words of a
    hundred thousand letters exist, where a text is no prose.

    Args:
        symbols: of one word.
        ranks: to each pair, when it was learned, and the symbol that it becomes.
    """
    symbols = list(symbols)
    size = len(symbols)
    after = list(range(1, size + 1))
    before = list(range(-1, size - 1))
    heap = [
        (ranks[pair][0], place) for place, pair in enumerate(pairwise(symbols)) if pair in ranks
    ]
    heapq.heapify(heap)
    while heap:
        rank, left = heapq.heappop(heap)
        right = after[left]
        # The pair that waited may have gone: a symbol that was swallowed is -1, which is in none.
        if right == size:
            continue
        found = ranks.get((symbols[left], symbols[right]))
        if found is None or found[0] != rank:
            continue
        symbols[left], symbols[right] = found[1], -1
        after[left] = after[right]
        if after[left] < size:
            before[after[left]] = left
        for place in (before[left], left):
            if place >= 0 and after[place] < size:
                pair = (symbols[place], symbols[after[place]])
                if pair in ranks:
                    heapq.heappush(heap, (ranks[pair][0], place))
    return [symbol for symbol in symbols if symbol >= 0]


def apply_merges_explicit(
    symbols: Sequence[int], ranks: Mapping[Pair, tuple[int, int]]
) -> list[int]:
    """`apply_merges` as it is defined: look for the earliest learned pair, merge it, look again."""
    symbols = list(symbols)
    while known := [pair for pair in pairwise(symbols) if pair in ranks]:
        first = min(known, key=lambda pair: ranks[pair][0])
        symbols = merge_once(symbols, first, ranks[first][1])
    return symbols


def count_words(words: Iterable[str], spell: Callable[[str], tuple[int, ...]]) -> Counter:
    """How often each word occurs, its spelling in symbols as the key."""
    spelled: Counter[tuple[int, ...]] = Counter()
    for word, count in Counter(words).items():
        spelled[spell(word)] += count
    return spelled


def merge_once(symbols: list[int], pair: Pair, new: int) -> list[int]:
    """Every occurrence of the pair becomes the new symbol, from left to right."""
    first, second = pair
    merged = []
    place, last = 0, len(symbols) - 1
    while place <= last:
        if symbols[place] == first and place < last and symbols[place + 1] == second:
            merged.append(new)
            place += 2
        else:
            merged.append(symbols[place])
            place += 1
    return merged
