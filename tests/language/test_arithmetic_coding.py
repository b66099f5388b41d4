"""Arithmetic coding: an interval by hand, no text lost, and no bit more than the model asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from linebyline.language.arithmetic_coding import decode, encode
from linebyline.language.ngram import NGram


def always(*probabilities: float) -> Callable[[Sequence[int]], list[float]]:
    return lambda ids: list(probabilities)


def test_an_interval_by_hand() -> None:
    # a [0, 1/2), b [1/2, 3/4), c [3/4, 1): abaca is [38/128, 39/128), and 38 is 0100110.
    model = always(0.5, 0.25, 0.25)
    assert encode([0, 1, 0, 2, 0], model) == "0100110"
    assert decode("0100110", model, length=5) == [0, 1, 0, 2, 0]


def test_with_powers_of_two_it_is_the_prefix_code() -> None:
    words = {0: "0", 1: "10", 2: "110", 3: "111"}
    ids = torch.randint(4, (200,), generator=torch.Generator().manual_seed(0)).tolist()
    code = encode(ids, always(0.5, 0.25, 0.125, 0.125))
    assert code == "".join(words[token] for token in ids)


MODELS = st.lists(st.floats(0.001, 1), min_size=2, max_size=6)


@settings(deadline=None, max_examples=60)
@given(weights=MODELS, seed=st.integers(0, 1000), length=st.integers(1, 60))
def test_nothing_is_lost_and_two_bits_at_most_are_added(
    weights: list[float], seed: int, length: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    total = sum(weights)

    def predict(ids: Sequence[int]) -> list[float]:  # depends on the last token and the place
        turn = (sum(ids[-1:]) + len(ids)) % len(weights)
        return [w / total for w in weights[turn:] + weights[:turn]]

    ids = torch.randint(len(weights), (length,), generator=generator).tolist()
    code = encode(ids, predict)
    assert decode(code, predict, length=length) == ids
    bits = -sum(math.log2(predict(ids[:place])[token]) for place, token in enumerate(ids))
    assert bits - 1e-6 <= len(code) <= bits + 2 + 1e-6


def test_every_continuation_stays_inside() -> None:
    model = always(0.3, 0.5, 0.2)
    ids = [1, 0, 2, 1]
    code = encode(ids, model)
    for behind in ("0", "1", "1111", "0000"):
        assert decode(code + behind, model, length=4) == ids
    low, width = Fraction(0), Fraction(1)
    for token in ids:
        edges = [Fraction(0), Fraction(3, 10), Fraction(8, 10), Fraction(1)]
        low, width = low + width * edges[token], width * (edges[token + 1] - edges[token])
    for n in range(len(code)):  # no shorter one does
        first = math.ceil(low * 2**n)
        assert Fraction(first + 1, 2**n) > low + width


def test_a_carry_runs_through() -> None:
    # The interval closes around one half, from below and from above: 0111... against 1000...
    model = always(0.5 - 1e-6, 2e-6, 0.5 - 1e-6)
    for ids in ([1] * 8, [1, 0] * 4, [1, 2] * 4):
        assert decode(encode(ids, model), model, length=8) == ids


def test_an_ngram_writes_what_it_says_that_it_would() -> None:
    ids = [ord(c) - 97 for c in "abracadabra" * 12]
    model = NGram.train(ids[:60], order=3, vocab_size=26)
    code = encode(ids, model.distribution)
    bits = model.negative_log_likelihood(ids) / math.log(2)
    assert bits - 1e-3 <= len(code) <= bits + 2.001
    assert decode(code, model.distribution, length=len(ids)) == ids


def test_what_is_sure_costs_nothing_and_what_is_hardly_possible_costs_32_bits() -> None:
    assert len(encode([0] * 100, always(1, 0))) <= 1
    model = always(1 - 1e-12, 1e-12)
    code = encode([0, 1, 0], model)
    assert 32 <= len(code) <= 34
    assert decode(code, model, length=3) == [0, 1, 0]


@pytest.mark.parametrize(
    ("ids", "probabilities", "message"),
    [
        ([], [0.5, 0.5], "ids is empty"),
        ([2], [0.5, 0.5], "ids has 2; the model has tokens from 0 to 1"),
        ([-1], [0.5, 0.5], "ids has -1"),
        ([0, 1], [1.0, 0.0], "ids has 1 at 1, where the model holds it for impossible"),
        ([0], [0.5, 0.6], "predict must answer .* sum 1.1"),
        ([0], [1.5, -0.5], "predict must answer"),
        ([0], [math.nan, 1.0], "predict must answer"),
        ([0], [], "predict must answer"),
        ([0], torch.tensor([[0.5, 0.5]]), r"predict must answer .* shape \(1, 2\)"),
    ],
)
def test_refuses_to_write(
    ids: list[int], probabilities: list[float] | torch.Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        encode(ids, lambda _: probabilities)


@pytest.mark.parametrize(
    ("code", "length", "message"),
    [("01", 0, "length must be at least 1, not 0"), ("", 1, "code is ''"), ("012", 1, "code is")],
)
def test_refuses_to_read(code: str, length: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode(code, always(0.5, 0.5), length=length)
