"""Kneser-Ney: the formula written out, probabilities that sum to one, and what it learns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.data.text import ALPHABET, reference_text
from linebyline.language.bits_per_character import bits_per_character, perplexity
from linebyline.language.ngram import NGram
from linebyline.tokenizers.character import CharacterTokenizer

IDS = st.lists(st.integers(0, 4), min_size=1, max_size=40)


def explicit(
    ids: Sequence[int], order: int, vocab_size: int, w: int, h: tuple, discounts: Sequence[float]
) -> float:
    """The formula, by looking through the text each time; h has order - 1 tokens, -1 the start."""
    text = [-1] * (order - 1) + list(ids)
    longest = [tuple(text[i : i + order]) for i in range(len(ids))]

    def c(gram: tuple) -> int:
        if len(gram) == order:
            return longest.count(gram)
        return len({each[-len(gram) - 1 :] for each in longest if each[-len(gram) :] == gram})

    def p(h: tuple) -> float:
        shorter = p(h[1:]) if h else 1 / vocab_size
        counts = [c((*h, v)) for v in range(vocab_size)]
        if not sum(counts):
            return shorter
        discount = discounts[len(h)]
        kinds = sum(count > 0 for count in counts)
        return max(counts[w] - discount, 0) / sum(counts) + discount * kinds / sum(counts) * shorter

    return p(h)


@settings(max_examples=60, deadline=None)
@given(IDS, st.integers(1, 4), st.lists(st.integers(0, 5), max_size=5))
def test_it_is_the_formula_and_sums_to_one(ids: list[int], order: int, context: list[int]) -> None:
    model = NGram.train(ids, order=order, vocab_size=6)  # 5 never occurs
    h = tuple(([-1] * order + context)[len(context) + 1 :])
    p = model.distribution(context)
    expected = [explicit(ids, order, 6, w, h, model.discounts) for w in range(6)]
    torch.testing.assert_close(p, torch.tensor(expected, dtype=torch.float64))
    assert p.sum().item() == pytest.approx(1, abs=1e-12)
    assert p.min() > 0
    assert [model.probability(w, context) for w in range(6)] == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(IDS, IDS, st.integers(1, 4))
def test_a_text_costs_the_sum_of_its_tokens(ids: list[int], text: list[int], order: int) -> None:
    model = NGram.train(ids, order=order, vocab_size=5)
    expected = -sum(math.log(model.probability(w, text[:i])) for i, w in enumerate(text))
    assert model.negative_log_likelihood(text) == pytest.approx(expected)


def test_discounts_are_n1_over_n1_and_2_n2() -> None:
    """Of the bigrams of 0 1 0 1 0 2 3 4: 01 twice, 10 twice; ^0, 02, 23, 34 once."""
    model = NGram.train([0, 1, 0, 1, 0, 2, 3, 4], order=2, vocab_size=5)
    assert model.discounts[1] == 4 / (4 + 2 * 2)
    assert model.discounts[0] == 4 / (4 + 2 * 1)  # 0 after ^ and 1; all others after one token
    assert NGram.train([0, 1, 2], order=2, vocab_size=3).discounts == [0.5, 0.5]


def test_a_word_that_is_only_ever_behind_one_other_is_not_expected_elsewhere() -> None:
    """The Francisco of San Francisco: as frequent as glasses, which many words go before."""
    the, san, francisco, glasses, reading = 0, 1, 2, 3, 4
    others = [5, 6, 7, 8]
    text = [the, san, francisco] * 8 + [each for word in others * 2 for each in (word, glasses)]
    model = NGram.train(text, order=2, vocab_size=9)
    assert text.count(francisco) == text.count(glasses)
    p = model.distribution([reading])  # which was never seen
    assert p[glasses] > 2 * p[francisco]
    assert model.distribution([san]).argmax() == francisco


def test_perplexity_falls_with_the_order_and_then_levels() -> None:
    split = reference_text()
    tokenizer = CharacterTokenizer(ALPHABET)
    train, test = tokenizer.encode(split.train[:100_000]), tokenizer.encode(split.test[:10_000])
    found = []
    for order in range(1, 8):
        model = NGram.train(train, order=order, vocab_size=tokenizer.vocab_size)
        found.append(perplexity(model.negative_log_likelihood(test), tokens=len(test)))
    assert all(later < 0.8 * earlier for earlier, later in pairwise(found[:4]))
    assert min(found[4:]) > 0.85 * found[4]
    assert found[6] > 0.97 * found[5]
    whole = NGram.train(tokenizer.encode(split.train), order=5, vocab_size=96)
    nats = whole.negative_log_likelihood(tokenizer.encode(split.test))
    assert 1.7 < bits_per_character(nats, characters=len(split.test)) < 2.3


def test_it_learns_a_text_by_heart() -> None:
    text = [0, 1, 2, 3, 4, 5, 6, 7] * 50
    model = NGram.train(text, order=3, vocab_size=8)
    assert perplexity(model.negative_log_likelihood(text), tokens=len(text)) < 1.1


def test_it_knows_nothing_before_it_is_trained() -> None:
    assert NGram(3, 4).distribution([1, 2]).tolist() == [0.25] * 4
    assert NGram(3, 4).negative_log_likelihood([0, 1]) == pytest.approx(2 * math.log(4))


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="order must be at least 1, not 0"):
        NGram.train([0], order=0, vocab_size=1)
    with pytest.raises(ValueError, match="vocab_size must be at least 1, not 0"):
        NGram.train([0], order=1, vocab_size=0)
    with pytest.raises(ValueError, match=r"ids is empty; .* learn from"):
        NGram.train([], order=1, vocab_size=1)
    model = NGram.train([0, 1], order=2, vocab_size=2)
    with pytest.raises(ValueError, match=r"ids is empty; .* predict"):
        model.negative_log_likelihood([])
    for wrong in (-1, 2):
        for call in (
            lambda wrong=wrong: NGram.train([0, wrong], order=1, vocab_size=2),
            lambda wrong=wrong: model.negative_log_likelihood([wrong]),
            lambda wrong=wrong: model.distribution([wrong]),
            lambda wrong=wrong: model.probability(wrong, []),
            lambda wrong=wrong: model.probability(0, [wrong]),
        ):
            with pytest.raises(ValueError, match=f"ids has {wrong}; an id is from 0 to 1"):
                call()
