"""The task's targets are the neighbours, and its ceiling is that of who counts, place by place."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
import torch

from linebyline.data.previous_symbol import BEGIN, best_without_order, previous_symbol


def test_targets_are_what_stands_before() -> None:
    x, y = previous_symbol(50, 6, symbols=3, seed=1)
    assert x.shape == y.shape == (50, 7)
    assert x.dtype == y.dtype == torch.int64
    assert (x[:, 0] == BEGIN).all()
    assert (y[:, 0] == BEGIN).all()
    assert torch.equal(y[:, 1:], x[:, :-1])
    assert sorted(x[:, 1:].unique().tolist()) == [1, 2, 3]


def test_the_seed_decides() -> None:
    assert torch.equal(previous_symbol(3, 9, seed=4).inputs, previous_symbol(3, 9, seed=4).inputs)
    assert not torch.equal(
        previous_symbol(3, 9, seed=4).inputs, previous_symbol(3, 9, seed=5).inputs
    )


@pytest.mark.parametrize("row", [[1, 1, 2, 3], [1, 2, 3, 4], [2, 2, 2, 2], [1, 1, 1, 2]])
def test_the_ceiling_is_that_of_all_orders(row: list[int]) -> None:
    """For each symbol, the answer that is right most often when a row is put in all its orders."""
    before: dict[int, Counter[int]] = {symbol: Counter() for symbol in row}
    for order in permutations(row):
        for left, symbol in zip((BEGIN, *order), order, strict=False):
            before[symbol][left] += 1
    right = sum(counts.most_common(1)[0][1] for counts in before.values())
    every = sum(counts.total() for counts in before.values())
    found = best_without_order(torch.tensor([[BEGIN, *row]]))
    assert found == pytest.approx(right / every)


@pytest.mark.parametrize("row", [[1], [2, 1], [1, 1, 2, 3], [1, 2, 3, 4], [2, 2, 2, 2]])
def test_the_causal_ceiling_is_that_of_who_sees_what_came(row: list[int]) -> None:
    """Of all rows with these symbols, by what a place sees: its own, and which came before it."""
    before: dict[tuple[int, ...], Counter[int]] = {}
    for order in permutations(row):
        for t, symbol in enumerate(order):
            seen = (symbol, *sorted(order[:t]))
            before.setdefault(seen, Counter())[order[t - 1] if t else BEGIN] += 1
    right = sum(counts.most_common(1)[0][1] for counts in before.values())
    every = sum(counts.total() for counts in before.values())
    rows = torch.tensor([[BEGIN, *order] for order in permutations(row)])
    assert best_without_order(rows, causal=True) == pytest.approx(right / every)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"length": 0}, "length must be at least 1, not 0"),
        ({"symbols": 1}, "symbols must be at least 2, not 1"),
    ],
)
def test_refuses(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        previous_symbol(**{"count": 2, "length": 3} | arguments)
