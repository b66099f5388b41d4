"""A rule is compared with torch's function of the same name, result and pulls."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from linebyline.autograd.broadcasting import sum_to

Compare = Callable[..., None]


def compare(
    rule: Callable[..., Any],
    reference: Callable[..., torch.Tensor],
    *arrays: np.ndarray,
    gradcheck: bool = True,
) -> None:
    """Hold the result and the pulls of a rule against torch's, and against finite differences.

    `gradcheck=False` leaves out the differences, for numbers where there is no derivative.
    """
    data, *pulls = rule(*arrays)
    operands = [torch.from_numpy(array.copy()).requires_grad_() for array in arrays]
    result = reference(*operands)
    assert np.shape(data) == tuple(result.shape)
    np.testing.assert_allclose(data, result.detach().numpy(), rtol=1e-12, atol=1e-12)
    g = np.random.default_rng(9).normal(size=np.shape(data))
    result.backward(torch.from_numpy(g))
    assert len(pulls) == len(arrays)
    for pull, operand in zip(pulls, operands, strict=True):
        ours = sum_to(pull(g), tuple(operand.shape))
        np.testing.assert_allclose(ours, operand.grad.numpy(), rtol=1e-11, atol=1e-12)
    if not gradcheck:
        return
    for position, (pull, array) in enumerate(zip(pulls, arrays, strict=True)):
        numerical = np.zeros(array.shape)
        for where in np.ndindex(array.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [each.copy() for each in arrays]
                moved[position][where] += step
                ends.append(np.sum(g * rule(*moved)[0]))
            numerical[where] = (ends[0] - ends[1]) / 2e-6
        ours = sum_to(pull(g), array.shape)
        np.testing.assert_allclose(ours, numerical, rtol=1e-5, atol=1e-7)


@pytest.fixture
def equals() -> Compare:
    """`equals(rule, reference, *arrays)`."""
    return compare
