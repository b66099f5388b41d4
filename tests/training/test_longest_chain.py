"""The longest chain is the longest path of a record, counted by hand where that is possible."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from linebyline.training.longest_chain import longest_chain


def test_what_is_side_by_side_does_not_wait() -> None:
    a = torch.ones(2, requires_grad=True)
    assert longest_chain(a * 2) == 1
    assert longest_chain((a * 2 + a * 3).sum()) == 3  # a product, the sum of both, their sum
    b = a
    for _ in range(5):
        b = b * 2
    assert longest_chain(b + a * 3) == 6
    assert longest_chain(a * 3 + b) == 6


def test_what_is_used_twice_counts_once_on_a_path() -> None:
    a = torch.ones(2, requires_grad=True)
    for _ in range(40):  # 2⁴⁰ paths, all of 40 operations
        a = a + a
    assert longest_chain(a) == 40


def test_a_loop_of_thousands_is_no_depth_of_recursion() -> None:
    a = torch.ones(1, requires_grad=True)
    for _ in range(5000):
        a = a * 1
    assert longest_chain(a) == 5000


def test_recurrence_waits_for_every_step_and_a_layer_for_none() -> None:
    def chains(model: nn.Module) -> list[int]:
        found = []
        for time in (5, 10, 15):
            answer = model(torch.ones(2, time, 3))
            answer = answer[0] if isinstance(answer, tuple) else answer
            found.append(longest_chain(answer[:, -1]))
        return found

    short, middle, long = chains(nn.GRU(3, 4, batch_first=True))
    assert long - middle == middle - short > 5
    assert len(set(chains(nn.Linear(3, 4)))) == 1


def test_refuses_what_was_not_recorded() -> None:
    with pytest.raises(ValueError, match="result must have a record of its operations"):
        longest_chain(torch.ones(2))
    with pytest.raises(ValueError, match="needs no gradient"):
        longest_chain((torch.ones(2, requires_grad=True) * 2).detach())
