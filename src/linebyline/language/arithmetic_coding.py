"""Arithmetic coding: any model that predicts the next token, used as a compressor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import torch
from torch import Tensor

Predict = Callable[[Sequence[int]], Tensor | Sequence[float]]
"""From the tokens so far, none at first, to the probability of each token to be the next."""

_SHARE = 32  # a probability becomes a whole number of 2^-32
_WIDTH = 64  # and the interval's width is known to about so many bits


def encode(ids: Sequence[int], predict: Predict) -> str:
    """The text as a string of 0 and 1, at most two longer than -log₂ p(text), or hardly more.

    Rissanen 1976, "Generalized Kraft inequality and arithmetic coding"; Witten, Neal & Cleary 1987,
    "Arithmetic coding for data compression". All texts share the numbers from 0 to 1. The first
    token is given a piece as wide as its probability, the second a piece of that piece, and so on,
    until the whole text has an interval as wide as its probability. The code is the shortest binary
    fraction that lies in it, whatever digits may follow.

    Deviation: both begin to write before the text has ended, and so must fear a carry. Here the
    lower end is one of Python's integers, which may be of any length, and carries by itself.

    A token's piece is rounded to whole 2⁻³², and is empty only if the model holds the token for
    impossible. What is lost by rounding is far below a bit in a thousand tokens.

    Args:
        ids: the text.
        predict: the model.

    Raises:
        ValueError: the text is empty, an id is none that the model knows or one whose probability
            is 0, or what it predicts are no probabilities.
    """
    if not ids:
        raise ValueError("ids is empty; it must have at least one token")
    low, width, scale = 0, 1 << _WIDTH, _WIDTH  # the interval [low, low + width) / 2^scale
    for place, token in enumerate(ids):
        edges = _edges(predict(ids[:place]))
        if not 0 <= token < len(edges) - 1:
            raise ValueError(f"ids has {token}; the model has tokens from 0 to {len(edges) - 2}")
        if edges[token] == edges[token + 1]:
            raise ValueError(f"ids has {token} at {place}, where the model holds it for impossible")
        low, width = _narrowed(low, width, edges[token], edges[token + 1])
        low, width, scale = _widened(low, width, scale)
    return _shortest(low, width, scale)


def decode(code: str, predict: Predict, *, length: int) -> list[int]:
    """The text of so many tokens that `encode` has written: at each step, whose piece is it in?

    Args:
        code: what `encode` answered.
        predict: the same model. It must answer the same numbers, to the last bit.
        length: how many tokens the text has.

    Raises:
        ValueError: ``length`` is below 1, or the code has something else than 0 and 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, not {length}")
    if not code or set(code) - {"0", "1"}:
        raise ValueError(f"code is {code!r:.40}; it must be a string of 0 and 1")
    low, width, scale = 0, 1 << _WIDTH, _WIDTH
    ids: list[int] = []
    for _ in range(length):
        edges = _edges(predict(ids))
        # The number that the code stands for, seen from low, in units of 2^-scale.
        inside = _at_scale(int(code, 2), scale - len(code)) - low
        token = max(t for t in range(len(edges) - 1) if width * edges[t] >> _SHARE <= inside)
        ids.append(token)
        low, width = _narrowed(low, width, edges[token], edges[token + 1])
        low, width, scale = _widened(low, width, scale)
    return ids


def _edges(probabilities: Tensor | Sequence[float]) -> list[int]:
    """Where the tokens' pieces begin and end in [0, 2^32]; each possible one is at least 1 wide."""
    p = torch.as_tensor(probabilities, dtype=torch.float64)
    if p.ndim != 1 or len(p) == 0 or not (p >= 0).all() or abs(p.sum().item() - 1) > 1e-5:
        raise ValueError(
            "predict must answer with one probability for each token, with the sum 1, but its "
            f"answer has the shape {tuple(p.shape)} and the sum {p.sum().item():.6g}"
        )
    wide = (p * (1 << _SHARE)).round().long().clamp(min=1) * (p > 0)
    wide[p.argmax()] += (1 << _SHARE) - wide.sum()  # the most probable one has the rest
    return [0, *accumulate(wide.tolist())]


def _narrowed(low: int, width: int, begin: int, end: int) -> tuple[int, int]:
    """The piece from `begin` to `end`, in 2^-32 of the interval."""
    left, right = (width * edge >> _SHARE for edge in (begin, end))
    return low + left, right - left


def _widened(low: int, width: int, scale: int) -> tuple[int, int, int]:
    """The same interval in smaller units, so that its width can be divided."""
    finer = max(_WIDTH - width.bit_length(), 0)
    return low << finer, width << finer, scale + finer


def _shortest(low: int, width: int, scale: int) -> str:
    """The fewest digits whose every continuation stays inside the interval."""
    digits = scale - width.bit_length()  # with fewer, what may follow is wider than the interval
    while True:
        digits += 1
        unit = scale - digits
        number = -(-low >> unit) if unit >= 0 else low << -unit  # rounded up
        if _at_scale(number + 1, unit) <= low + width:
            return f"{number:0{digits}b}"


def _at_scale(number: int, shift: int) -> int:
    return number << shift if shift >= 0 else number >> -shift
