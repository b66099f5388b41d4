"""Sums, means and maxima equal torch's over all, one or several axes; equals share the maximum."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from linebyline.autograd import reductions

Compare = Callable[..., None]
RULES = [
    (reductions.sum, torch.sum),
    (reductions.mean, torch.mean),
    (reductions.max, torch.amax),
]
AXES = [None, 0, 1, -1, (0, 2), (2, 0), (-1, 1), (0, 1, 2)]


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize(("rule", "reference"), RULES)
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
def test_equals_torch(
    equals: Compare, rule: Any, reference: Any, axis: Any, keepdims: bool
) -> None:
    axes = (0, 1, 2) if axis is None else axis
    equals(
        lambda a: rule(a, axis=axis, keepdims=keepdims),
        lambda a: reference(a, dim=axes, keepdim=keepdims),
        random(2, 3, 4),
    )


@pytest.mark.parametrize(("rule", "reference"), RULES)
@pytest.mark.parametrize("shape", [(), (1,), (1, 3, 1)])
def test_axes_of_length_one_and_none_at_all(
    equals: Compare, rule: Any, reference: Any, shape: tuple[int, ...]
) -> None:
    equals(rule, lambda a: reference(a, dim=()), np.asarray(random(*shape)))
    if shape:
        equals(lambda a: rule(a, axis=0), lambda a: reference(a, dim=0), random(*shape))


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_equal_maxima_share_as_in_torch(equals: Compare, axis: int | None) -> None:
    a = np.array([[2.0, 2.0, 1.0], [2.0, 0.0, 0.0]])
    axes = (0, 1) if axis is None else axis
    equals(lambda a: reductions.max(a, axis=axis), lambda a: a.amax(dim=axes), a, gradcheck=False)


@pytest.mark.parametrize(
    ("rule", "result", "gradient"),
    [
        (reductions.sum, [6, 7], [[1, 1], [10, 10]]),
        (reductions.mean, [3, 3.5], [[0.5, 0.5], [5, 5]]),
        (reductions.max, [5, 4], [[0, 1], [0, 10]]),
    ],
)
def test_by_hand(rule: Any, result: list[float], gradient: list[list[float]]) -> None:
    y, pull = rule(np.array([[1.0, 5.0], [3.0, 4.0]]), axis=1)
    assert y.tolist() == result
    assert pull(np.array([1.0, 10.0])).tolist() == gradient


def test_the_sum_of_nothing_is_zero(equals: Compare) -> None:
    equals(reductions.sum, torch.sum, np.zeros((0, 3)))
    equals(lambda a: reductions.sum(a, axis=0), lambda a: a.sum(0), np.zeros((0, 3)))


@pytest.mark.parametrize("name", ["mean", "max"])
def test_refuses_the_mean_and_maximum_of_nothing(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} needs numbers, but the shape is \(0, 3\)"):
        getattr(reductions, name)(np.zeros((0, 3)))


@pytest.mark.parametrize(("rule", "reference"), RULES)
def test_refuses_an_axis_that_is_not_there(rule: Any, reference: Any) -> None:
    with pytest.raises(ValueError, match="axis 2 is out of bounds for array of dimension 2"):
        rule(random(2, 3), axis=2)
