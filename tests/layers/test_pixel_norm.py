"""Pixel normalization equals torch's RMS normalization over the channels."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck

from linebyline.layers.pixel_norm import PixelNorm

Numbers = Callable[..., Tensor]


def test_equals_torch(numbers: Numbers) -> None:
    x = numbers(2, 5, 3, 4)
    theirs = nn.RMSNorm(5, eps=1e-8, elementwise_affine=False)
    expected = theirs(x.movedim(1, -1)).movedim(-1, 1)
    torch.testing.assert_close(PixelNorm()(x), expected)
    torch.testing.assert_close(PixelNorm()(x[:, :, 0, 0]), theirs(x[:, :, 0, 0]))


def test_lengths_become_one_at_each_place_by_itself(numbers: Numbers) -> None:
    x = numbers(2, 5, 3, 4)
    x[0, :, 1, 1] *= 1000
    torch.testing.assert_close(PixelNorm()(x).square().mean(1), torch.ones(2, 3, 4).double())


def test_zero_stays_zero_and_has_a_finite_slope() -> None:
    x = torch.zeros(1, 3, 1, 1, requires_grad=True)
    y = PixelNorm()(x)
    y.sum().backward()
    assert torch.equal(y, torch.zeros_like(y))
    torch.testing.assert_close(x.grad, torch.full_like(x, 1e4))  # 1/√ε


def test_gradient(numbers: Numbers) -> None:
    assert gradcheck(PixelNorm(), numbers(2, 3, 2, 2).requires_grad_())


def test_refuses(without_shape_checks: None) -> None:
    with pytest.raises(ValueError, match="eps must be zero or more, not -1"):
        PixelNorm(-1)
    with pytest.raises(ValueError, match=r"a must have the shape .* not \(3,\)"):
        PixelNorm()(torch.ones(3))
    assert "eps=1e-08" in repr(PixelNorm())


def test_without_eps_the_length_is_exact(numbers: Numbers) -> None:
    x = 1e-6 * numbers(2, 5)
    torch.testing.assert_close(PixelNorm(eps=0)(x).square().mean(1), torch.ones(2).double())
