"""Bits per character and perplexity of models whose figures are known."""

from __future__ import annotations

import math

import pytest

from linebyline.language.bits_per_character import bits_per_character, perplexity


def test_a_model_that_guesses_evenly() -> None:
    """27 letters for 100 characters: log2 27 bits each, and a perplexity of 27."""
    nats = 100 * math.log(27)
    assert bits_per_character(nats, characters=100) == pytest.approx(math.log2(27))
    assert perplexity(nats, tokens=100) == pytest.approx(27)


def test_tokens_of_two_characters() -> None:
    """The same text in 50 tokens of 27² kinds: the bits are the same, the perplexity is not."""
    nats = 50 * math.log(27**2)
    assert bits_per_character(nats, characters=100) == pytest.approx(math.log2(27))
    assert perplexity(nats, tokens=50) == pytest.approx(27**2)


def test_the_ends() -> None:
    assert bits_per_character(0.0, characters=1) == 0
    assert perplexity(0.0, tokens=1) == 1
    assert bits_per_character(math.inf, characters=1) == math.inf
    assert perplexity(math.inf, tokens=1) == math.inf
    assert perplexity(1e6, tokens=1) == math.inf


@pytest.mark.parametrize("nats", [-1e-9, math.nan])
def test_nats_that_cannot_be(nats: float) -> None:
    with pytest.raises(ValueError, match=f"nats is {nats}; it must be"):
        bits_per_character(nats, characters=1)
    with pytest.raises(ValueError, match=f"nats is {nats}; it must be"):
        perplexity(nats, tokens=1)


def test_counts_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="characters must be at least 1, not 0"):
        bits_per_character(1.0, characters=0)
    with pytest.raises(ValueError, match="tokens must be at least 1, not 0"):
        perplexity(1.0, tokens=0)
