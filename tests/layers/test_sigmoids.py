"""The sigmoids equal torch's and scipy's on both paths, far out and to the second derivative."""

from collections.abc import Callable

import pytest
import scipy.special
import torch
from torch import Tensor, nn

from linebyline.layers.sigmoids import Sigmoid, Tanh

BOTH = pytest.mark.parametrize("module", [Sigmoid(), Tanh()], ids=repr)
PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
REFERENCES = {"Sigmoid": torch.sigmoid, "Tanh": torch.tanh}


@BOTH
@PATHS
def test_equals_torch(
    module: nn.Module, path: str, extremes: Tensor, same: Callable[..., None]
) -> None:
    same(getattr(module, path), REFERENCES[type(module).__name__], extremes)


@PATHS
def test_sigmoid_keeps_the_digits_of_a_small_answer(path: str) -> None:
    x = torch.tensor([-700.0, -50.0, -10.0], dtype=torch.float64)
    expected = torch.from_numpy(scipy.special.expit(x.numpy()))
    torch.testing.assert_close(getattr(Sigmoid(), path)(x), expected, rtol=1e-13, atol=0)


@PATHS
def test_derivatives_are_those_of_the_docstrings(path: str) -> None:
    x = torch.linspace(-12, 12, 97, dtype=torch.float64, requires_grad=True)
    s, t = getattr(Sigmoid(), path)(x), getattr(Tanh(), path)(x)
    (ds,) = torch.autograd.grad(s.sum(), x)
    (dt,) = torch.autograd.grad(t.sum(), x)
    torch.testing.assert_close(ds, s * (1 - s), rtol=1e-9, atol=1e-15)
    torch.testing.assert_close(dt, 1 - t**2, rtol=1e-9, atol=1e-15)
    assert ds.argmax() == dt.argmax() == 48  # at 0
    assert ds.max() == 0.25
    assert dt.max() == 1
    assert ds[x.abs() >= 10].max() < 1e-4


@BOTH
@PATHS
def test_gradient(module: nn.Module, path: str) -> None:
    x = torch.tensor([-3.0, -0.4, 0.0, 1e-3, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(getattr(module, path), (x,))
    assert torch.autograd.gradgradcheck(getattr(module, path), (x,))


def test_the_tangent_is_the_sigmoid_stretched(extremes: Tensor) -> None:
    torch.testing.assert_close(Tanh()(extremes), 2 * Sigmoid()(2 * extremes) - 1)


@BOTH
def test_learns(module: nn.Module, learns_xor: Callable[[nn.Module], None]) -> None:
    learns_xor(module)
