"""ELU and SELU equal torch's on both paths, far out too; the SELU keeps mean and variance."""

import math
from collections.abc import Callable

import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.exponential_linear import ELU, SELU, self_normalizing_constants

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
MODULES = pytest.mark.parametrize("module", [ELU(), ELU(0.3), ELU(2.0), SELU()], ids=repr)


@PATHS
@pytest.mark.parametrize("alpha", [1.0, 0.3, 2.0])
def test_elu_equals_torch(
    path: str, alpha: float, extremes: Tensor, same: Callable[..., None]
) -> None:
    def theirs(x: Tensor) -> Tensor:
        return functional.elu(x, alpha)

    same(getattr(ELU(alpha), path), theirs, extremes)


@PATHS
def test_selu_equals_torch(path: str, extremes: Tensor, same: Callable[..., None]) -> None:
    same(getattr(SELU(), path), functional.selu, extremes)


@PATHS
@pytest.mark.parametrize("module", [ELU(), SELU()], ids=repr)
def test_keeps_the_digits_of_a_small_answer(path: str, module: nn.Module) -> None:
    x = torch.tensor([-1e-9, -1e-200], dtype=torch.float64)
    slope = 1 if isinstance(module, ELU) else SELU.scale * SELU.alpha
    torch.testing.assert_close(getattr(module, path)(x), slope * x, rtol=1e-8, atol=0)


@PATHS
def test_derivatives_are_those_of_the_docstrings(path: str) -> None:
    x = torch.linspace(-8, 8, 65, dtype=torch.float64, requires_grad=True)  # 0 is one of them
    for module, scale, alpha in ((ELU(0.3), 1, 0.3), (SELU(), SELU.scale, SELU.alpha)):
        y = getattr(module, path)(x)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        expected = torch.where(x > 0, scale, y + scale * alpha)
        torch.testing.assert_close(gradient, expected, rtol=1e-12, atol=1e-14)


def test_the_constants_are_the_published_ones() -> None:
    assert self_normalizing_constants() == pytest.approx(
        (1.6732632423543772848170429916717, 1.0507009873554804934193349852946), rel=1e-14
    )


@pytest.mark.parametrize(("power", "moment"), [(1, 0.0), (2, 1.0)])
def test_a_standard_normal_keeps_its_mean_and_variance(power: int, moment: float) -> None:
    def integrand(z: float) -> float:
        return SELU()(torch.tensor(z, dtype=torch.float64)).item() ** power * norm.pdf(z)

    total = quad(integrand, -12, 0)[0] + quad(integrand, 0, 12)[0]
    assert total == pytest.approx(moment, abs=1e-8)


@MODULES
@PATHS
def test_gradient(module: nn.Module, path: str) -> None:
    x = torch.tensor([-3.0, -0.4, 0.1, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(getattr(module, path), (x,))


@pytest.mark.parametrize("module", [ELU(), SELU()], ids=repr)
def test_learns(module: nn.Module, learns_xor: Callable[[nn.Module], None]) -> None:
    learns_xor(module)


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.nan, math.inf])
def test_refuses_an_alpha_that_is_not_positive(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"alpha must be positive and finite, not {alpha}"):
        ELU(alpha)


def test_prints_its_options() -> None:
    assert repr(ELU(0.5)) == "ELU(alpha=0.5)"
