"""What a merge is worth, by the definition, and that the highest score is merged next."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.tokenizers.likelihood_merges import (
    count_ratio,
    learn_merges_by_score,
    likelihood_gain,
)
from linebyline.tokenizers.merges import merge_once

WORDS = st.dictionaries(
    st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple), st.integers(1, 5), max_size=9
)


def log_likelihood(words: dict[tuple[int, ...], int]) -> float:
    counts: Counter[int] = Counter()
    for word, times in words.items():
        for symbol in word:
            counts[symbol] += times
    total = counts.total()
    return sum(count * math.log(count / total) for count in counts.values())


def merged(words: dict[tuple[int, ...], int], pair: tuple[int, int], new: int) -> Counter:
    after: Counter[tuple[int, ...]] = Counter()
    for word, times in words.items():
        after[tuple(merge_once(list(word), pair, new))] += times
    return after


def counted(words: dict[tuple[int, ...], int]) -> tuple[Counter, Counter]:
    pairs: Counter[tuple[int, int]] = Counter()
    symbols: Counter[int] = Counter()
    for word, times in words.items():
        for symbol in word:
            symbols[symbol] += times
        for pair in pairwise(word):
            pairs[pair] += times
    return pairs, symbols


@settings(max_examples=200, deadline=None)
@given(WORDS)
def test_the_gain_is_the_difference_of_log_likelihoods(words: dict[tuple[int, ...], int]) -> None:
    pairs, symbols = counted(words)
    for (a, b), count in pairs.items():
        if a != b:
            gain = likelihood_gain(count, symbols[a], symbols[b], symbols.total())
            difference = log_likelihood(merged(words, (a, b), 9)) - log_likelihood(words)
            assert gain == pytest.approx(difference, abs=1e-9)


def test_the_gain_grows_with_the_count_and_the_ratio_does_not() -> None:
    assert likelihood_gain(100, 100, 100, 1000) > 40 * likelihood_gain(1, 1, 1, 1000) > 0
    assert count_ratio(1, 1, 1, 1000) == 1
    assert count_ratio(100, 100, 100, 1000) == 0.01
    assert likelihood_gain(1, 100, 100, 300) < 0  # rarer than by chance


@pytest.mark.parametrize("score", [likelihood_gain, count_ratio])
def test_learning_merges_the_highest_score(score) -> None:
    @settings(max_examples=100, deadline=None)
    @given(WORDS, st.integers(0, 8))
    def check(words: dict[tuple[int, ...], int], most: int) -> None:
        given_pairs: list[tuple[int, int]] = []

        def join(pair: tuple[int, int]) -> int | None:
            if len(given_pairs) == most:
                return None
            given_pairs.append(pair)
            return 3 + len(given_pairs)

        merges = learn_merges_by_score(words, join, score)
        assert merges == given_pairs
        left = words
        for number, pair in enumerate(merges):
            assert pair == best(left)
            left = merged(left, pair, 4 + number)
        assert len(merges) == most or best(left) is None

    def best(words: dict[tuple[int, ...], int]) -> tuple[int, int] | None:
        pairs, symbols = counted(words)
        total = symbols.total()
        worth = {
            (a, b): score(count, symbols[a], symbols[b], total) for (a, b), count in pairs.items()
        }
        good = [pair for pair, value in worth.items() if value > 0]
        return min(good, key=lambda pair: (-worth[pair], pair), default=None)

    check()
