"""Softmax, log-softmax and log-sum-exp equal torch's, far out on the number line too."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from linebyline.autograd import softmax

Compare = Callable[..., None]


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(
    ("rule", "reference"),
    [(softmax.softmax, torch.softmax), (softmax.log_softmax, torch.log_softmax)],
)
def test_equals_torch(equals: Compare, rule: Any, reference: Any, axis: int) -> None:
    equals(lambda a: rule(a, axis=axis), lambda a: reference(a, dim=axis), random(2, 3, 4))


@pytest.mark.parametrize("axis", [0, -1, (0, 2), None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_log_sum_exp_equals_torch(equals: Compare, axis: Any, keepdims: bool) -> None:
    axes = (0, 1, 2) if axis is None else axis
    equals(
        lambda a: softmax.log_sum_exp(a, axis=axis, keepdims=keepdims),
        lambda a: a.logsumexp(dim=axes, keepdim=keepdims),
        random(2, 3, 4),
    )


def test_over_all_axes_is_over_the_flat_array(equals: Compare) -> None:
    for rule, reference in [
        (softmax.softmax, torch.softmax),
        (softmax.log_softmax, torch.log_softmax),
    ]:
        equals(
            lambda a, rule=rule: rule(a, axis=None),
            lambda a, reference=reference: reference(a.flatten(), dim=0).reshape(a.shape),
            random(2, 3),
        )


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_nothing_overflows(equals: Compare, shift: float) -> None:
    a = shift + np.array([[0.0, 1.0, 2.0], [0.0, 2000.0, -2000.0]])
    equals(softmax.softmax, lambda a: a.softmax(-1), a, gradcheck=False)
    equals(softmax.log_softmax, lambda a: a.log_softmax(-1), a, gradcheck=False)
    equals(softmax.log_sum_exp, lambda a: a.logsumexp(-1), a, gradcheck=False)


def test_minus_infinity_masks(equals: Compare) -> None:
    a = np.array([0.5, -np.inf, 1.5])
    equals(softmax.softmax, lambda a: a.softmax(-1), a, gradcheck=False)
    equals(softmax.log_sum_exp, lambda a: a.logsumexp(-1), a, gradcheck=False)


@pytest.mark.parametrize("rule", [softmax.softmax, softmax.log_softmax, softmax.log_sum_exp])
def test_refuses_nothing(rule: Any) -> None:
    with pytest.raises(ValueError, match=r"softmax needs numbers, but the shape is \(2, 0\)"):
        rule(np.zeros((2, 0)))
