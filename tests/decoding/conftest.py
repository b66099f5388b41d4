"""A model whose every probability is known: what comes next hangs on all that came before."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

VOCABULARY, END, BATCH = 4, 2, 3


class Book:
    """Random logits for each beginning of each of its three sequences.

    As a step, its state is (the number of each sequence, all tokens so far), both with the
    sequences on axis 0.
    """

    def __init__(self, seed: int, *, spread: float = 2.0) -> None:
        self.seed = seed
        self.spread = spread
        self.calls = 0

    def logits(self, number: int, tokens: tuple[int, ...]) -> Tensor:
        """What follows a beginning."""
        place = self.seed
        for token in (number, *tokens):
            place = 11 * place + token + 1
        generator = torch.Generator().manual_seed(place)
        return self.spread * torch.randn(VOCABULARY, dtype=torch.float64, generator=generator)

    def __call__(self, token: Tensor, state: Any) -> tuple[Tensor, Any]:
        """The step."""
        self.calls += 1
        numbers, before = state
        tokens = torch.cat([before, token[:, None]], dim=1)
        rows = zip(numbers.tolist(), tokens.tolist(), strict=True)
        logits = torch.stack([self.logits(number, tuple(row)) for number, row in rows])
        return logits, (numbers, tokens)

    def begin(self) -> tuple[Tensor, Any]:
        """The first tokens, and the state before them."""
        return torch.tensor([0, 1, 3]), (torch.arange(BATCH), torch.zeros(BATCH, 0).long())

    def log_prob(self, number: int, answer: tuple[int, ...]) -> float:
        """What an answer to one of the three has for log P, token by token."""
        tokens = (self.begin()[0].tolist()[number],)
        total = 0.0
        for token in answer:
            total += torch.log_softmax(self.logits(number, tokens), dim=0)[token].item()
            tokens = (*tokens, token)
        return total


def all_answers(end: int | None, max_length: int) -> Iterator[tuple[int, ...]]:
    """Everything that may be said: what ends, and what is cut off at the longest."""
    for length in range(1, max_length + 1):
        for answer in itertools.product(range(VOCABULARY), repeat=length):
            ended = answer[-1] == end
            if end not in answer[:-1] and (ended or length == max_length):
                yield answer


@pytest.fixture
def book() -> Callable[..., Book]:
    """A model by its seed."""
    return Book


@pytest.fixture
def exhaustive() -> Callable[..., list[tuple[float, tuple[int, ...]]]]:
    """Every answer to one sequence with log P / lp, the best first."""

    def search(
        model: Book, number: int, *, end: int | None, max_length: int, alpha: float = 0.0
    ) -> list[tuple[float, tuple[int, ...]]]:
        answers = all_answers(end, max_length)
        scored = [
            (model.log_prob(number, answer) * 6**alpha / (5 + len(answer)) ** alpha, answer)
            for answer in answers
        ]
        total = sum(math.exp(model.log_prob(number, answer)) for _, answer in scored)
        assert math.isclose(total, 1)
        return sorted(scored, reverse=True)

    return search
