"""Learning and applying merges, each beside the definition carried out literally."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.tokenizers.merges import (
    PairCounts,
    apply_merges,
    apply_merges_explicit,
    count_words,
    learn_merges,
    learn_merges_explicit,
    merge_once,
)

WORDS = st.dictionaries(
    st.lists(st.integers(0, 3), min_size=1, max_size=12).map(tuple), st.integers(1, 5), max_size=12
)


def names(most: int, given: list[tuple[int, int]] | None = None):
    """Says a new symbol for each pair, from 4 on, ``most`` times."""
    given = [] if given is None else given

    def join(pair: tuple[int, int]) -> int | None:
        if len(given) == most:
            return None
        given.append(pair)
        return 3 + len(given)

    return join


def learned_literally(words: dict[tuple[int, ...], int], most: int) -> list[tuple[int, int]]:
    """Algorithm 1 of Sennrich, Haddow & Birch 2016: count everything again after each merge."""
    merges = []
    while len(merges) < most:
        counts: Counter[tuple[int, int]] = Counter()
        for word, times in words.items():
            for pair in pairwise(word):
                counts[pair] += times
        if not counts:
            break
        pair = min(counts, key=lambda each: (-counts[each], each))
        merges.append(pair)
        after: Counter[tuple[int, ...]] = Counter()
        for word, times in words.items():
            after[tuple(merge_once(list(word), pair, 3 + len(merges)))] += times
        words = after
    return merges


def test_the_paper_s_words() -> None:
    """The dictionary of algorithm 1. Its first merges are ties: es, st and t· occur 9 times."""
    words = {"low·": 5, "lower·": 2, "newest·": 6, "widest·": 3}
    spelled = {tuple(map(ord, word)): times for word, times in words.items()}
    symbols = {ord(letter): letter for word in words for letter in word}

    def join(pair: tuple[int, int]) -> int:
        symbols[1000 + len(symbols)] = symbols[pair[0]] + symbols[pair[1]]
        return 999 + len(symbols)

    merges = learn_merges(spelled, join)
    joined = [symbols[left] + symbols[right] for left, right in merges]
    assert joined[:5] == ["es", "t·", "est·", "lo", "low"]


@settings(max_examples=200, deadline=None)
@given(WORDS, st.integers(0, 12))
def test_learning_is_the_paper_s_algorithm(words: dict[tuple[int, ...], int], most: int) -> None:
    expected = learned_literally(words, most)
    assert learn_merges(words, names(most)) == expected
    assert learn_merges_explicit(words, names(most)) == expected


def test_learning_does_not_depend_on_the_order_of_the_words() -> None:
    words = {tuple(random.Random(i).choices(range(4), k=6)): 1 + i % 3 for i in range(40)}
    turned = dict(reversed(words.items()))
    assert list(words) != list(turned)
    assert learn_merges(words, names(30)) == learn_merges(turned, names(30))


def test_no_two_pairs_become_the_same_letters() -> None:
    random.seed(0)
    for trial in range(300):
        letters = 1 + trial % 3
        words = {
            tuple(random.choices(range(letters), k=random.randint(1, 14))): random.randint(1, 3)
            for _ in range(12)
        }
        spelled = ["a", "b", "c"]

        def join(pair: tuple[int, int], spelled: list[str] = spelled) -> int:
            spelled.append(spelled[pair[0]] + spelled[pair[1]])
            return len(spelled) - 1

        learn_merges(words, join)
        assert len(set(spelled)) == len(spelled)


@settings(max_examples=200, deadline=None)
@given(WORDS, st.integers(0, 12), st.lists(st.integers(0, 3), max_size=60))
def test_applying_is_its_definition(
    words: dict[tuple[int, ...], int], most: int, text: list[int]
) -> None:
    ranks = {pair: (rank, 4 + rank) for rank, pair in enumerate(learn_merges(words, names(most)))}
    before = list(text)
    assert apply_merges(text, ranks) == apply_merges_explicit(text, ranks)
    assert text == before
    for word in words:
        assert apply_merges(word, ranks) == apply_merges_explicit(word, ranks)


def test_the_earliest_learned_pair_goes_first() -> None:
    ranks = {(1, 2): (0, 9), (0, 1): (1, 8), (9, 3): (2, 7)}
    assert apply_merges([0, 1, 2, 3], ranks) == [0, 7]
    assert apply_merges([1, 1, 1, 1, 1], {(1, 1): (0, 2)}) == [2, 2, 1]
    # A pair that waits is not another that has come into its place.
    ranks = {(1, 2): (0, 4), (0, 1): (1, 5), (4, 3): (2, 6), (0, 4): (3, 7)}
    assert apply_merges([0, 1, 2, 3], ranks) == [0, 6]
    assert apply_merges_explicit([0, 1, 2, 3], ranks) == [0, 6]
    assert apply_merges([], ranks) == apply_merges_explicit([], ranks) == []


def test_a_long_word_takes_no_square_of_its_length() -> None:
    """A hundred thousand letters, all of which merge: hours, if every merge looked at all."""
    ranks = {(0, 0): (0, 1)} | {(i, i): (i, i + 1) for i in range(1, 20)}
    assert apply_merges([0] * 2**17, ranks) == [17]


def test_counts_are_kept_up_to_date() -> None:
    counts = PairCounts({(0, 1, 0, 1, 2): 3, (1, 2): 1})
    assert counts.pairs == {(0, 1): 6, (1, 0): 3, (1, 2): 4}
    assert counts.symbols == {0: 6, 1: 7, 2: 4}
    assert counts.merge((0, 1), 5) == {(5, 5), (5, 2)}
    assert counts.pairs == {(5, 5): 3, (5, 2): 3, (1, 2): 1}
    assert +counts.symbols == {5: 6, 2: 4, 1: 1}


def test_words_that_are_spelled_alike_are_counted_together() -> None:
    counted = count_words(["ab", "AB", "c", "ab"], lambda word: tuple(map(ord, word.lower())))
    assert counted == {(97, 98): 3, (99,): 1}


@pytest.mark.parametrize("most", [0, 1, 5])
def test_join_ends_the_learning(most: int) -> None:
    asked: list[tuple[int, int]] = []
    merges = learn_merges({(0, 1, 2, 3, 0, 1, 2, 3, 0, 2): 2}, names(most, asked))
    assert merges == asked
    assert len(merges) == most
