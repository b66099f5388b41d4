"""GELU, SiLU and Mish equal torch's and their closed forms, on both paths and far out."""

from collections.abc import Callable

import pytest
import torch
from scipy.stats import norm
from torch import Tensor, nn

from linebyline.layers.self_gated import GELU, Mish, SiLU

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
MODULES = pytest.mark.parametrize("module", [GELU(), GELU("tanh"), SiLU(), Mish()], ids=repr)


def theirs(module: nn.Module) -> Callable[[Tensor], Tensor]:
    return {
        "GELU(approximate='none')": nn.GELU(),
        "GELU(approximate='tanh')": nn.GELU("tanh"),
        "SiLU()": nn.SiLU(),
        "Mish()": nn.Mish(),
    }[repr(module)]


@MODULES
@PATHS
def test_equals_torch(
    module: nn.Module, path: str, extremes: Tensor, same: Callable[..., None]
) -> None:
    same(getattr(module, path), theirs(module), extremes, rtol=1e-11)


@PATHS
def test_gelu_is_x_times_the_normal_distribution_function(path: str) -> None:
    x = torch.linspace(-5, 5, 41, dtype=torch.float64)
    expected = x * torch.from_numpy(norm.cdf(x.numpy()))
    torch.testing.assert_close(getattr(GELU(), path)(x), expected, rtol=1e-9, atol=1e-15)


def test_the_approximation_is_near() -> None:
    x = torch.linspace(-8, 8, 8001, dtype=torch.float64)
    gap = (GELU("tanh")(x) - GELU()(x)).abs().max().item()
    assert 0.0004 < gap < 0.0005


@PATHS
def test_derivatives_are_those_of_the_docstrings(path: str) -> None:
    x = torch.linspace(-6, 6, 49, dtype=torch.float64, requires_grad=True)
    z = x.detach()
    sigma, gate = torch.sigmoid(z), torch.tanh(torch.log1p(z.exp()))
    density, distribution = (torch.from_numpy(f(z.numpy())) for f in (norm.pdf, norm.cdf))
    expected = {
        GELU(): distribution + z * density,
        SiLU(): sigma * (1 + z * (1 - sigma)),
        Mish(): gate + z * sigma * (1 - gate**2),
    }
    for module, derivative in expected.items():
        (gradient,) = torch.autograd.grad(getattr(module, path)(x).sum(), x)
        torch.testing.assert_close(gradient, derivative, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    ("module", "where", "least"),
    [(GELU(), -0.75, -0.17), (SiLU(), -1.28, -0.28), (Mish(), -1.19, -0.31)],
    ids=repr,
)
def test_dips_where_the_docstring_says(module: nn.Module, where: float, least: float) -> None:
    x = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    y = module(x)
    assert x[y.argmin()].item() == pytest.approx(where, abs=0.005)
    assert y.min().item() == pytest.approx(least, abs=0.005)


@MODULES
@PATHS
def test_gradient(module: nn.Module, path: str) -> None:
    x = torch.tensor([-3.0, -0.4, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(getattr(module, path), (x,))
    assert torch.autograd.gradgradcheck(getattr(module, path), (x,))


@MODULES
def test_learns(module: nn.Module, learns_xor: Callable[[nn.Module], None]) -> None:
    learns_xor(module)


def test_refuses_another_approximation() -> None:
    with pytest.raises(ValueError, match="approximate must be 'none' or 'tanh', not 'sigmoid'"):
        GELU("sigmoid")
