"""Greedy decoding takes the best token, step by step."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from linebyline.decoding.greedy import greedy, most_probable


@pytest.mark.parametrize("seed", range(5))
def test_takes_the_most_probable_token_at_each_step(book: Callable[..., Any], seed: int) -> None:
    model = book(seed)
    first, state = model.begin()
    found = greedy(model, first, state, end=2, max_length=6)
    for number in range(3):
        answer: list[int] = []
        while len(answer) < 6 and answer[-1:] != [2]:
            answer.append(model.logits(number, (first[number].item(), *answer)).argmax().item())
        length = found.lengths[number].item()
        assert found.tokens[number, :length].tolist() == answer
        assert found.tokens[number, length:].tolist() == [2] * (found.tokens.shape[1] - length)
        expected = model.log_prob(number, tuple(answer))
        assert found.log_probs[number].item() == pytest.approx(expected)


def test_is_not_always_the_best_sequence(
    book: Callable[..., Any], exhaustive: Callable[..., Any]
) -> None:
    worse = 0
    for seed in range(5):
        found = greedy(book(seed), *book(seed).begin(), end=2, max_length=4)
        for number in range(3):
            best, _ = exhaustive(book(seed), number, end=2, max_length=4)[0]
            assert found.log_probs[number].item() <= best + 1e-12
            worse += found.log_probs[number].item() < best - 1e-6
    assert worse > 0


def test_of_equal_ones_the_first() -> None:
    assert most_probable(torch.tensor([[0.0, 1.0, 1.0], [2.0, 2.0, 1.0]])).tolist() == [1, 0]


def test_refuses_no_length(book: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="max_length must be at least 1, not 0"):
        greedy(book(0), *book(0).begin(), end=2, max_length=0)
