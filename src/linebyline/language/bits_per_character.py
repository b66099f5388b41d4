"""How well a model predicts a text: bits per character, and perplexity."""

from __future__ import annotations

import math


def bits_per_character(nats: float, *, characters: int) -> float:
    """The length of the text in the model's code, by the number of its characters.

    Shannon 1948, "A mathematical theory of communication", sections 6 and 9: a text of probability
    p can be written in −log₂ p bits, up to one, and on average in no fewer. The figure does not
    depend on how the text was cut into tokens, so models of characters, bytes and words are
    compared by it, and compressors too.

    Args:
        nats: the negative logarithm of the probability of the whole text, to the base e: the sum of
            the cross-entropies of all its tokens, not their mean.
        characters: of the text: Unicode code points, ``len(text)``.

    Raises:
        ValueError: ``nats`` is negative or no number, or ``characters`` is below 1.
    """
    return _checked(nats, "characters", characters) / math.log(2) / characters


def perplexity(nats: float, *, tokens: int) -> float:
    """How many equally likely tokens would be as hard to guess: e to the mean cross-entropy.

    Jelinek, Mercer, Bahl & Baker 1977, "Perplexity: a measure of the difficulty of speech
    recognition tasks". It compares models with the same tokens only: a vocabulary of longer tokens
    has fewer and harder ones.

    Args:
        nats: as in `bits_per_character`.
        tokens: how many tokens were predicted.

    Returns:
        1 for a model that was sure and right, infinity for one that held a token for impossible.

    Raises:
        ValueError: ``nats`` is negative or no number, or ``tokens`` is below 1.
    """
    try:
        return math.exp(_checked(nats, "tokens", tokens) / tokens)
    except OverflowError:
        return math.inf


def _checked(nats: float, name: str, count: int) -> float:
    if not nats >= 0:  # which is so of NaN, too
        raise ValueError(f"nats is {nats}; it must be a sum of -log p, 0 or more")
    if count < 1:
        raise ValueError(f"{name} must be at least 1, not {count}")
    return nats
