"""Rounding gives the numbers that the format has, in both directions."""

import pytest
import torch
from torch.nn.functional import linear

from linebyline.training.rounding import rounded, vanished

HALVES = [torch.float16, torch.bfloat16]


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 0.5


@pytest.mark.parametrize("dtype", HALVES)
def test_values_and_gradients_are_those_of_the_format(dtype: torch.dtype) -> None:
    x, back = uniform(100).requires_grad_(), uniform(100, seed=1)
    y = rounded(x, dtype)
    y.backward(back)
    assert torch.equal(y, x.detach().to(dtype).float())
    assert torch.equal(x.grad, back.to(dtype).float())
    assert not torch.equal(y, x)
    assert not torch.equal(x.grad, back)


def test_float32_stays_as_it_is() -> None:
    x, back = uniform(100).requires_grad_(), uniform(100, seed=1)
    rounded(x, torch.float32).backward(back)
    assert torch.equal(rounded(x, torch.float32), x)
    assert torch.equal(x.grad, back)


def test_a_finer_format_stays_what_it_is() -> None:
    x = uniform(10).double().requires_grad_()
    y = rounded(x, torch.float16)
    y.backward(uniform(10, seed=1).double())
    assert y.dtype == x.grad.dtype == torch.float64


def test_has_no_second_derivative() -> None:
    x = uniform(3).requires_grad_()
    (first,) = torch.autograd.grad(rounded(x, torch.float16).square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_too_large_and_too_small() -> None:
    x = torch.tensor([70000.0, 2.0**-24, 2.0**-26, -(2.0**-26), 2049.0])
    assert rounded(x, torch.float16).tolist() == [float("inf"), 2.0**-24, 0.0, 0.0, 2048.0]
    assert rounded(x, torch.bfloat16)[1:4].tolist() == x[1:4].tolist()


@pytest.mark.parametrize("dtype", HALVES)
def test_a_layer_equals_the_real_thing(dtype: torch.dtype) -> None:
    """A linear layer in the small format, gradients too, up to its last digit."""
    x, w = uniform(32, 16).requires_grad_(), uniform(8, 16, seed=1).requires_grad_()
    back = uniform(32, 8, seed=2)
    rounded(linear(rounded(x, dtype), rounded(w, dtype)), dtype).backward(back)
    theirs = [part.detach().to(dtype).requires_grad_() for part in (x, w)]
    linear(*theirs).backward(back.to(dtype))
    for mine, yours in zip((x, w), theirs, strict=True):
        eps = torch.finfo(dtype).eps
        torch.testing.assert_close(mine.grad, yours.grad.float(), rtol=2 * eps, atol=2 * eps)


def test_the_share_that_vanishes() -> None:
    x = torch.tensor([0.0, 1.0, 2.0**-26, 2.0**-30, -(2.0**-40)])
    assert vanished(x, torch.float16) == 0.75
    assert vanished(x, torch.float16, factor=2.0**4) == 0.5
    assert vanished(x, torch.float16, factor=2.0**16) == 0.0
    assert vanished(x, torch.bfloat16) == 0.0
    assert vanished(torch.tensor([1.0, 1.0, 2.0**-26]), torch.float16) == 1 / 3


def test_refuses_by_name() -> None:
    with pytest.raises(ValueError, match=r"dtype must be a floating-point format.*torch\.int8"):
        rounded(torch.ones(2), torch.int8)
    with pytest.raises(ValueError, match="dtype must be"):
        vanished(torch.ones(2), torch.int8)
    with pytest.raises(ValueError, match="x holds no number but 0"):
        vanished(torch.zeros(2), torch.float16)
