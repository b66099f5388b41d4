"""Reshaping, transposing and indexing equal torch's, repeated indices included."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from linebyline.autograd import rearrangements

Compare = Callable[..., None]


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("shape", [(24,), (4, 6), (-1,), (6, -1), (1, 2, 3, 4), (3, 2, 4)])
def test_reshape(equals: Compare, shape: tuple[int, ...]) -> None:
    equals(lambda a: rearrangements.reshape(a, shape), lambda a: a.reshape(shape), random(2, 3, 4))


@pytest.mark.parametrize("axes", [(), (0, 1, 2), (1, 2, 0), (2, 0, 1), (0, -1, 1), (-1, -3, -2)])
def test_transpose(equals: Compare, axes: tuple[int, ...]) -> None:
    equals(
        lambda a: rearrangements.transpose(a, axes),
        lambda a: a.permute(axes or (2, 1, 0)),
        random(2, 3, 4),
    )


@pytest.mark.parametrize(
    "where",
    [
        1,
        -1,
        slice(1, None),
        slice(None, None, 2),
        (slice(None), 1),
        (..., 0),
        (1, 2, 3),
        None,
        [0, 1, 1, 1],
        ([0, 1, 1], [2, 0, 0]),
        (slice(None), [2, 2], slice(1, 3)),
        (),
    ],
)
def test_index(equals: Compare, where: Any) -> None:
    equals(lambda a: rearrangements.index(a, where), lambda a: a[where], random(2, 3, 4))


def test_index_by_a_mask(equals: Compare) -> None:
    mask = random(2, 3, 4) > 0
    equals(
        lambda a: rearrangements.index(a, mask),
        lambda a: a[torch.from_numpy(mask)],
        random(2, 3, 4),
    )


def test_an_entry_that_is_taken_twice_has_both_gradients() -> None:
    _, pull = rearrangements.index(np.zeros(3), [2, 0, 2])
    assert pull(np.array([1.0, 10.0, 100.0])).tolist() == [10, 0, 101]


def test_indices_may_be_written_over_before_the_pull() -> None:
    """As a loop does that shuffles one array of indices in every epoch."""
    indices = np.array([0, 1])
    _, pull = rearrangements.index(np.zeros(4), (indices,))
    indices[:] = 3
    assert pull(np.array([1.0, 10.0])).tolist() == [1, 10, 0, 0]


def test_refuses_a_shape_of_another_size() -> None:
    with pytest.raises(
        ValueError, match=re.escape("shape (2, 3) has 6 numbers, which do not fill shape (4, -1)")
    ):
        rearrangements.reshape(random(2, 3), (4, -1))


@pytest.mark.parametrize("axes", [(0,), (0, 0), (0, 2), (0, 1, 2), (0, -3)])
def test_refuses_axes_that_are_not_all(axes: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"axes must name each of the 2 axes once, not {axes}")
    ):
        rearrangements.transpose(random(2, 3), axes)


@pytest.mark.parametrize("where", [2, (0, 3), (0, 0, 0), "a", 1.0])
def test_refuses_what_is_not_there(where: Any) -> None:
    with pytest.raises(IndexError):
        rearrangements.index(random(2, 3), where)
