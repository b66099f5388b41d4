"""Bags equal scikit-learn's; they forget order, and nothing else."""

from __future__ import annotations

import random

import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer

from linebyline.language.bag_of_words import BagOfWords, ngrams

TEXTS = ["the dog bites the man", "the man bites the dog", "a dog is a dog", "no"]
WORDS = [text.split() for text in TEXTS]


def test_ngrams_by_hand() -> None:
    assert ngrams(["a", "b", "c"], 2) == ["a", "b", "c", "a b", "b c"]
    assert ngrams(["a", "b", "c"], 3) == ["a", "b", "c", "a b", "b c", "a b c"]
    assert ngrams(["a"], 3) == ["a"]
    assert ngrams([], 2) == []


@pytest.mark.parametrize("longest", [1, 2, 3])
def test_equals_scikit_learn(longest: int) -> None:
    theirs = CountVectorizer(analyzer="word", token_pattern=r"\S+", ngram_range=(1, longest))
    expected = theirs.fit_transform(TEXTS).toarray()
    bag = BagOfWords.learn(WORDS, longest=longest)
    order = [theirs.vocabulary_[gram] for gram in bag.vocabulary]
    assert sorted(order) == list(range(expected.shape[1]))
    assert bag(WORDS).tolist() == expected[:, order].tolist()


def test_the_vocabulary_is_sorted_and_cut() -> None:
    assert BagOfWords.learn(WORDS).vocabulary == ("dog", "the", "a", "bites", "man", "is", "no")
    assert BagOfWords.learn(WORDS, min_count=3).vocabulary == ("dog", "the")
    assert BagOfWords.learn(WORDS, max_size=3).vocabulary == ("dog", "the", "a")
    assert BagOfWords(["dog", "cat"])([["dog", "the", "dog"]]).tolist() == [[2, 0]]


def test_order_is_forgotten_by_words_and_not_by_pairs() -> None:
    words = [f"w{i}" for i in range(30)]
    shuffled = random.Random(0).sample(words, 30)
    for longest, same in ((1, True), (2, False)):
        rows = BagOfWords.learn([words, shuffled], longest=longest)([words, shuffled])
        assert torch.equal(rows[0], rows[1]) is same


def test_what_is_wrong_is_refused() -> None:
    for wrong in ([], ["a", "a"]):
        with pytest.raises(ValueError, match="vocabulary has"):
            BagOfWords(wrong)
    with pytest.raises(ValueError, match="longest must be at least 1, not 0"):
        BagOfWords(["a"], longest=0)
    with pytest.raises(ValueError, match="longest must be at least 1, not 0"):
        ngrams(["a"], 0)
    with pytest.raises(ValueError, match="min_count = 9"):
        BagOfWords.learn(WORDS, min_count=9)
