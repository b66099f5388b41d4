"""A look that is told is taken, all others stay as they are, and what was seen decides."""

import pytest
import torch
from torch import Tensor

from linebyline.layers.attention import AdditiveAttention, GeneralAttention
from linebyline.layers.steered_attention import SteeredAttention

BATCH, TIME, PLACES = 2, 3, 4


@pytest.fixture
def parts() -> tuple[Tensor, Tensor, Tensor]:
    """Queries, memory, and weights to be told."""
    draw = torch.Generator().manual_seed(0)
    query = torch.randn(BATCH, TIME, 5, generator=draw, dtype=torch.float64)
    memory = torch.randn(BATCH, PLACES, 6, generator=draw, dtype=torch.float64)
    weights = torch.rand(BATCH, TIME, PLACES, generator=draw, dtype=torch.float64)
    return query, memory, weights / weights.sum(-1, keepdim=True)


def additive() -> AdditiveAttention:
    return AdditiveAttention(5, 6, 3, generator=torch.Generator().manual_seed(1)).double()


TOLD = torch.tensor([[True, False, True], [False, False, True]])


@pytest.mark.parametrize("at_once", [True, False])
def test_is_told_at_some_steps_and_free_at_others(parts, at_once: bool) -> None:
    query, memory, given = parts
    inner = additive()
    steered = SteeredAttention(inner)
    steered.steer(given, TOLD)
    pieces = [query] if at_once else list(query.split(1, dim=1))
    answers = [steered(q, memory, memory, projected=steered.project(memory)) for q in pieces]
    context, weights = (torch.cat(part, dim=1) for part in zip(*answers, strict=True))
    _, free = inner(query, memory, memory)
    assert torch.equal(weights[TOLD], given[TOLD])
    torch.testing.assert_close(weights[~TOLD], free[~TOLD])
    torch.testing.assert_close(context, weights @ memory)


def test_is_the_other_attention_until_told_and_when_free_again(parts) -> None:
    query, memory, given = parts
    inner = GeneralAttention(5, 6).double()
    steered = SteeredAttention(inner)
    mask = torch.tensor([True, True, False, True])
    expected = inner(query, memory, memory, mask)
    for again in range(2):
        for found, right in zip(steered(query, memory, memory, mask), expected, strict=True):
            assert torch.equal(found, right)
        if again == 0:
            steered.steer(given, torch.ones_like(TOLD))
            assert torch.equal(steered(query, memory, memory, mask)[1], given)
            steered.free()


def test_counts_from_the_last_time_it_was_told(parts) -> None:
    query, memory, given = parts
    steered = SteeredAttention(additive())
    for _ in range(2):
        steered.steer(given, torch.ones_like(TOLD))
        assert torch.equal(steered(query[:, :2], memory, memory)[1], given[:, :2])


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses(parts) -> None:
    query, memory, given = parts
    steered = SteeredAttention(additive())
    with pytest.raises(ValueError, match="told must have the shape"):
        steered.steer(given, TOLD[:, :2])
    with pytest.raises(ValueError, match="weights must add up to 1"):
        steered.steer(2 * given, TOLD)
    steered.steer(2 * given, torch.zeros_like(TOLD))  # rows that are not told are not read
    steered(query, memory, memory)
    with pytest.raises(ValueError, match="steps 3 to 5"):
        steered(query, memory, memory)
